"""A made-up finished run that holds all that the explorer reads, on a coarse planet."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.grids.grid import Grid
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.model_folder import save_model
from forestflux.jobs.settings.training_settings import TransferEpochs
from forestflux.jobs.stages import Stores
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.jobs.stores.store_checks import read_store_manifest
from forestflux.models.network_training import train_network
from tests.builders.error_models import make_errors
from tests.builders.finished_results import build_results, some_series
from tests.builders.inputs import RANGES, UNITS, VARIABLES
from tests.builders.map_stores import PAIR, RESOLUTION_DEG
from tests.builders.month_products import make_months
from tests.builders.shared import SharedRuns
from tests.builders.small_training import make_response, make_samples, settings

GRID = Grid(RESOLUTION_DEG, 30)
CALIBRATION = {
    "level": 0.9,
    "half_width": {"gpp": {"all": 400.0}, "nee": {"all": 300.0}},
}


def build_run(
    path: Path, *, seed: int, maps: bool, names: Mapping[str, str] | None = None
) -> Path:
    """Return `path`, filled as a finished run fills `results/{run}/`.

    Parameters
    ----------
    names : other names of some towers
    """
    build_results(path, seed=seed, maps=maps, names=names)
    chosen = settings(epochs=dict.fromkeys(TransferEpochs.model_fields, 1))
    members = [train_network(make_samples(), settings=chosen, seed=n) for n in (1, 2)]
    reference = fit_applicability(members, make_samples(), quantile=None, seed=seed)
    save_model(
        path / "model",
        members,
        response=make_response(len(members)),
        calibration=CALIBRATION,
        errors=make_errors(),
        applicability=reference,
        units=UNITS,
        ranges=RANGES,
        metadata={},
    )
    if maps:
        rng = np.random.default_rng(seed)
        for year in PAIR:
            write_masks(path, rng, year)
            mapped = load_store(path / f"maps/{year}.zarr")
            months = make_months(mapped, GRID, seed=year)
            write_store(months, path / f"month_maps/{year}.zarr")
    return path


def share_run(shared: SharedRuns) -> Path:
    """A run with maps that all tests of a session share; they add pages, each with its name."""
    return shared.make("explored", lambda path: build_run(path, seed=4, maps=True))


def list_stores(folder: Path, names: Iterable[str] | None = None) -> Stores:
    """Stores below a folder, as the manifests of jobs would list them: all, or those named."""
    paths = {
        p.relative_to(folder).with_suffix("").as_posix(): p
        for p in folder.rglob("*.zarr")
    }
    chosen = paths if names is None else [name for name in names if name in paths]
    checksums = {name: read_store_manifest(paths[name]).checksum for name in chosen}
    return Stores(folder, checksums)


def write_masks(path: Path, rng: np.random.Generator, year: int) -> None:
    """The mask stores of one year."""
    for tile in GRID.tiles():
        rows, columns = tile.shape
        series = some_series(rng, rows * columns).reshape(rows, columns, 6, STEPS)
        arrays = {
            name: (("time", "y", "x"), series[:, :, i].transpose(2, 0, 1))
            for i, name in enumerate(VARIABLES)
        }
        coordinates = {
            "time": step_starts(year).astype("datetime64[ns]"),
            "y": tile.latitudes(),
            "x": tile.longitudes(),
        }
        masked = xr.Dataset(arrays, coordinates)
        for name, unit in UNITS.items():
            masked[name].attrs["units"] = unit
        write_store(masked, path / f"mask/{tile.name}/{year}.zarr")
