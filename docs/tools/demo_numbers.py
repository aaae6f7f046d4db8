"""Numbers of a finished demo that pages quote."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.jobs.small_files import read_json
from forestflux.pages.plain_answer import answer_run

PAIR = (2003, 2018)
CANOPY = ["ndvi", "evi"]
RECOVERY = (
    "gpp_total_2003",
    "gpp_total_2018",
    "nee_total_2003",
    "nee_total_2018",
    "gpp_zonal_rms",
    "nee_zonal_rms",
    "gpp_series_slope",
    "gpp_planted_slope",
    "nee_series_slope",
    "gpp_cell_r2",
    "nee_cell_r2",
    "gpp_share_within_interval",
    "gpp_share_within_interval_inside",
    "gpp_share_within_interval_outside",
    "nee_share_within_interval",
    "nee_share_within_interval_inside",
    "nee_share_within_interval_outside",
    "gpp_change",
    "reco_change",
    "nee_change",
    "reco_series_slope",
    "nee_change_cell_r2",
)


def recovery_table(results: Path) -> pd.DataFrame:
    """The rows of `recovery.csv` that pages quote: quantity, unit, truth, mapped."""
    table = pd.read_csv(results / "recovery" / "recovery.csv").set_index("quantity")
    table = table.loc[list(RECOVERY), ["unit", "truth", "mapped"]].reset_index()
    for side in ("truth", "mapped"):
        table[side] = [f"{value:.4g}" for value in table[side]]
    return table


def interval_table(results: Path) -> pd.DataFrame:
    """Interval of the change of all forest by flux: flux, lower, upper, PgC yr-1."""
    pair = pd.read_csv(results / "change" / "pair.csv")
    pair = pair[pair["kind"] == "all"]
    ends = {
        end: [f"{value:.2f}" for value in pair[f"change_{end}"]]
        for end in ("lower", "upper")
    }
    return pd.DataFrame({"flux": pair["variable"].to_numpy(), **ends})


def coverage_table(results: Path) -> pd.DataFrame:
    """Share of true values inside their interval: quantity, kind, variable, covered."""
    table = pd.read_csv(results / "recovery" / "coverage.csv")
    columns = ["quantity", "kind", "variable", "n", "covered"]
    return table[columns].round(3)


def answer(results: Path) -> dict[str, list[dict[str, str]]]:
    """What the demo says, in the words of its report."""
    names = (
        *("evaluate/interannual", "change/regions", "change/region_changes"),
        *("recovery/recovery", "recovery/coverage"),
    )
    tables = {Path(name).name: results / f"{name}.csv" for name in names}
    members = len(read_json(results / "model/model.json")["members"])
    statements = answer_run(tables, members=members, simulated=True, mapped_years=())
    return {"statements": [{"lead": one.lead, "text": one.text} for one in statements]}


def facts(results: Path) -> dict[str, float]:
    """What the demo's jobs cost."""
    jobs = [
        pd.read_csv(file, sep="\t").iloc[0]
        for file in sorted((results / "benchmarks").glob("*.tsv"))
    ]
    # Elapsed, because processor time is sampled twice a minute and a short job ends in between.
    seconds = sum(float(job["s"]) for job in jobs)
    return {
        "job_minutes": round(seconds / 60, 1),
        "largest_mb": round(max(float(job["max_rss"]) for job in jobs)),
    }


def driver_table(results: Path) -> pd.DataFrame:
    """Planted and found drivers of the change of the pair: quantity, planted, found."""
    truth = {year: open_store(results / f"truth/{year}.zarr") for year in PAIR}
    drivers = open_store(results / "drivers/drivers.zarr")
    change = open_store(results / "change/change.zarr")
    before, after = (truth[year].disturbed.values > 0 for year in PAIR)
    forest = np.isfinite(drivers.gpp_effect.values[0])
    struck, calm = after & ~before & forest, ~after & forest
    area = (change.cell_area * change.forest_fraction).values

    def total(values: np.ndarray, cells: np.ndarray) -> float:
        return float(np.nansum((values * area)[cells])) * 1e-15

    def mean(values: np.ndarray, cells: np.ndarray) -> float:
        return float(np.average(values[cells], weights=area[cells]))

    def effect(flux: str, names: list[str] | None = None) -> np.ndarray:
        effects = drivers[f"{flux}_effect"]
        chosen = effects if names is None else effects.sel(driver=names)
        return chosen.sum("driver").values

    def true_change(flux: str) -> np.ndarray:
        first, second = (truth[year][flux].values for year in PAIR)
        return second - first

    recovery = pd.read_csv(results / "recovery/recovery.csv").set_index("quantity")
    planted = truth[PAIR[1]].planted_slope.values * (PAIR[1] - PAIR[0])
    names = list(drivers.driver.values)
    canopy_codes = [names.index(name) + 1 for name in CANOPY]
    canopy_first = np.isin(drivers.nee_driver.values, canopy_codes)
    table = pd.read_csv(results / "drivers/drivers.csv")
    whole = table[(table["kind"] == "all") & (table["flux"] == "nee")]
    whole = whole.set_index("driver")["effect"]
    return pd.DataFrame(
        [
            (
                "gpp_change",
                *(f"{recovery.loc['gpp_change', s]:.2f}" for s in ("truth", "mapped")),
            ),
            (
                "nee_change",
                *(f"{recovery.loc['nee_change', s]:.2f}" for s in ("truth", "mapped")),
            ),
            (
                "greening_canopy",
                f"{total(planted, forest):.2f}",
                f"{total(effect('gpp', CANOPY), calm):.2f}",
            ),
            (
                "greening_canopy_et",
                f"{total(planted, forest):.2f}",
                f"{total(effect('gpp', [*CANOPY, 'et']), calm):.2f}",
            ),
            *(
                (
                    f"struck_{flux}_{kind}",
                    f"{mean(true_change(flux), struck):.0f}",
                    f"{mean(effect(flux, chosen), struck):.0f}",
                )
                for flux in ("gpp", "nee")
                for kind, chosen in (("all", None), ("canopy", CANOPY))
            ),
            (
                "calm_gpp_canopy",
                "",
                f"{mean(effect('gpp', CANOPY), calm):.0f}",
            ),
            (
                "struck_canopy_first_percent",
                "",
                f"{100 * canopy_first[struck].mean():.0f}",
            ),
            ("nee_canopy", "", f"{whole['ndvi'] + whole['evi']:.2f}"),
        ],
        columns=["quantity", "planted", "found"],
    )


def open_store(path: Path) -> xr.Dataset:
    """A store of the run."""
    return xr.open_zarr(path, consolidated=False)
