"""Whether intervals hold the truth of many simulated planets that differ in what is planted.

Every planet goes through the whole chain, from extraction to the comparison with its truth, on a
coarse grid. What is finished stays in `results/planet-*`: the same command goes on after a kill.
`docs/explanation/planets.md` shows what was found.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
import yaml

from benchmarks.harness import ROOT, Measured, Option, measure_command
from benchmarks.planet_figure import draw_planets
from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.names import FLUXES
from forestflux.evaluation.evaluation_schemas import COVERAGE, RECOVERY
from forestflux.jobs.settings.training_settings import TransferEpochs

FOLDER = ROOT / "results"
ALPHA = 0.05
# What is planted; the first two have no change at all.
PLANTINGS: dict[str, dict[str, float]] = {
    "still": {},
    "still again": {},
    "greening": {"greening_percent_per_decade": 4.0},
    "strong greening": {"greening_percent_per_decade": 10.0},
    "warming": {"warming_k_per_decade": 0.3},
    "unseen CO2": {"co2_percent_per_decade": 3.0},
    "disturbance": {"disturbed_share": 0.05},
    "greening and warming": {
        "greening_percent_per_decade": 4.0,
        "warming_k_per_decade": 0.3,
    },
    "greening and CO2": {
        "greening_percent_per_decade": 4.0,
        "co2_percent_per_decade": 3.0,
    },
    "all of it": {
        "greening_percent_per_decade": 6.0,
        "warming_k_per_decade": 0.2,
        "co2_percent_per_decade": 2.0,
        "disturbed_share": 0.03,
    },
}
NOTHING = {"greening_percent_per_decade": 0.0, "disturbed_share": 0.0}
# Hard as the default planet, or as config/easy-planet.yaml has it.
KINDS = ("easy", "hard")
QUANTITIES = ("total", "change", "slope")
OPTIONS = {
    "planets": Option(20, 1, "simulated planets, one after the other"),
    "resolution_deg": Option(3.0, 6.0, "side of a cell, degree"),
    "epochs": Option(1.0, 0.05, "length of the training, of the default one"),
    "cores": Option(2, 2, "cores of a run"),
    "figure": Option("docs/images/planets.png", "", "where a figure goes, if anywhere"),
}


def measure(
    *, planets: int, resolution_deg: float, epochs: float, cores: int, figure: str
) -> Measured:
    """Run the planets and score what is mapped against their truths."""
    chosen = list(list_planets())[:planets]
    for name, planet in chosen:
        run_planet(
            name, planet, resolution_deg=resolution_deg, epochs=epochs, cores=cores
        )
    coverage = pd.concat(read_coverage(name, planet) for name, planet in chosen)
    globes = pd.concat(read_globe(name, planet) for name, planet in chosen)
    rows = [*average_coverage(coverage), *globes.round(4).to_dict("records")]
    if figure:
        draw_planets(rows, ROOT / figure)
    return Measured(
        rows=rows,
        facts=count_alarms(globes)
        | measure_slopes(globes)
        | {"planets": [name for name, _ in chosen]},
    )


def list_planets() -> Iterator[tuple[str, dict[str, object]]]:
    """Name of the run and what it is: planting, kind, seed; easy and hard ones in turn."""
    for number, (planting, kind) in enumerate(product(PLANTINGS, KINDS), start=1):
        name = f"planet-{number:02d}"
        yield name, {"planting": planting, "kind": kind, "seed": 100 + number}


def run_planet(
    name: str,
    planet: dict[str, object],
    *,
    resolution_deg: float,
    epochs: float,
    cores: int,
) -> None:
    """Run the chain on a planet as far as its comparison with the truth."""
    overlay = FOLDER / f"{name}.yaml"
    overlay.parent.mkdir(exist_ok=True)
    settings = {
        "run": name,
        "seed": planet["seed"],
        "planet": NOTHING | PLANTINGS[str(planet["planting"])],
        "grid": {"resolution_deg": resolution_deg, "tile_cells": 60},
        "samples": {"unlabelled": 500},
        "train": {"members": 1, "epochs": shorten_epochs(epochs)},
        "jobs": {"tiles": 18, "years": 8, "folds": 3, "members": 1},
    }
    if planet["kind"] == "easy":
        easy = yaml.safe_load((ROOT / "config/easy-planet.yaml").read_text())
        settings["planet"] |= {"unseen": easy["planet"]["unseen"]}
    overlay.write_text(yaml.safe_dump(settings))
    target = f"results/{name}/recovery/coverage.csv"
    words = ["snakemake", "--cores", cores, "--configfile", overlay, "--", target]
    measure_command(words, log=FOLDER / f"{name}.log", cwd=ROOT)


def shorten_epochs(share: float) -> dict[str, int]:
    """Epochs of each transfer step, a share of the default ones."""
    return {
        step: max(1, round(share * epochs))
        for step, epochs in TransferEpochs().model_dump().items()
    }


def read_coverage(name: str, planet: dict[str, object]) -> pd.DataFrame:
    """`coverage.csv` of a planet, with its kind."""
    return COVERAGE.read(FOLDER / name).assign(planet=planet["kind"])


def average_coverage(coverage: pd.DataFrame) -> list[dict]:
    """Share of truths inside, mean over planets, by kind of planet, quantity and division."""
    chosen = coverage[coverage["quantity"].isin(QUANTITIES)]
    rows = []
    for key, part in chosen.groupby(["planet", "quantity", "kind"], sort=False):
        shares = part.groupby("variable")["covered"].mean()
        row = dict(zip(("planet", "quantity", "division"), key, strict=True))
        rows.append(
            {"group": "coverage"}
            | row
            | {flux: round(shares[flux], 3) for flux in FLUXES if flux in shares}
        )
    return rows


def read_globe(name: str, planet: dict[str, object]) -> pd.DataFrame:
    """Change and slope of all forest of a planet, with their truths and p."""
    table = REGION_CHANGES.read(FOLDER / name)
    table = table[table["kind"] == "all"].set_index("variable")
    truth = RECOVERY.read(FOLDER / name).set_index("quantity")["truth"]
    series = REGIONS.read(FOLDER / name)
    area = series.loc[series["kind"] == "all", "area"].mean()
    rows = []
    for flux in FLUXES:
        own = table.loc[flux]
        for quantity, true in (
            ("change", truth[f"{flux}_change"]),
            ("slope", truth[f"{flux}_series_slope"] * area * 1e-15),
        ):
            ends = [own[f"{quantity}_{end}"] for end in ("lower", "upper")]
            rows.append(
                {
                    "group": "globe",
                    "run": name,
                    **planet,
                    "flux": flux,
                    "quantity": quantity,
                    "truth": true,
                    "mapped": own[quantity],
                    "lower": ends[0],
                    "upper": ends[1],
                    "p": own[f"{quantity}_p"],
                }
            )
    return pd.DataFrame(rows)


def count_alarms(globes: pd.DataFrame) -> dict[str, float]:
    """Share of planets without change whose global change seems to be one.

    Two years of a planet without change still differ by their weather.
    """
    still = globes[globes["planting"].str.startswith("still")]
    alarms = (still["p"] <= ALPHA).groupby(still["quantity"]).mean()
    return {
        "still_planets": int(still["run"].nunique()),
        **{f"still_{name}_alarms": float(share) for name, share in alarms.items()},
    }


def measure_slopes(globes: pd.DataFrame) -> dict[str, float]:
    """Error of the changes over all planets, and what no information would give.

    `width_of_no_information` is the half-width in which so many of the true changes of the planets
    lie about their mean as an interval is to hold.
    """
    facts = {}
    for (kind, flux), part in globes[globes["quantity"] == "change"].groupby(
        ["kind", "flux"], sort=False
    ):
        true, half = part["truth"], (part["upper"] - part["lower"]) / 2
        name = f"{kind}_{flux}_change"
        facts[f"{name}_rms_error"] = round(
            float(np.sqrt(((part["mapped"] - true) ** 2).mean())), 3
        )
        facts[f"{name}_half_width"] = round(float(half.mean()), 3)
        facts[f"{name}_spread_of_truths"] = round(float(1.645 * true.std(ddof=0)), 3)
    return facts
