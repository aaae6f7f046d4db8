"""Time, memory and disk of the months of a year beside those of the year itself.

Jobs are run as the rules run them. Inference of the year and of its months take turns, on one tile
under several years, so that the start of a job counts for little; a ratio is of one turn. The tile
is then mapped and published once, with the months and without.
"""

import shutil
from pathlib import Path

import numpy as np

from benchmarks.harness import (
    Measured,
    Option,
    Usage,
    compare,
    measure_call,
    measure_command,
    pin_cores,
    scratch_folder,
    script_words,
)
from benchmarks.masked_tiles import (
    MIN_FOREST_FRACTION,
    RESOLUTION_DEG,
    YEAR,
    forest_cells,
    masked_tiles,
)
from benchmarks.trained_model import default_settings, tower_samples, write_model
from forestflux.core.calendars.months import MONTHS
from forestflux.core.grids.grid import Grid
from forestflux.core.layers import REGION_SHARE
from forestflux.ensemble.intervals.month_intervals import MonthCalibration
from forestflux.ensemble.season_folder import save_season
from forestflux.ensemble.trained_season import TrainedSeason
from forestflux.jobs.manifests import JobManifest, manifest_path, write_manifest
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.jobs.settings.map_settings import InferSettings, PublishSettings
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.jobs.stores.store_checks import read_store_manifest
from forestflux.models.seasons.season_training import train_season
from forestflux.prepare.sample_table import Samples
from forestflux.publish.months.month_product import publish_months
from forestflux.publish.published_dataset import ProductSettings
from forestflux.publish.year_product import publish_year
from tests.builders.inputs import UNITS

CORES = 2
AIMS = {
    "inference of the year and its months / of the year, wall time": 1.3,
    "inference of the year and its months / of the year, processor time": 1.3,
}
# Half-widths of a month; files do not depend on what they are.
WIDTHS = tuple(float(10 + month) for month in range(MONTHS))
RECORD = {"build_key": "benchmark", "code": "benchmark"}
OPTIONS = {
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of a tile"),
    "years": Option(6, 1, "times that the tile is inferred in a turn"),
    "members": Option(5, 1, "networks of the ensemble"),
    "runs": Option(3, 1, "turns"),
}


def measure(
    *, tile: str, tile_cells: int, years: int, members: int, runs: int
) -> Measured:
    """Ratios of inference, a row for each job, bytes of a forest cell in each file."""
    pin_cores(CORES)
    (source,) = masked_tiles([tile], tile_cells).values()
    with scratch_folder() as folder:
        jobs = Jobs(folder, tile, tile_cells)
        jobs.write_masks(source, years)
        samples = tower_samples([source])
        write_model(folder / "model", samples, members=members)
        write_season(folder / "model", samples)
        turns = [(jobs.infer(), jobs.infer_seasons()) for _ in range(runs)]
        rows = [
            {"name": name, **usage.numbers()}
            for name, usage in zip(("infer", "infer seasons"), turns[-1], strict=True)
        ]
        rows += [{"name": n, **usage.numbers()} for n, usage in jobs.publish().items()]
        sizes = measure_files(folder / "products")
    cells = forest_cells(source)
    facts = {
        "forest_cells": cells,
        "bytes_per_forest_cell": {n: round(s / cells, 1) for n, s in sizes.items()},
    }
    return Measured(rows=rows, ratios=compare_turns(turns), facts=facts, limits=AIMS)


def compare_turns(turns: list[tuple[Usage, Usage]]) -> list[dict]:
    """What year and months take together, in time and memory, beside the year alone."""
    what = "inference of the year and its months / of the year"
    kinds = {
        "wall time": ("s", [(a.seconds, b.seconds) for a, b in turns], sum),
        "processor time": (
            "s",
            [(a.core_seconds, b.core_seconds) for a, b in turns],
            sum,
        ),
        "most memory": ("MB", [(a.megabytes, b.megabytes) for a, b in turns], max),
    }
    return [
        compare(
            f"{what}, {kind}",
            [together(pair) for pair in pairs],
            [year for year, _ in pairs],
            unit=unit,
            aim=AIMS.get(f"{what}, {kind}"),
        )
        for kind, (unit, pairs, together) in kinds.items()
    ]


class Jobs:
    """The jobs of a tile, that of the year and that of its months; stores lie in one folder."""

    def __init__(self, folder: Path, tile: str, tile_cells: int) -> None:
        """Take the tile, which is mapped as a region of its own."""
        self.folder, self.tile = folder, tile
        self.grid = {
            "resolution_deg": RESOLUTION_DEG,
            "tile_cells": tile_cells,
            "only": [tile],
        }
        self.years: list[int] = []

    def write_masks(self, source: Path, years: int) -> None:
        """The mask store as that of a region, and links to it under the other years."""
        masked = load_store(source)
        share = masked["forest_fraction"].dims, np.ones_like(masked["forest_fraction"])
        first = self.folder / f"mask/{self.tile}/{YEAR}.zarr"
        write_store(masked.assign({REGION_SHARE: share}), first, chunks={"y": 50})
        known = read_store_manifest(first)
        self.years = [YEAR + number for number in range(years)]
        for year in self.years[1:]:
            place = first.with_name(f"{year}.zarr")
            place.symlink_to(first.resolve())
            named = known.model_copy(update={"store": place.name})
            write_manifest(manifest_path(place), named)
        stores = {f"{self.tile}/{year}": known.checksum for year in self.years}
        write_manifest(self.folder / "mask/job.json", JobManifest(stores=stores))

    def infer(self) -> Usage:
        """The rule infer, of all years."""
        settings = InferSettings(min_forest_fraction=MIN_FOREST_FRACTION, device="cpu")
        return self.run(
            "infer",
            places=self.tile,
            years=self.years,
            model=self.folder / "model/model.json",
            upstream=self.folder / "mask/job.json",
            settings={"infer": settings.numbers()},
            runtime=settings.model_dump(mode="json"),
            threads=CORES,
        )

    def infer_seasons(self) -> Usage:
        """The rule infer_seasons, of all years."""
        return self.run(
            "infer_seasons",
            places=self.tile,
            years=self.years,
            season=self.folder / "model/season.json",
            upstream=self.folder / "mask/job.json",
            settings={"min_forest_fraction": MIN_FOREST_FRACTION},
            threads=CORES,
        )

    def publish(self) -> dict[str, Usage]:
        """Map and product of one year, then of its months, by what they took."""
        self.run(
            "departures",
            places=self.tile,
            years=YEAR,
            upstream=self.folder / "mask/job.json",
        )
        inferred, departures = (
            self.folder / name / "job.json" for name in ("infer", "departures")
        )
        self.run(
            "level",
            places=self.tile,
            years=YEAR,
            inferred=inferred,
            departures=departures,
        )
        given = {"years": YEAR, "settings": {"grid": self.grid, "co2": "none"}}
        mapped = self.run(
            "map",
            **given,
            model=self.folder / "model/model.json",
            tiles=inferred,
            departures=departures,
            levels=self.folder / "level/job.json",
        )
        months = self.run(
            "map_months",
            years=YEAR,
            season=self.folder / "model/season.json",
            maps=self.folder / "map/job.json",
            tiles=self.folder / "infer_seasons/job.json",
            settings={"grid": self.grid},
        )
        return {
            "map": mapped,
            "map months": months,
            "publish": measure_call(publish_product, self.folder, self.grid),
            "publish months": measure_call(publish_of_months, self.folder, self.grid),
        }

    def run(self, rule: str, **flags: object) -> Usage:
        """Run a rule anew; its stores go to a folder of its name."""
        shutil.rmtree(self.folder / rule, ignore_errors=True)
        manifest = self.folder / rule / "job.json"
        words = script_words(rule, **flags, code="benchmark", manifest=manifest)
        return measure_command(words, log=self.folder / "log")


def write_season(folder: Path, samples: Samples) -> None:
    """A season network of the default size, trained for a moment on even months."""
    annual = samples.table[["gpp", "reco"]].to_numpy()
    months = np.repeat(annual[:, :, None] / MONTHS, MONTHS, axis=2)
    network = train_season(
        samples,
        months,
        settings=SeasonSettings(epochs=1),
        train=default_settings(members=1),
        seed=1,
    )
    calibration = MonthCalibration(
        0.9, {"gpp": {"all": WIDTHS}, "nee": {"all": WIDTHS}}
    )
    season = TrainedSeason(network, calibration, UNITS)
    save_season(folder, season, samples={}, site_years=len(samples), sites=1)


def product_settings(grid: dict) -> ProductSettings:
    """What the products say of their run."""
    return ProductSettings("benchmark", "simulated", Grid(**grid), PublishSettings())


def publish_product(folder: Path, grid: dict) -> None:
    """All formats of the year."""
    publish_year(
        folder / f"map/{YEAR}.zarr",
        folder / f"products/{YEAR}",
        year=YEAR,
        settings=product_settings(grid),
        record=RECORD,
    )


def publish_of_months(folder: Path, grid: dict) -> None:
    """All formats of its months."""
    publish_months(
        folder / f"map_months/{YEAR}.zarr",
        folder / f"map/{YEAR}.zarr",
        folder / f"products/months/{YEAR}",
        year=YEAR,
        settings=product_settings(grid),
        ilamb=True,
        record=RECORD,
    )


def measure_files(products: Path) -> dict[str, int]:
    """Bytes of the product of the year and of that of the months by kind of file."""
    year, months = products / str(YEAR), products / f"months/{YEAR}"
    patterns = {
        "year, Zarr": (year, "*.zarr"),
        "year, all files": (year, "*"),
        "months, Zarr": (months, "*.zarr"),
        "months, NetCDF": (months, f"*{YEAR}.nc"),
        "months, NetCDF for ILAMB": (months, "*_ilamb.nc"),
        "months, GeoTIFF": (months, "*.tif"),
    }
    return {
        name: sum(map(size_of, folder.glob(pattern)))
        for name, (folder, pattern) in patterns.items()
    }


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
