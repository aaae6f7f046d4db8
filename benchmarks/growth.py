"""Growth of time and memory of infer and map with cells, members and tiles.

Each number is a job of its own, run as the rule runs it: mask stores to infer stores, and all
of them, with the departures and the level of that one year, to one map. Cells beyond one year of
the globe come from the same tiles under other years. Exponents are slopes of log time or log
memory against log size. All tiles with land are made first, which takes an hour.
"""

import math
import shutil
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    fit_exponent,
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
    land_cells,
    masked_tiles,
)
from benchmarks.trained_model import tower_samples, write_model
from forestflux.jobs.manifests import JobManifest, manifest_path, write_manifest
from forestflux.jobs.settings.map_settings import InferSettings
from forestflux.jobs.stores.store_checks import read_store_manifest

mpl.use("Agg")

CORES = 2
LIMITS = {"megabytes": 1500}
OPTIONS = {
    "tile_cells": Option(400, 40, "rows and columns of a tile"),
    "only": Option(("",), ("r55c65", "r55c66"), "tiles; none for every tile with land"),
    "cells": Option((10**4, 10**5, 10**6, 10**7), (100, 1000), "numbers of cells"),
    "members": Option((1, 2, 5, 10, 20), (1,), "numbers of members"),
    "tiles": Option((10, 100), (1,), "numbers of tiles"),
    "figure": Option("docs/images/growth.png", "", "where a figure goes, if anywhere"),
}


def measure(
    *,
    tile_cells: int,
    only: tuple[str, ...],
    cells: tuple[int, ...],
    members: tuple[int, ...],
    tiles: tuple[int, ...],
    figure: str,
) -> Measured:
    """All rows: against cells, members and tiles, and the map."""
    cores = pin_cores(CORES)
    stores = masked_tiles([name for name in only if name], tile_cells)
    counts = {tile: forest_cells(path) for tile, path in stores.items()}
    land = sum(land_cells(path) for path in stores.values())
    with scratch_folder() as folder:
        jobs = Jobs(folder, stores, counts, tile_cells)
        jobs.link_years(math.ceil(max(cells) / sum(counts.values())))
        jobs.write_models(sorted({*members, jobs.usual_members(members)}))
        rows = jobs.rows(cells, members, tiles)
    exponents = {
        f"{value} against {size}": exponent(rows, size, value)
        for size in ("cells", "members")
        for value in ("seconds", "megabytes")
    }
    facts = {"cores": cores, "land_cells": land, "exponents": exponents}
    if figure:
        draw(rows, exponents, ROOT / figure)
    return Measured(rows=rows, facts=facts, limits=LIMITS)


class Jobs:
    """Jobs of infer, departures, level and map over some tiles, years and members."""

    def __init__(
        self,
        folder: Path,
        stores: dict[str, Path],
        counts: dict[str, int],
        tile_cells: int,
    ) -> None:
        """Take the mask stores and the forest cells of each tile."""
        self.folder, self.stores, self.counts = folder, stores, counts
        self.tile_cells = tile_cells
        self.order = sorted(counts, key=counts.get)
        self.usual = 0

    def usual_members(self, members: tuple[int, ...]) -> int:
        """Members of the model where something else varies: 5, if that is measured."""
        self.usual = 5 if 5 in members else max(members)
        return self.usual

    def link_years(self, count: int) -> None:
        """The mask stores of one year under several years, as links."""
        for tile, path in self.stores.items():
            for year in range(YEAR, YEAR + count):
                place = self.folder / f"mask/{tile}/{year}.zarr"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path.resolve())
                known = read_store_manifest(path)
                named = known.model_copy(update={"store": place.name})
                write_manifest(manifest_path(place), named)

    def write_models(self, members: list[int]) -> None:
        """A model of each number of members, trained on cells of the richest tile."""
        samples = tower_samples([self.stores[self.order[-1]]])
        for count in members:
            write_model(self.folder / f"model{count}", samples, members=count)

    def rows(
        self, cells: tuple[int, ...], members: tuple[int, ...], tiles: tuple[int, ...]
    ) -> list[dict]:
        """Rows of all groups."""
        rows = [self.infer("cells", *self.tiles_with(wanted)) for wanted in cells]
        middle = min(self.order, key=lambda name: abs(self.counts[name] - 10**5))
        rows += [self.infer("members", [middle], [YEAR], count) for count in members]
        rows += [self.infer("tiles", self.order[-n:], [YEAR]) for n in tiles]
        rows.append(self.infer("globe", self.order, [YEAR]))
        return [*rows, self.departures(), self.level(), self.map_globe()]

    def tiles_with(self, wanted: int) -> tuple[list[str], list[int]]:
        """Tiles and years that have about so many cells together."""
        total = sum(self.counts.values())
        if wanted >= total:
            return self.order, [YEAR + k for k in range(math.ceil(wanted / total))]
        near = [name for name in self.order if 0 < self.counts[name] <= wanted]
        near = near or self.order[:1]
        count = max(1, round(wanted / max(1, self.counts[near[-1]])))
        return near[-count:], [YEAR]

    def infer(
        self, group: str, tiles: list[str], years: list[int], members: int = 0
    ) -> dict:
        """Run rule infer on some tiles and years."""
        members = members or self.usual
        checksums = {
            f"{tile}/{year}": read_store_manifest(self.stores[tile]).checksum
            for tile in tiles
            for year in years
        }
        write_manifest(self.folder / "mask/job.json", JobManifest(stores=checksums))
        shutil.rmtree(self.folder / "infer", ignore_errors=True)
        settings = InferSettings(min_forest_fraction=MIN_FOREST_FRACTION, device="cpu")
        words = script_words(
            "infer",
            places=tiles,
            years=years,
            model=self.folder / f"model{members}/model.json",
            upstream=self.folder / "mask/job.json",
            settings={"infer": settings.numbers()},
            runtime=settings.model_dump(mode="json"),
            threads=CORES,
            code="benchmark",
            manifest=self.folder / "infer/job.json",
        )
        usage = measure_command(words, log=self.folder / "log")
        return {
            "group": group,
            "cells": len(years) * sum(self.counts[name] for name in tiles),
            "members": members,
            "tiles": len(tiles),
            "stores": len(checksums),
            **usage.numbers(),
        }

    def departures(self) -> dict:
        """Run rule departures on one year of all tiles."""
        return self.measure_globe(
            "departures",
            places=self.order,
            years=YEAR,
            upstream=self.folder / "mask/job.json",
        )

    def level(self) -> dict:
        """Run rule level on what was inferred last."""
        return self.measure_globe(
            "level",
            places=self.order,
            years=YEAR,
            inferred=self.folder / "infer/job.json",
            departures=self.folder / "departures/job.json",
        )

    def map_globe(self) -> dict:
        """Run rule map on what was inferred last."""
        return self.measure_globe(
            "map",
            folder="maps",
            years=YEAR,
            model=self.folder / f"model{self.usual}/model.json",
            tiles=self.folder / "infer/job.json",
            departures=self.folder / "departures/job.json",
            levels=self.folder / "level/job.json",
            settings={
                "grid": {
                    "resolution_deg": RESOLUTION_DEG,
                    "tile_cells": self.tile_cells,
                    "only": self.order,
                }
            },
        )

    def measure_globe(self, rule: str, *, folder: str = "", **flags: object) -> dict:
        """Run a rule once on all tiles; its stores go to a folder of its name if not given."""
        words = script_words(
            rule,
            **flags,
            code="benchmark",
            manifest=self.folder / (folder or rule) / "job.json",
        )
        usage = measure_command(words, log=self.folder / "log")
        return {
            "group": rule,
            "cells": sum(self.counts.values()),
            "members": self.usual,
            "tiles": len(self.order),
            **usage.numbers(),
        }


def exponent(rows: list[dict], size: str, value: str) -> float | None:
    """Slope of log value against log size in the group of that size; none from one row."""
    group = [row for row in rows if row["group"] == size]
    return fit_exponent([row[size] for row in group], [row[value] for row in group])


def draw(rows: list[dict], exponents: dict[str, float | None], path: Path) -> None:
    """Time and memory against cells and members."""
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5), constrained_layout=True)
    for column, size in enumerate(("cells", "members")):
        group = [row for row in rows if row["group"] == size]
        for axis, value in zip(axes[:, column], ("seconds", "megabytes"), strict=True):
            axis.loglog(
                [row[size] for row in group], [row[value] for row in group], "o-"
            )
            slope = exponents[f"{value} against {size}"]
            title = f"exponent {slope:.2f}" if slope is not None else ""
            axis.set(xlabel=size, ylabel=value, title=title)
    for axis in axes[1]:
        axis.axhline(LIMITS["megabytes"], color="0.5", linestyle="--", linewidth=1)
        axis.set_ylim(100, 2 * LIMITS["megabytes"])
    figure.savefig(path, dpi=150)
