"""Samples: which site-years train, their series, folds and files."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.sample_settings import SampleSettings
from forestflux.jobs.stores.store import write_store
from forestflux.jobs.table_files import write_table_text
from forestflux.jobs.tables import write_table
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.prepare.sample_table import (
    Samples,
    no_series,
    read_samples,
    read_unlabelled,
    write_samples,
)
from forestflux.prepare.site_year_selection import build_samples
from forestflux.prepare.tower_series import TowerSeries, collect_towers
from forestflux.prepare.unlabelled_series import choose_tower_series, draw_tile_series
from forestflux.towers.tower_schemas import SITE_YEARS, SITES
from tests.builders.inputs import VARIABLES
from tests.builders.tower_folders import (
    ODD_NAMES,
    read_towers,
    rename_towers,
    tower_folder,
)


@pytest.fixture
def towers(tmp_path):
    return read_towers(tower_folder(tmp_path / "towers", forest=6, other=2))


def series_of(sites, years=(2003, 2004)):
    """Series whose every value is 100 x tower + year - 2000, to tell them apart.

    Nights are impossibly cold, so that no season and no growth is read into the marks.
    """
    rows = [(i, s, y) for i, s in enumerate(sites["site"]) for y in years]
    table = pd.DataFrame(
        {
            "site": [site for _, site, _ in rows],
            "year": [year for *_, year in rows],
            "lat": [sites["lat"][i] for i, *_ in rows],
        }
    )
    marks = np.array([100 * i + year - 2000 for i, _, year in rows], "float32")
    series = np.tile(marks[:, None, None], (1, 6, STEPS))
    series[:, VARIABLES.index("lst_night")] = -2000.0
    return TowerSeries(table, series, VARIABLES)


def build(towers, series=None, *, holdout=(), seed=5):
    sites, site_years = towers
    return build_samples(
        site_years,
        sites,
        series_of(sites) if series is None else series,
        settings=SampleSettings(),
        holdout=holdout,
        confirmed=(),
        folds_count=3,
        seed=seed,
    )


def test_names_like_numbers_or_nothing_stay_names_in_every_table(tmp_path):
    folder = tower_folder(tmp_path / "towers", forest=6, other=2)
    rename_towers(folder)
    sites, site_years = read_towers(folder)
    SITES.write(sites, tmp_path / "sites.csv")
    SITE_YEARS.write(site_years, tmp_path / "site_years.csv")
    sites = SITES.read_file(tmp_path / "sites.csv")
    assert list(sites["site"]) == sorted(ODD_NAMES)
    again = sites, SITE_YEARS.read_file(tmp_path / "site_years.csv")
    table, samples = build(again, holdout=["007", "null"])
    write_samples(tmp_path / "samples.json", table, samples, no_series(6))
    read = read_samples(tmp_path / "samples.json")
    assert set(read.table["site"]) == set(ODD_NAMES)
    held = read.table[read.table["holdout"]]
    assert set(held["site"]) == {"007", "null"}
    forest = read.table.loc[read.table["forest"], "site"]
    assert set(forest) == set(ODD_NAMES[:6])
    cells = (tmp_path / "samples.csv").read_text().replace("\n", ",").split(",")
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]


def with_rows(towers, **changes):
    """The towers with some cells changed: column = {row: value}."""
    sites, site_years = towers
    site_years = site_years.copy()
    for column, cells in changes.items():
        for row, value in cells.items():
            site_years.loc[row, column] = value
    return sites, site_years


def masked_towers(path, sites, years, rng):
    """Stores as the mask stage writes them for towers."""
    stores = {}
    for year in years:
        shape = (STEPS, len(sites), 1)
        arrays = {
            name: (("time", "y", "x"), rng.random(shape).astype("float32"))
            for name in VARIABLES
        }
        coords = {
            "time": step_starts(year).astype("datetime64[ns]"),
            "site": ("y", sites["site"].to_numpy(object)),
            "lat": ("y", sites["lat"].to_numpy()),
        }
        stores[year] = path / f"{year}.zarr"
        masked = xr.Dataset(arrays, coords=coords, attrs={"variables": list(VARIABLES)})
        if year == years[0]:
            for name in VARIABLES:
                masked[name][:, 1] = np.nan
        write_store(masked, stores[year])
    return stores


def masked_tile(path, *, south, rng):
    """A masked tile of 4 x 5 cells; value of every step is 1000 x |y| + x index."""
    lat = south + 3.5 - np.arange(4)
    value = 1000 * np.abs(lat)[:, None] + np.arange(5)
    values = np.broadcast_to(value, (STEPS, 4, 5)).astype("float32")
    fraction = rng.choice([0.1, 0.5, 0.9], (4, 5)).astype("float32")
    tile = xr.Dataset(
        {
            **{name: (("time", "y", "x"), values) for name in VARIABLES},
            "forest_fraction": (("y", "x"), fraction),
            "forest_type": (("y", "x"), rng.integers(1, 6, (4, 5)).astype("uint8")),
        },
        coords={"y": lat, "x": np.arange(5.0)},
        attrs={"variables": list(VARIABLES)},
    )
    write_store(tile, path)
    return tile


def test_take_by_mask_and_by_position():
    table = pd.DataFrame({"site": list("abcd")})
    samples = Samples(np.arange(4.0).reshape(4, 1, 1), table, ("ndvi",))
    assert len(samples) == 4
    part = samples.take(np.array([False, True, False, True]))
    assert part.table["site"].tolist() == ["b", "d"]
    assert part.series.ravel().tolist() == [1, 3]
    part = samples.take([3, 0, 0])
    assert part.table["site"].tolist() == ["d", "a", "a"]
    assert part.series.ravel().tolist() == [3, 0, 0]
    assert part.table.index.tolist() == [0, 1, 2]
    assert len(samples.take([])) == 0


def test_every_row_has_its_own_series_and_quality_as_weight(towers):
    table, samples = build(towers)
    assert list(table) == SAMPLES.names
    assert table["used"].all()
    assert len(samples) == len(table) == 16
    sites = towers[0]["site"].tolist()
    marks = 100 * table["site"].map(sites.index) + table["year"] - 2000
    np.testing.assert_array_equal(samples.series[:, 2, 7], marks)
    np.testing.assert_array_equal(table["weight"], table["nee_qc"])
    assert table.set_index("site")["forest"].groupby("site").all().sum() == 6


def test_each_cause_drops_its_row_and_says_so(towers):
    sites, site_years = with_rows(
        towers,
        nee_qc={0: 0.49, 1: 0.5, 2: np.nan},
        gpp={3: np.nan, 4: -20.0, 5: 5001.0},
        nee={4: 60.0, 5: -400.0},
        reco={4: 40.0, 5: 4601.0},
    )
    towers = series_of(sites)
    keep = ~((towers.sites["site"] == "F4") & (towers.sites["year"] == 2003)).to_numpy()
    towers = TowerSeries(
        towers.sites[keep].reset_index(drop=True), towers.series[keep], VARIABLES
    )
    table, samples = build((sites, site_years), towers)
    assert table["reason"].tolist() == [
        "nee_qc below 0.5",
        "",
        "nee_qc missing",
        "fluxes missing",
        "gpp outside 0 to 5000 gC m-2 yr-1",
        "gpp outside 0 to 5000 gC m-2 yr-1",
        "",
        "",
        "no predictors that year",
        *[""] * 7,
    ]
    assert (table["used"] == (table["reason"] == "")).all()
    dropped = table[~table["used"]]
    folds = ["fold_site", "fold_cluster", "fold_random"]
    assert (dropped[folds] == -1).all(axis=None)
    assert (table.loc[table["used"], folds] >= 0).all(axis=None)
    assert (dropped["weight"] == 0).all()
    marks = samples.series[:, 0, 0]
    assert 403 not in marks
    assert 404 in marks


def test_holdout_sites_are_used_but_in_no_fold(towers):
    table, samples = build(towers, holdout=["F1", "X0"])
    held = table["site"].isin(["F1", "X0"])
    assert (table["holdout"] == held).all()
    assert table["used"].all()
    assert (table.loc[held, ["fold_site", "fold_random"]] == -1).all(axis=None)
    assert (table.loc[~held, ["fold_site", "fold_random"]] >= 0).all(axis=None)
    assert table[~held].groupby("site")["fold_site"].nunique().eq(1).all()
    assert samples.table["holdout"].sum() == 4


def test_the_same_seed_gives_the_same_folds(towers):
    one, again, other = (build(towers, seed=s)[0] for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert (one["fold_random"] != other["fold_random"]).any()


@pytest.mark.parametrize(
    ("changes", "holdout", "line"),
    [
        (
            {},
            ["XX-Foo", "F1"],
            "towers.holdout: expected sites of sites.csv, found XX-Foo",
        ),
        (
            {"nee_qc": dict.fromkeys(range(16), 0.1)},
            [],
            "expected a forest site-year .* found none .dropped: 16 nee_qc below 0.5",
        ),
        (
            {},
            [f"F{i}" for i in range(6)],
            "outside towers.holdout .* .dropped: nothing",
        ),
    ],
    ids=["unknown holdout", "only low quality", "all held out"],
)
def test_what_cannot_train_stops_with_one_line(towers, changes, holdout, line):
    with pytest.raises(InputError, match=line):
        build(with_rows(towers, **changes), holdout=holdout)


def test_series_come_from_the_stores_and_all_gap_years_are_none(towers, tmp_path):
    sites = towers[0]
    stores = masked_towers(tmp_path, sites, (2003, 2004), np.random.default_rng(0))
    towers = collect_towers(stores)
    assert len(towers.sites) == 15
    assert towers.series.shape == (15, 6, STEPS)
    missing = {(s, y) for s in sites["site"] for y in (2003, 2004)}
    missing -= set(towers.sites[["site", "year"]].itertuples(index=False, name=None))
    assert missing == {("F1", 2003)}
    row = towers.sites.query("site == 'X1' and year == 2004").index[0]
    stored = xr.open_zarr(stores[2004], consolidated=False)
    for index, name in enumerate(VARIABLES):
        np.testing.assert_array_equal(towers.series[row, index], stored[name][:, 7, 0])
    assert towers.sites["lat"][row] == sites["lat"][7]


def test_unlabelled_towers_are_those_without_a_used_label_or_holdout(towers):
    sites, site_years = with_rows(towers, nee_qc={0: 0.1, 2: 0.2})
    sites, site_years = sites, site_years.drop(index=15)  # X1 in 2004
    towers = series_of(sites)
    table, _ = build((sites, site_years), towers, holdout=["F1"])
    unlabelled = choose_tower_series(towers, table, sites)
    assert unlabelled.site.tolist() == ["F0", "X1"]
    assert unlabelled.series[:, 3, 3].tolist() == [3, 704]
    assert unlabelled.forest_type.tolist() == [1, 0]
    assert unlabelled.lat.tolist() == sites["lat"][[0, 7]].tolist()
    assert unlabelled.without(["F0"]).site.tolist() == ["X1"]


def test_unlabelled_cells_are_forest_cells_drawn_by_the_seed(tmp_path):
    rng = np.random.default_rng(4)
    paths = [tmp_path / "a" / "2003.zarr", tmp_path / "b" / "2003.zarr"]
    tiles = [
        masked_tile(p, south=s, rng=rng) for p, s in zip(paths, (40, -30), strict=True)
    ]
    expected = {}  # value: (latitude, type) of each forest cell
    for tile in tiles:
        for y, x in zip(*np.where(tile["forest_fraction"] >= 0.5), strict=True):
            value = float(tile["et"][0, y, x])
            expected[value] = (float(tile["y"][y]), int(tile["forest_type"][y, x]))

    def draw(count, seed=1):
        return draw_tile_series(paths, count=count, min_forest=0.5, seed=seed)

    every = draw(1000)
    found = dict(
        zip(
            every.series[:, 5, 9].tolist(),
            zip(every.lat.tolist(), every.forest_type.tolist(), strict=True),
            strict=True,
        )
    )
    assert found == expected
    some = draw(7)
    assert len(some) == len(set(some.series[:, 0, 0])) == 7
    np.testing.assert_array_equal(some.series, draw(7).series)
    assert set(draw(7, seed=2).series[:, 0, 0]) != set(some.series[:, 0, 0])
    assert len(draw_tile_series(paths, count=5, min_forest=1.0, seed=1)) == 0
    assert len(draw_tile_series([], count=5, min_forest=0.5, seed=1)) == 0


def test_files_give_back_what_was_written(towers, tmp_path):
    changed = with_rows(towers, nee_qc={0: 0.1}, gpp={3: np.nan})
    towers = series_of(changed[0])
    table, samples = build(changed, towers, holdout=["F5"])
    samples.series[0, 0, :5] = np.nan
    unlabelled = choose_tower_series(towers, table, changed[0])
    manifest = tmp_path / "samples/samples.json"
    write_samples(manifest, table, samples, unlabelled, build_key="r")
    again = read_samples(manifest)
    np.testing.assert_array_equal(again.series, samples.series)
    assert again.series.dtype == np.dtype("float32")
    assert again.variables == VARIABLES
    pd.testing.assert_frame_equal(
        again.table, samples.table, rtol=1e-8, check_dtype=False
    )
    series_again = read_unlabelled(manifest)
    for name in ("series", "lat", "forest_type", "site"):
        np.testing.assert_array_equal(
            getattr(series_again, name), getattr(unlabelled, name)
        )
    content = json.loads(manifest.read_text())
    assert content["used"] == 14
    assert content["dropped"] == {"fluxes missing": 1, "nee_qc below 0.5": 1}


def test_a_change_of_labels_alone_changes_the_manifest(towers, tmp_path):
    manifests = []
    for quality in (0.8, 0.9):
        table, samples = build(with_rows(towers, nee_qc={0: quality}))
        none = no_series(len(VARIABLES))
        write_samples(tmp_path / "samples.json", table, samples, none)
        manifests.append(json.loads((tmp_path / "samples.json").read_text()))
    assert manifests[0]["stores"] == manifests[1]["stores"]
    assert manifests[0]["table"] != manifests[1]["table"]
    assert len(read_unlabelled(tmp_path / "samples.json")) == 0


def test_table_and_series_that_do_not_belong_together_stop(towers, tmp_path):
    table, samples = build(towers)
    none = no_series(len(VARIABLES))
    write_samples(tmp_path / "samples.json", table, samples, none)
    lines = (tmp_path / "samples.csv").read_text().splitlines()
    (tmp_path / "samples.csv").write_text("\n".join(lines[:-1]))
    with pytest.raises(InputError, match=r"checksum: expected the table as its job"):
        read_samples(tmp_path / "samples.json")
    write_table(table.iloc[:-1], tmp_path / "samples.csv")
    with pytest.raises(
        InputError, match=r"checksum: expected .*, as samples\.json has it"
    ):
        read_samples(tmp_path / "samples.json")
    cut = [*lines[:-1], lines[-1][:20]]
    for damaged in ("nothing", "\n".join(cut)):
        write_table_text(tmp_path / "samples.csv", damaged)
        line = r"samples\.csv: (site: expected a column|holdout: expected boolean)"
        with pytest.raises(InputError, match=line):
            read_samples(tmp_path / "samples.json")
