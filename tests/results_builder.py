"""A made-up results folder that keeps the contracts: smooth plausible values, no science.

For tests of what reads finished results (figures, report); `docs/contracts.md` gives the columns.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from odc.geo.data import ocean_geom

from forestflux.grid import Grid, cell_area
from forestflux.names import FLUX_UNIT, FOREST_TYPES, VARIABLES
from forestflux.store import write_store

YEARS = range(2003, 2019)
MEMBERS = 3
RESOLUTION_DEG = 6.0
LEVEL = {"ENF": 1100, "EBF": 2400, "DNF": 700, "DBF": 1450, "MF": 1300}
SINK = {"ENF": -180, "EBF": -420, "DNF": -90, "DBF": -330, "MF": -260}
# Error of GPP, as a share of the spread between sites, by model and split.
ERROR = {"cnn": 0.50, "extra_trees": 0.54, "gradient_boosting": 0.62, "svr": 0.58}
SPLIT_ERROR = {"site": 1.0, "cluster": 1.15, "random": 0.55, "holdout": 1.1}
# Centres of tower groups: latitude, longitude, forest type, towers.
GROUPS = (
    (45, -72, "DBF", 5),
    (54, -105, "ENF", 6),
    (37, -80, "DBF", 4),
    (44, -121, "ENF", 5),
    (51, 10, "ENF", 6),
    (47, 8, "MF", 5),
    (61, 25, "ENF", 5),
    (-3, -58, "EBF", 4),
    (43, 12, "DBF", 4),
    (62, 129, "DNF", 2),
    (36, 138, "MF", 4),
    (-34, 148, "EBF", 4),
    (4, 103, "EBF", 2),
    (40, -3, "EBF", 3),
    (5, -1, "EBF", 1),
)


def build_results(path: Path, *, seed: int, maps: bool) -> Path:
    """Return `path`, filled as a finished run fills `results/{run}/`.

    Parameters
    ----------
    path : folder of the run, made if it is not there
    seed : the same seed gives the same bytes
    maps : also the maps, the change and the recovery of a run on the simulated planet
    """
    rng = np.random.default_rng(seed)
    samples = build_samples(rng)
    write_table(samples, path / "samples/samples.csv")
    columns = ["site", "lat", "lon", "igbp", "cluster"]
    sites = samples[columns].drop_duplicates("site")
    write_table(sites, path / "towers/sites.csv")
    build_evaluation(path / "evaluate", samples, rng)
    write_table(build_importance(rng), path / "explain/importance.csv")
    if maps:
        build_maps(path, rng)
    return path


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table where its folder may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def build_samples(rng: np.random.Generator) -> pd.DataFrame:
    """Table of `samples/samples.csv`: forest towers, a few of grass, used and dropped years."""
    rows = []
    groups = (*GROUPS, (40, -97, "GRA", 3), (49, 2, "CRO", 3))
    for cluster, (lat, lon, igbp, count) in enumerate(groups):
        for number in range(count):
            level = LEVEL.get(igbp, 900) * rng.normal(1, 0.25)
            sink = SINK.get(igbp, -100) + rng.normal(0, 200)
            site = {
                "site": f"T{cluster:02d}-{number}",
                "igbp": igbp,
                "forest": igbp in FOREST_TYPES,
                "lat": lat + rng.normal(0, 2),
                "lon": lon + rng.normal(0, 3),
                "cluster": cluster,
                "fold_site": int(rng.integers(3)),
                "fold_cluster": cluster % 3,
                "holdout": cluster == 2 and number == 0,
            }
            start = int(rng.integers(2001, 2010))
            for year in range(start, start + int(rng.integers(3, 9))):
                gpp, nee = level + rng.normal(0, 140), sink + rng.normal(0, 120)
                flux = {"gpp": gpp, "reco": gpp + nee, "nee": nee}
                rows.append({**site, "year": year, **flux})
    table = pd.DataFrame(rows)
    table["nee_qc"] = rng.uniform(0.3, 1, len(table)).round(2)
    table["weight"] = table["nee_qc"]
    table["fold_random"] = rng.integers(0, 3, len(table))
    table["used"] = table["nee_qc"] >= 0.5
    table["reason"] = np.where(table["used"], "", "nee_qc below 0.5")
    unused = ~table["used"] | table["holdout"]
    table.loc[unused, ["fold_site", "fold_cluster", "fold_random"]] = -1
    order = (
        "site year igbp forest lat lon cluster gpp reco nee nee_qc weight holdout "
        "fold_site fold_cluster fold_random used reason"
    )
    return table[order.split()]


def build_evaluation(
    folder: Path, samples: pd.DataFrame, rng: np.random.Generator
) -> None:
    """Write the four tables of the stage evaluate."""
    scored = samples[samples["forest"] & samples["used"]]
    parts = []
    for model, error in ERROR.items():
        for split, more in SPLIT_ERROR.items():
            rows = scored[scored["holdout"] == (split == "holdout")]
            parts.append(predict(rows, error * more, rng).assign(model=model, split=split))
    predictions = pd.concat(parts, ignore_index=True)
    order = (
        "model split fold site year igbp gpp_obs gpp_pred reco_pred nee_obs nee_pred "
        "nee_qc gpp_lower gpp_upper nee_lower nee_upper"
    )
    write_table(predictions[order.split()], folder / "predictions.csv")
    groups = predictions.groupby(["model", "split"], sort=False)
    scores, covered = [], []
    for (model, split), group in groups:
        for subset, rows in subsets(group):
            for target in ("gpp", "nee"):
                key = {"model": model, "split": split, "target": target}
                scores.append({**key, "subset": subset, **score(rows, target)})
                covered.append({**key, "subset": subset, **coverage(rows, target)})
    write_table(pd.DataFrame(scores), folder / "scores.csv")
    write_table(pd.DataFrame(covered), folder / "calibration.csv")
    write_table(build_gaps(pd.DataFrame(scores)), folder / "gaps.csv")


def predict(
    rows: pd.DataFrame, error: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Predictions with an error that the years of a site share, and a 90 % interval."""
    codes, names = pd.factorize(rows["site"])
    table = pd.DataFrame({"site": rows["site"], "year": rows["year"]})
    table["fold"], table["igbp"] = rows["fold_site"], rows["igbp"]
    table["nee_qc"] = rows["nee_qc"]
    for target, spread in (("gpp", 650), ("nee", 350)):
        shared = rng.normal(0, spread * error, len(names))[codes]
        shrink = 0.75 * rows[target] + 0.25 * rows[target].mean()
        table[f"{target}_obs"] = rows[target]
        table[f"{target}_pred"] = shrink + shared + rng.normal(0, 80, len(rows))
        half = 1.8 * spread * error
        table[f"{target}_lower"] = table[f"{target}_pred"] - half
        table[f"{target}_upper"] = table[f"{target}_pred"] + half
    table["reco_pred"] = table["gpp_pred"] + table["nee_pred"]
    return table


def subsets(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All rows, and the rows of each forest type that is there."""
    found = [(f"igbp={name}", rows[rows["igbp"] == name]) for name in FOREST_TYPES]
    return [("all", rows), *(part for part in found if len(part[1]))]


def score(rows: pd.DataFrame, target: str) -> dict:
    """One row of `scores.csv` without its key."""
    observed, error = rows[f"{target}_obs"], rows[f"{target}_pred"] - rows[f"{target}_obs"]
    r2 = 1 - (error**2).mean() / observed.var(ddof=0)
    return {
        "n": len(rows),
        "n_sites": rows["site"].nunique(),
        "r2": r2,
        "rmse": np.sqrt((error**2).mean()),
        "mae": error.abs().mean(),
        "bias": error.mean(),
        "r2_site_mean": r2 - 0.03,
    }


def coverage(rows: pd.DataFrame, target: str) -> dict:
    """One row of `calibration.csv` without its key."""
    lower, upper = rows[f"{target}_lower"], rows[f"{target}_upper"]
    return {
        "nominal": 0.9,
        "covered": rows[f"{target}_obs"].between(lower, upper).mean(),
        "n": len(rows),
        "n_sites": rows["site"].nunique(),
        "mean_width": (upper - lower).mean(),
    }


def build_gaps(scores: pd.DataFrame) -> pd.DataFrame:
    """Table of `gaps.csv`: skill falls with the hidden share, the network's least."""
    rows = []
    whole = scores[(scores["split"] == "site") & (scores["subset"] == "all")]
    for row in whole.itertuples():
        loss = 0.25 if row.model == "cnn" else 0.75
        cases = [("none", 0.0, 0.0)]
        cases += [("random", f, 0.5 * f**2) for f in (0.1, 0.3, 0.5, 0.7, 0.9)]
        cases += [("block", f, f**2) for f in (0.1, 0.3, 0.5, 0.7, 0.9)]
        cases += [(v, 1 / 6, 0.04 * (6 - i)) for i, v in enumerate(VARIABLES)]
        for pattern, fraction, drop in cases:
            key = {"model": row.model, "target": row.target, "gap_pattern": pattern}
            skill = {"n": row.n, "r2": row.r2 - loss * drop, "rmse": row.rmse}
            rows.append({**key, "gap_fraction": fraction, **skill})
    return pd.DataFrame(rows)


def build_importance(rng: np.random.Generator) -> pd.DataFrame:
    """Table of `importance.csv`: a summer maximum outside the tropics."""
    rows = []
    for igbp in FOREST_TYPES:
        for order, variable in enumerate(VARIABLES):
            for month in range(1, 13):
                season = 0.5 if igbp == "EBF" else np.exp(-(((month - 7) / 2.5) ** 2))
                gpp = 60 * season * (6 - order) / 6 + rng.uniform(0, 4)
                sd = {"gpp_sd": 0.3 * gpp, "nee_sd": 4.0}
                key = {"igbp": igbp, "variable": variable, "month": month}
                rows.append({**key, "gpp": gpp, "nee": 0.4 * gpp, **sd})
    return pd.DataFrame(rows)


def build_maps(path: Path, rng: np.random.Generator) -> None:
    """Write the maps, the change and the recovery."""
    land = build_land()
    years = {year: build_year(land, year, rng) for year in YEARS}
    for year, dataset in years.items():
        write_store(dataset, path / f"maps/{year}.zarr")
    totals = pd.concat([year_totals(years[year], year) for year in YEARS])
    write_table(totals, path / "change/totals.csv")
    write_table(build_pair(totals), path / "change/pair.csv")
    write_table(build_zonal(years), path / "change/zonal.csv")
    write_store(build_change(years), path / "change/change.zarr")
    write_table(build_recovery(totals, rng), path / "recovery/recovery.csv")


def build_land() -> xr.Dataset:
    """Forest fraction, forest type and cell area of real land, types by latitude."""
    grid = Grid(RESOLUTION_DEG, 30)
    lat, lon = np.meshgrid(grid.latitudes(), grid.longitudes(), indexing="ij")
    land = ~shapely.contains_xy(ocean_geom().geom, lon.ravel(), lat.ravel())
    land = land.reshape(lat.shape) & (lat > -56) & (lat < 75)
    dry = (np.abs(np.abs(lat) - 24) < 7) & (lon > -30) & (lon < 150)
    fraction = np.where(land & ~dry, 0.55 + 0.35 * np.cos(np.radians(4 * lat)), 0)
    north = np.where((lon > 90) & (lon < 170), 3, 1)
    types = np.select([lat > 50, lat > 38, np.abs(lat) > 25], [north, 5, 4], 2)
    area = np.broadcast_to(
        cell_area(grid.latitudes(), RESOLUTION_DEG)[:, None], lat.shape
    )
    dims = ("y", "x")
    return xr.Dataset(
        {
            "forest_fraction": (dims, fraction.astype("float32"), {"units": "1"}),
            "forest_type": (dims, np.where(fraction > 0, types, 0).astype("uint8")),
            "cell_area": (dims, area.astype("float64"), {"units": "m2"}),
        },
        {"y": grid.latitudes(), "x": grid.longitudes()},
    )


def build_year(land: xr.Dataset, year: int, rng: np.random.Generator) -> xr.Dataset:
    """The dataset of `maps/{year}.zarr`."""
    lat, lon = xr.broadcast(land["y"], land["x"])
    forest = land["forest_fraction"] > 0
    weather = 60 * np.sin(np.radians(2 * lon + 40 * year)) + rng.normal(0, 10)
    trend = 6 * (year - 2003) * np.cos(np.radians(lat))
    base = 300 + 2200 * np.cos(np.radians(lat)) ** 2
    member = xr.DataArray(rng.normal(1, 0.06, MEMBERS), dims="member")
    gpp = (member * (base + weather + trend)).where(forest)
    nee = (-0.05 * gpp - 100 - 0.6 * weather + 250 * np.sin(lon / 20)).where(forest)
    reco = gpp + nee
    dataset = land.copy()
    dataset["gpp_member"], dataset["reco_member"] = gpp, reco
    for name, values, half in (("gpp", gpp, 400), ("reco", reco, 350), ("nee", nee, 300)):
        mean = values.mean("member")
        dataset[name] = mean.assign_attrs(units=FLUX_UNIT)
        if name != "reco":
            dataset[f"{name}_lower"], dataset[f"{name}_upper"] = mean - half, mean + half
    dataset["gap_fraction"] = (0.15 + 0.3 * np.abs(np.sin(np.radians(lat)))).where(forest)
    dataset["spatial_ref"] = xr.DataArray(np.int32(0))
    narrow = [name for name in dataset.data_vars if name not in ("cell_area",)]
    for name in narrow:
        if dataset[name].dtype == "float64":
            dataset[name] = dataset[name].astype("float32")
    order = [*dataset["gpp_member"].dims]
    return dataset.transpose(*(d for d in ("member", "y", "x") if d in order))


def strata(dataset: xr.Dataset) -> list[tuple[str, str, xr.DataArray]]:
    """Stratum, kind and its cells."""
    lat, _ = xr.broadcast(dataset["y"], dataset["x"])
    forest = dataset["forest_fraction"] > 0
    found = [("all", "all", forest)]
    for code, name in enumerate(FOREST_TYPES, start=1):
        found.append((name, "type", dataset["forest_type"] == code))
    tropical, boreal = abs(lat) <= 23.5, lat > 50
    found.append(("boreal", "band", forest & boreal))
    found.append(("temperate", "band", forest & ~tropical & ~boreal))
    found.append(("tropical", "band", forest & tropical))
    return found


def year_totals(dataset: xr.Dataset, year: int) -> pd.DataFrame:
    """Rows of `totals.csv` for one year."""
    weight = dataset["cell_area"] * dataset["forest_fraction"]
    rows = []
    for stratum, kind, cells in strata(dataset):
        area = float(weight.where(cells, 0).sum())
        for variable in ("gpp", "reco", "nee"):
            total = float((dataset[variable] * weight).where(cells).sum()) * 1e-15
            sd = 0.05 * abs(total) + 0.02
            row = {"year": year, "stratum": stratum, "kind": kind, "area": area}
            row |= {"variable": variable, "mean": total / area * 1e15, "total": total}
            row |= {"total_lower": total - 1.64 * sd, "total_upper": total + 1.64 * sd}
            rows.append({**row, "total_sd": sd})
    return pd.DataFrame(rows)


def build_pair(totals: pd.DataFrame) -> pd.DataFrame:
    """Table of `pair.csv`."""
    rows = []
    keys = ["stratum", "kind", "variable"]
    for key, group in totals.groupby(keys, sort=False):
        total = group.set_index("year")["total"]
        first, last = total.iloc[0], total.iloc[-1]
        slope = float(np.polyfit(total.index, total, 1)[0])
        half, slope_half = 0.03 * abs(first) + 0.05, 0.4 * abs(slope) + 0.002
        row = dict(zip(keys, key, strict=True))
        row |= {"total_first": first, "total_second": last, "change": last - first}
        row |= {"change_lower": last - first - half, "change_upper": last - first + half}
        row |= {"slope": slope, "slope_lower": slope - slope_half}
        rows.append({**row, "slope_upper": slope + slope_half, "p_value": 0.03})
    return pd.DataFrame(rows)


def build_zonal(years: dict[int, xr.Dataset]) -> pd.DataFrame:
    """Table of `zonal.csv`, rows from north to south."""
    rows = []
    for year, dataset in years.items():
        weight = dataset["cell_area"] * dataset["forest_fraction"]
        for variable in ("gpp", "reco", "nee"):
            total = (dataset[variable] * weight).sum("x")
            mean = (total / weight.sum("x").where(weight.sum("x") > 0)).to_numpy()
            part = {"year": year, "latitude": dataset["y"], "variable": variable}
            rows.append(pd.DataFrame({**part, "mean": mean, "total": total * 1e-15}))
    return pd.concat(rows, ignore_index=True)


def build_change(years: dict[int, xr.Dataset]) -> xr.Dataset:
    """The dataset of `change.zarr`."""
    first, last = years[min(years)], years[max(years)]
    dataset = first[["forest_fraction", "cell_area"]]
    for name in ("gpp", "nee"):
        difference = last[name] - first[name]
        dataset[f"{name}_difference"] = difference
        dataset[f"{name}_difference_sd"] = 25 + 0 * difference
        dataset[f"{name}_slope"] = difference / 15
        dataset[f"{name}_p"] = np.exp(-abs(difference) / 30)
    return dataset


def build_recovery(totals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Table of `recovery.csv`."""
    rows = []
    whole = totals[totals["kind"] == "all"]
    for row in whole.itertuples():
        rows.append((f"{row.variable}_total_{row.year}", "PgC yr-1", row.total))
    for variable in ("gpp", "nee"):
        rows.append((f"{variable}_zonal_rms", "gC m-2 yr-1", 0.0))
        rows.append((f"{variable}_trend", "gC m-2 yr-2", 3.0))
        rows.append((f"{variable}_share_inside_interval", "1", 0.9))
    table = pd.DataFrame(rows, columns=["quantity", "unit", "truth"])
    table["mapped"] = table["truth"] * rng.normal(1, 0.04, len(table)) + 0.02
    table["error"] = table["mapped"] - table["truth"]
    known = table["truth"].where(table["truth"] != 0)
    table["error_percent"] = 100 * table["error"] / known
    return table
