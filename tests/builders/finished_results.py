"""A made-up results folder that keeps the contracts: smooth values, no science.

For tests of what reads finished results (figures, report); the columns are those of
`docs/reference/stores.md`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.climates import climate_of
from forestflux.core.names import FOREST_TYPES
from forestflux.evaluation.evaluation_schemas import INTERANNUAL, PREDICTIONS, SCORES
from forestflux.evaluation.scores import bootstrap_scores
from forestflux.evaluation.site_bootstrap import draw_sites
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.tables import write_table
from forestflux.pages.headline_numbers import headline_numbers
from forestflux.prepare.sample_table import Samples, no_series, write_samples
from tests.builders.finished_months import build_months, build_region_months
from tests.builders.inputs import VARIABLES
from tests.builders.map_stores import MEMBERS, YEARS, build_maps
from tests.builders.model_records import build_model_record

LEVEL = {"ENF": 1100, "EBF": 2400, "DNF": 700, "DBF": 1450, "MF": 1300}
SINK = {"ENF": -180, "EBF": -420, "DNF": -90, "DBF": -330, "MF": -260}
# Error of GPP, as a share of the spread between sites, by model and split.
ERROR = {"cnn": 0.50, "extra_trees": 0.54, "gradient_boosting": 0.62, "svr": 0.58}
SPLIT_ERROR = {"site": 1.0, "cluster": 1.15, "random": 0.55, "holdout": 1.1}
# Series that a network reads.
SERIES = (*VARIABLES, "radiation")
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


def build_results(
    path: Path,
    *,
    seed: int,
    maps: bool,
    map_years: Iterable[int] = YEARS,
    members: int = MEMBERS,
    names: Mapping[str, str] | None = None,
) -> Path:
    """Return `path`, filled as a finished run fills `results/{run}/`.

    Parameters
    ----------
    path : folder of the run, made if it is not there
    seed : the same seed gives the same bytes
    maps : also the maps, the change and the recovery of a run on the simulated planet
    map_years : years whose map is written; the tables have them all
    members : of the ensemble; tables of one have no spread
    names : other names of some towers
    """
    rng = np.random.default_rng(seed)
    samples = build_samples(rng)
    samples["site"] = samples["site"].replace(dict(names or {}))
    used = samples[samples["used"]].reset_index(drop=True)
    values = some_series(np.random.default_rng(seed), len(used))
    series = Samples(values, used, VARIABLES)
    write_samples(
        path / "samples/samples.json",
        samples,
        series,
        no_series(len(VARIABLES)),
    )
    columns = ["site", "lat", "lon", "igbp", "cluster"]
    sites = samples[columns].drop_duplicates("site")
    write_table(sites, path / "towers/sites.csv")
    write_table(build_left_out(), path / "towers/left_out.csv")
    build_evaluation(path / "evaluate", samples, rng)
    build_months(path / "months", samples, maps=maps)
    explained = {
        "importance": build_importance(rng),
        "attributions": build_attributions(rng),
        "activations": build_activations(),
    }
    for name, table in explained.items():
        if members == 1:
            table.loc[:, [c for c in table if c.endswith("_sd")]] = np.nan
        write_table(table, path / f"explain/{name}.csv")
    write_table(build_sanity(), path / "explain/sanity.csv")
    write_manifest(path / "model/model.json", build_model_record())
    if maps:
        build_maps(path, rng, map_years, members=members)
        build_region_months(path)
    pair = (YEARS[0], YEARS[-1]) if maps else None
    write_table(
        headline_numbers(headline_tables(path), pair=pair), path / "headline.csv"
    )
    return path


def headline_tables(path: Path) -> dict[str, Path]:
    """Tables of a finished run that have its headline numbers, by the name of the file."""
    names = ["evaluate/scores", "evaluate/calibration", "change/totals", "change/pair"]
    return {name.split("/")[1]: path / f"{name}.csv" for name in names}


def some_series(rng: np.random.Generator, count: int) -> np.ndarray:
    """Seasonal series (count, variable, step) in the range of each variable, with gaps."""
    wave = -np.cos(2 * np.pi * np.arange(STEPS) / STEPS)
    series = rng.normal(0.5, 0.05, (count, len(VARIABLES), STEPS)) + 0.2 * wave
    series[:, 3:5] = 285 + 20 * (series[:, 3:5] - 0.5)
    series[rng.random(series.shape) < 0.15] = np.nan
    return series.astype("float32")


def build_left_out() -> pd.DataFrame:
    """Table of `towers/left_out.csv`: one site whole, two years of another, one file."""
    rows = [
        (
            "XX-Bad",
            None,
            "a/XX-Bad.zip",
            "XX-Bad.zip: XX-Bad: zip: expected a whole one",
        ),
        ("T00-0", 2001, "a/T00-0.zip", "40% of the year present, below 98%"),
        ("T00-0", 2012, "a/T00-0.zip", "40% of the year present, below 98%"),
        (None, None, "a/other.zip", "the name is of no FLUXNET product"),
    ]
    table = pd.DataFrame(rows, columns=["site", "year", "file", "reason"])
    return table.astype({"year": "Int64"})


def build_samples(rng: np.random.Generator) -> pd.DataFrame:
    """Table of `samples/samples.csv`: towers of forest and others, used and dropped."""
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
    """Write the tables of the stage evaluate; differences between models are left out."""
    scored = samples[samples["forest"] & samples["used"]]
    parts = []
    for model, error in ERROR.items():
        for split, more in SPLIT_ERROR.items():
            rows = scored[scored["holdout"] == (split == "holdout")]
            parts.append(
                predict(rows, error * more, rng).assign(model=model, split=split)
            )
    predictions = pd.concat(parts, ignore_index=True)
    write_table(predictions[PREDICTIONS.names], folder / "predictions.csv")
    groups = predictions.groupby(["model", "split"], sort=False)
    scores, covered = [], []
    for (model, split), group in groups:
        for subset, rows in subsets(group):
            for target in ("gpp", "nee"):
                key = {"model": model, "split": split, "target": target}
                scores.append({**key, "subset": subset, **score(rows, target)})
                covered.append({**key, "subset": subset, **coverage(rows, target)})
    write_table(pd.DataFrame(scores)[SCORES.names], folder / "scores.csv")
    write_table(pd.DataFrame(covered), folder / "calibration.csv")
    write_table(build_gaps(pd.DataFrame(scores)), folder / "gaps.csv")
    write_table(build_interannual(pd.DataFrame(scores)), folder / "interannual.csv")


def predict(rows: pd.DataFrame, error: float, rng: np.random.Generator) -> pd.DataFrame:
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
    table["dissimilarity"] = rng.uniform(0.05, 0.6, len(names))[codes]
    inside = table["dissimilarity"] <= 0.5
    table["applicable"] = np.where(inside, "inside", "outside")
    table["reco_pred"] = table["gpp_pred"] + table["nee_pred"]
    table["climate"] = climate_of(rows["lat"])
    return table


def subsets(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All rows, the rows of each forest type and of either applicability that are there."""
    found = [(f"igbp={name}", rows[rows["igbp"] == name]) for name in FOREST_TYPES]
    for side in ("inside", "outside"):
        found.append((f"applicable={side}", rows[rows["applicable"] == side]))
    return [("all", rows), *(part for part in found if len(part[1]))]


def score(rows: pd.DataFrame, target: str) -> dict:
    """One row of `scores.csv` without its key."""
    observed, error = (
        rows[f"{target}_obs"],
        rows[f"{target}_pred"] - rows[f"{target}_obs"],
    )
    r2 = 1 - (error**2).mean() / observed.var(ddof=0)
    return {
        "n": len(rows),
        "n_sites": rows["site"].nunique(),
        "r2": r2,
        "rmse": np.sqrt((error**2).mean()),
        "mae": error.abs().mean(),
        "bias": error.mean(),
        "r2_site_mean": r2 - 0.03,
        **bootstrap_scores(
            draw_sites(rows["site"].to_numpy(str), seed=1),
            observed.to_numpy(),
            rows[f"{target}_pred"].to_numpy(),
        ),
    }


def coverage(rows: pd.DataFrame, target: str) -> dict:
    """One row of `calibration.csv` without its key."""
    lower, upper = rows[f"{target}_lower"], rows[f"{target}_upper"]
    inside = rows[f"{target}_obs"].between(lower, upper)
    return {
        "nominal": 0.9,
        "covered": inside.mean(),
        "covered_lower": max(inside.mean() - 0.06, 0),
        "covered_upper": min(inside.mean() + 0.04, 1),
        "covered_site_mean": inside.groupby(rows["site"]).mean().mean(),
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
        cases += [("block", m / 12, (m / 12) ** 2) for m in (1, 2, 3, 4)]
        cases += [("borrowed", 0.3, 0.1)]
        cases += [(v, 1 / 6, 0.04 * (6 - i)) for i, v in enumerate(VARIABLES)]
        for pattern, fraction, drop in cases:
            key = {"model": row.model, "target": row.target, "gap_pattern": pattern}
            skill = {"n": row.n, "n_sites": row.n_sites, "rmse": row.rmse}
            lost = loss * drop
            skill |= {"r2": row.r2 - lost, "r2_lost": lost}
            skill |= {"r2_lost_lower": 0.6 * lost, "r2_lost_upper": 1.5 * lost}
            rows.append({**key, "gap_fraction": fraction, **skill})
    return pd.DataFrame(rows)


def build_interannual(scores: pd.DataFrame) -> pd.DataFrame:
    """Table of `interannual.csv`: only what is learnt within sites beats the constant."""
    skill = {"constant": 0.0, "between": -0.2, "scaled": 0.02}
    skill |= {"response": 0.12, "scaled_response": 0.13}
    rows = []
    types = scores["subset"].eq("all") | scores["subset"].str.startswith("igbp=")
    for row in scores[types & scores["split"].ne("random")].itertuples():
        for form, r2 in skill.items():
            if row.model != "cnn" and form in ("constant", "response"):
                continue
            still = form == "constant"
            slope, half = np.nan if still else 0.5 + 2 * r2, 0.0 if still else 0.08
            sd = 130.0 if row.target == "gpp" else 110.0
            key = {"model": row.model, "form": form, "split": row.split}
            key |= {"target": row.target, "subset": row.subset}
            key |= {"n": row.n, "n_sites": row.n_sites}
            key |= {"r2": r2, "r2_lower": r2 - half, "r2_upper": r2 + half}
            key |= {"slope": slope, "slope_lower": slope - half}
            key |= {"slope_upper": slope + half, "sd_observed": sd}
            key |= {"sd_predicted": 0.0 if still else 0.4 * sd}
            key |= {"trend_sites": row.n_sites // 2, "halves_r2": r2 / 2}
            key["trend_sign_share"] = np.nan if still else 0.5 + r2
            key["trend_r"] = np.nan if still else 2 * r2
            rows.append(key)
    return pd.DataFrame(rows)[INTERANNUAL.names]


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


def build_attributions(rng: np.random.Generator) -> pd.DataFrame:
    """Table of `attributions.csv`: every second series lowers GPP in summer."""
    rows = []
    for igbp in FOREST_TYPES:
        for order, variable in enumerate(SERIES):
            for month in range(1, 13):
                season = 0.5 if igbp == "EBF" else np.exp(-(((month - 7) / 2.5) ** 2))
                gpp = (-1) ** order * 30 * season + rng.normal(0, 2)
                key = {"igbp": igbp, "variable": variable, "month": month}
                key |= {"gpp": gpp, "nee": -0.4 * gpp, "gpp_sd": 4.0, "nee_sd": 4.0}
                rows.append({**key, "gpp_size": abs(gpp), "nee_size": 0.4 * abs(gpp)})
    return pd.DataFrame(rows)


def build_sanity() -> pd.DataFrame:
    """Table of `sanity.csv`: one check of each status."""
    rows = [
        ("members_agree", "occlusion", "gpp", 0.7, 0.1, 0.3, 1.0, "pass"),
        ("random_weights", "attribution", "nee", 0.6, 0.1, -1.0, 0.5, "fail"),
        ("methods_agree", "both", "gpp", None, None, 0.3, 1.0, "not applicable"),
        ("deletion", "occlusion", "gpp", 1.8, 0.2, 1.0, np.inf, "pass"),
    ]
    columns = "check method flux value sd low high status"
    return pd.DataFrame(rows, columns=columns.split())


def build_activations() -> pd.DataFrame:
    """Table of `activations.csv`: each pattern has its own time of the year."""
    rows = []
    patterns = (*SERIES, "variables 1", "joint 1", "variables 2", "joint 2")
    for igbp in FOREST_TYPES:
        for place, pattern in enumerate(patterns):
            for month in range(1, 13):
                wave = 1 + np.cos(2 * np.pi * (month / 12 - place / len(patterns)))
                row = {"igbp": igbp, "pattern": pattern, "month": month}
                rows.append({**row, "activation": 0.3 * wave, "activation_sd": 0.05})
    return pd.DataFrame(rows)
