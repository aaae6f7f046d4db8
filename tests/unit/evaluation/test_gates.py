"""Gates: a clean map passes all, and each kind of damage fails its own gate."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.core.grids.grid import Grid, cell_area, ellipsoid_area
from forestflux.core.input_errors import InputError
from forestflux.evaluation.gates.gate_rows import make_row
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.evaluation.gates.run_gates import run_gates, summarise_gates
from forestflux.evaluation.gates.truth_gates import gate_truth
from forestflux.jobs.settings.gate_settings import GateSettings
from forestflux.jobs.stores.store import write_store

SETTINGS = GateSettings()
GRID = Grid(2.0, 30)
MEMBERS = 2
GPP, NEE = 54.0, -3.5  # PgC yr-1


def smooth(rng, size):
    """A random field that is smooth and goes around the globe, standard deviation 1."""
    noise = np.fft.rfft2(rng.normal(size=size))
    rows, columns = np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1])
    distance = np.hypot(rows[:, None], columns)
    distance[0, 0] = np.inf
    field = np.fft.irfft2(noise / distance**1.5, size)
    return field / field.std()


def globe(year=2003, *, seed=1, grid=GRID):
    """A map of smooth random fluxes with the forest area and the totals of the Earth."""
    rng = np.random.default_rng(seed)
    lat = grid.latitudes()[:, None] * np.ones(grid.shape)
    area = cell_area(grid.latitudes(), grid.resolution_deg)[:, None] * np.ones(
        grid.shape
    )
    forest = np.abs(lat) < 66
    fraction = np.where(forest, 0.2 + 0.02 * smooth(rng, grid.shape), 0)
    fraction *= 3.8e13 / (fraction * area).sum()
    weight = fraction * area / 3.8e13

    def flux(mean, spread):
        field = spread * smooth(rng, grid.shape)
        values = mean / 3.8e-2 + field - (field * weight).sum()
        return np.where(forest, values, np.nan).astype("float32")

    gpp, nee = flux(GPP, 150), flux(NEE, 40)
    reco = gpp + nee
    spread = np.array([-1, 1], "float32")[:, None, None]
    layers = {
        "gpp": gpp,
        "reco": reco,
        "nee": reco - gpp,
        "gpp_lower": gpp - 300,
        "gpp_upper": gpp + 300,
        "nee_lower": nee - 200,
        "nee_upper": nee + 200,
        "gpp_member": gpp + 10 * spread,
        "reco_member": reco + 20 * spread,
        "forest_fraction": fraction.astype("float32"),
        "gap_fraction": np.where(forest, 0.2, 0).astype("float32"),
        "forest_type": np.where(forest, 1 + np.arange(grid.shape[1]) % 5, 0).astype(
            "uint8"
        ),
        "applicable": np.where(forest, 1, 255).astype("uint8"),
        "cell_area": area,
    }
    dims = {2: ("y", "x"), 3: ("member", "y", "x")}
    return xr.Dataset(
        {name: (dims[values.ndim], values) for name, values in layers.items()},
        {"y": grid.latitudes(), "x": grid.longitudes()},
        {"year": year},
    )


def judge(folder, *maps, grid=GRID, settings=None, chunks=None, **options):
    """The table of the gates of one or more maps."""
    paths = {}
    for dataset in maps:
        year = dataset.attrs["year"]
        paths[year] = folder / f"{year}.zarr"
        write_store(dataset.copy(), paths[year], chunks=chunks)
    options = {"simulated": "recovery" in options} | options
    return run_gates(
        paths, grid, settings=settings or SETTINGS, min_forest_fraction=0.01, **options
    )


def failed(table):
    """Names of the gates that failed."""
    return set(table.loc[table["status"] == "fail", "gate"])


def test_a_clean_map_passes_every_gate(tmp_path):
    table = judge(tmp_path, globe(2003), globe(2004))
    assert list(table.columns) == list(GATES.names)
    assert set(table["status"]) == {"pass"}, table[table["status"] != "pass"]
    assert summarise_gates(table)["failed"] == []


def scaled(name, factor):
    def change(m):
        m[name][:] = m[name] * factor

    return change


def one_cell(name, value, *, where=(20, 40)):
    def change(m):
        m[name][(..., *where)] = value

    return change


def no_closure(m):
    m["nee"][:] = m["nee"] + 0.1


def members_of_another_run(m):
    m["gpp_member"][:] = m["gpp_member"] + 1


def nan_in_one_member(m):
    m["reco_member"][1, 20, 40] = np.nan


def high_fluxes(m):
    for name in ("gpp", "reco", "gpp_member", "reco_member", "gpp_lower", "gpp_upper"):
        m[name][..., 40, ::5] = m[name][..., 40, ::5] + 4000


def flipped_sign(m):
    m["nee"][:] = -m["nee"]


def swapped_bounds(m):
    lower = m["nee_lower"].copy()
    m["nee_lower"][:] = m["nee_upper"]
    m["nee_upper"][:] = lower


def tile_offset(m):
    for name in ("gpp", "gpp_lower", "gpp_upper", "gpp_member"):
        m[name][..., 30:60, 30:60] = m[name][..., 30:60, 30:60] + 120
    m["nee"][:] = m["reco"] - m["gpp"]
    m["nee_lower"][:], m["nee_upper"][:] = m["nee"] - 200, m["nee"] + 200


def doubled_nee(m):
    ramp = xr.DataArray(
        np.linspace(-100, 100, m.sizes["x"]).astype("float32"), dims="x"
    )
    for name in ("reco", "nee", "nee_lower", "nee_upper", "reco_member"):
        m[name][:] = m[name] + ramp
    m["nee"][:] = m["reco"] - m["gpp"]


def outside_everywhere(m):
    m["applicable"][:] = xr.where(m["applicable"] == 1, 0, 255).astype("uint8")


DAMAGE = {
    "no closure": (no_closure, {"closure"}),
    "members of another run": (members_of_another_run, {"closure"}),
    "fluxes too high": (high_fluxes, {"range"}),
    "forest fraction of 1.2": (one_cell("forest_fraction", 1.2), {"range"}),
    "a forest type of 6": (one_cell("forest_type", 6), {"range"}),
    "bounds swapped": (swapped_bounds, {"interval"}),
    "an interval without its mean": (one_cell("gpp_lower", 9000), {"interval"}),
    "a hole in NEE": (one_cell("nee", np.nan), {"finite", "closure", "interval"}),
    "a hole in one member": (nan_in_one_member, {"finite", "closure", "total"}),
    "a flux at the pole": (one_cell("reco", 5.0, where=(0, 9)), {"finite"}),
    "an offset of one tile": (tile_offset, {"seam"}),
    "a ramp that does not close": (doubled_nee, {"seam"}),
    "areas of a sphere": (scaled("cell_area", 1.002), {"area"}),
    "half of the forest": (scaled("forest_fraction", 0.5), {"area", "total"}),
    "sign of NEE": (flipped_sign, {"closure", "interval"}),
    "nothing applicable": (outside_everywhere, {"applicability"}),
    "gaps everywhere": (
        lambda m: one_cell("gap_fraction", 1.0, where=(slice(12, 78), slice(None)))(m),
        {"gaps"},
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_fails_its_own_gate_and_no_other(tmp_path, name):
    change, gates = DAMAGE[name]
    damaged = globe()
    change(damaged)
    table = judge(tmp_path, damaged)
    assert failed(table) == gates, table[table["status"] == "fail"].to_string()
    lines = summarise_gates(table)["failed"]
    assert len(lines) == (table["status"] == "fail").sum()
    assert all(line.startswith("gate ") and "\n" not in line for line in lines)


def test_a_seam_is_found_where_it_is(tmp_path):
    damaged = globe()
    doubled_nee(damaged)
    table = (
        judge(tmp_path, damaged).set_index(["gate", "cells", "quantity"]).sort_index()
    )
    status = table.loc["seam", "status"]
    assert status["tile borders"].tolist() == ["pass", "pass"]
    assert status["worst tile edge"].tolist() == ["pass", "pass"]
    assert status["180 degrees", "jump of NEE across / beside"] == "fail"


@pytest.mark.slow
def test_chance_makes_no_seams(tmp_path):
    """Noise alone fails no gate of seams between tiles."""
    seams = 0
    for seed in range(40):
        table = judge(tmp_path, globe(seed=seed))
        seams += "seam" in failed(table)
    assert seams <= 1


def test_a_sink_that_is_too_strong_is_a_known_bias_within_its_range(tmp_path):
    for factor, status in ((1.0, "pass"), (3.0, "known bias"), (6.0, "fail")):
        strong = globe()
        for name in ("reco", "reco_member"):
            strong[name][:] = strong[name] + (factor - 1) * strong["nee"]
        strong["nee"][:] = strong["reco"] - strong["gpp"]
        strong["nee_lower"][:] = strong["nee"] - 200
        strong["nee_upper"][:] = strong["nee"] + 200
        table = judge(tmp_path, strong)
        nee = table[(table["gate"] == "total") & (table["quantity"] == "NEE")]
        assert nee["status"].item() == status
        assert -3.6 * factor < nee["found"].item() < -3.4 * factor
        assert failed(table) == ({"total"} if status == "fail" else set())


def test_a_jump_of_the_totals_from_year_to_year_fails(tmp_path):
    later = globe(2004)
    for name in ("gpp", "reco", "gpp_member", "reco_member"):
        later[name][:] = later[name] + 0.07 * GPP / 3.8e-2
    for side, half in (("lower", -300), ("upper", 300)):
        later[f"gpp_{side}"][:] = later["gpp"] + half
    later["nee"][:] = later["reco"] - later["gpp"]
    table = judge(tmp_path, globe(2003), later)
    assert failed(table) == {"jump"}
    jump = table[(table["gate"] == "jump") & (table["status"] == "fail")]
    assert jump["year"].item() == 2004
    assert jump["found"].item() == pytest.approx(7 / 1.035, rel=0.02)


def test_bounds_of_the_globe_are_not_applied_to_a_part_of_it(tmp_path):
    grid, maps = Grid(2.0, 30, ("r01c00", "r01c01", "r01c02", "r01c03")), []
    for year in (2003, 2004):
        window = grid.window
        maps.append(globe(year).isel(y=window.rows, x=window.columns))
    table = judge(tmp_path, *maps, grid=grid)
    assert failed(table) == set()
    skipped = table[table["status"] == "not applicable"]
    whole = skipped[skipped["gate"] != "seam"]
    assert set(whole["gate"]) == {"area", "total", "jump"}
    assert whole["reference"].str.startswith("not all tiles of the globe").all()
    assert whole["found"].isna().all()


@pytest.mark.parametrize(
    ("only", "status"),
    [
        (("r01c00", "r01c05"), "fail"),
        (("r01c02", "r01c03"), "not applicable"),
    ],
)
def test_a_seam_at_180_degrees_is_sought_where_a_map_crosses_it(tmp_path, only, status):
    grid, mapped = Grid(2.0, 30, only), globe()
    for name in ("gpp", "reco", "gpp_member", "reco_member", "gpp_lower", "gpp_upper"):
        mapped[name][..., :90] = mapped[name][..., :90] + 900
    turned = mapped.roll(x=-grid.window.columns.start, roll_coords=False)
    part = turned.isel(y=grid.window.rows, x=slice(0, grid.shape[1]))
    part = part.assign_coords(x=grid.longitudes())
    table = judge(tmp_path, part, grid=grid)
    row = table[
        (table["cells"] == "180 degrees") & table["quantity"].str.contains("GPP")
    ]
    assert row["status"].item() == status


def test_a_year_that_is_not_mapped_has_no_jump(tmp_path):
    table = judge(tmp_path, globe(2003), globe(2005), globe(2006))
    assert table.loc[table["gate"] == "jump", "year"].tolist() == [2006, 2006]


def test_the_simulated_planet_is_judged_by_its_truth(tmp_path):
    names = ["forest_area", "gpp_total_2003", "nee_total_2003"]
    recovery = pd.DataFrame({"quantity": names, "error_percent": [1, 9, -36]})
    table = judge(tmp_path, globe(), recovery=recovery).set_index("gate")
    truth = table.loc["truth"].set_index("quantity")["status"]
    assert truth["error of the total of GPP"] == "pass"
    assert truth["error of the total of NEE"] == "fail"
    assert set(table.loc["total", "status"]) == {"not applicable"}


def test_bounds_of_the_whole_planet_are_not_those_of_a_region():
    names = ["forest_area", "gpp_total_2003", "nee_total_2003"]
    recovery = pd.DataFrame({"quantity": names, "error_percent": [50, 90, -360]})
    rows = gate_truth(recovery, [2003], SETTINGS.truth, part="a region")
    assert {row["status"] for row in rows} == {"not applicable"}


def test_intervals_that_do_not_hold_the_truth_fail(tmp_path):
    keys = itertools.product(
        ("total", "change", "slope"), ("type", "country"), ("gpp", "reco", "nee")
    )
    coverage = pd.DataFrame(keys, columns=["quantity", "kind", "variable"])
    # Of a hundred countries half hold, of five types all: 55 of 105.
    missed = (coverage["quantity"] == "change") & (coverage["variable"] == "nee")
    country = coverage["kind"] == "country"
    coverage = coverage.assign(
        n=np.where(country, 100, 5), covered=np.where(missed & country, 0.5, 1.0)
    )
    table = judge(tmp_path, globe(), coverage=coverage)
    rows = table[table["gate"] == "coverage"].set_index("quantity")
    name = "strata whose interval of the change of NEE holds"
    assert rows.loc[name, "status"] == "fail"
    assert rows.loc[name, "found"] == pytest.approx(55 / 105)
    slopes = rows.index.str.contains("slope")
    assert (rows.loc[slopes, "status"] == "not applicable").all()
    assert (rows.loc[~slopes].drop(name)["status"] == "pass").all()


@pytest.mark.parametrize("chunks", [{"member": 1, "y": 30}, {"y": 7, "x": 50}])
def test_blocks_change_nothing(tmp_path, chunks):
    damaged = globe()
    high_fluxes(damaged)
    whole = judge(tmp_path, damaged)
    parts = judge(tmp_path, damaged, chunks=chunks)
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-9)


def test_what_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InputError, match="nee_lower: expected a variable of"):
        judge(tmp_path, globe().drop_vars("nee_lower"))
    judge(tmp_path, globe())
    chunk = tmp_path / "2003.zarr/reco_member/c/0/0/0"
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    paths = {2003: tmp_path / "2003.zarr"}
    options = {"min_forest_fraction": 0.05, "simulated": False}
    with pytest.raises(InputError, match="reco_member: expected readable chunks"):
        run_gates(paths, GRID, settings=SETTINGS, **options)
    chunk.unlink()
    with pytest.raises(InputError, match="reco_member: expected 1 chunks, found 0"):
        run_gates(paths, GRID, settings=SETTINGS, **options)


def test_a_found_nan_never_passes_and_bounds_may_be_open():
    assert make_row("jump", "q", "1", (-np.inf, np.inf), np.nan)["status"] == "fail"
    assert make_row("jump", "q", "1", (1, np.inf), 5)["status"] == "pass"
    known = make_row("jump", "q", "1", (0, 1), 1.5, known=(1, 2))
    assert known["status"] == "known bias"


def test_settings_of_a_gate_are_its_bounds(tmp_path):
    settings = SETTINGS.model_copy(update={"gpp_total": (60, 70)})
    assert failed(judge(tmp_path, globe(), settings=settings)) == {"total"}


@pytest.mark.parametrize("grid", [Grid(1.0, 60), Grid(0.05, 400)])
def test_cells_sum_to_the_ellipsoid(grid):
    rows = cell_area(grid.latitudes(), grid.resolution_deg) * grid.shape[1]
    assert rows.sum() == pytest.approx(ellipsoid_area(), rel=1e-9)
    assert ellipsoid_area() == pytest.approx(5.10065621724e14, rel=1e-9)
