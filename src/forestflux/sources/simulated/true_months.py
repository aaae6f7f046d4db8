"""The true months of the simulated planet, which add up to its true year."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from forestflux.core.calendars.months import MONTH_FLUX_UNIT, MONTHS
from forestflux.core.grids.cell_centres import wrap_longitudes
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.land import is_land
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.jobs.stores.chunked import ChunkedDataset, Where, blocks, template_array
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.seasons import true_months
from forestflux.sources.simulated.true_fluxes import BLOCK_CELLS
from forestflux.sources.simulated.vegetation import forest_cells

FLUXES = ("gpp", "reco")


def true_month_year(
    grid: Grid, year: int, *, seed: int, planet: PlanetSettings
) -> ChunkedDataset:
    """True GPP and RECO of each month (month, y, x) of one year, band by band.

    Those of the cell's commonest forest type, or of open land where there is no forest; NaN on
    the sea. The months of a cell add up to `forestflux.sources.simulated.true_fluxes.true_year`.

    Parameters
    ----------
    grid : of the maps
    planet : settings of the planet
    """
    shape = (MONTHS, *grid.shape)
    layers = {
        flux: (
            ("month", "y", "x"),
            template_array(shape, "float32"),
            {
                "units": MONTH_FLUX_UNIT,
                "long_name": f"true {flux.upper()} of the month",
            },
        )
        for flux in FLUXES
    }
    template = xr.Dataset(
        layers,
        coords={
            "month": np.arange(1, MONTHS + 1),
            "y": ("y", grid.latitudes(), {"units": "degrees_north"}),
            "x": ("x", grid.longitudes(), {"units": "degrees_east"}),
        },
        attrs={"year": year},
    )
    return ChunkedDataset(template, true_bands(grid, year, seed=seed, planet=planet))


def band_chunks(grid: Grid) -> dict[str, int]:
    """Length of a chunk: so many rows as are computed at once."""
    return {"y": max(1, min(BLOCK_CELLS // grid.shape[1], grid.shape[0]))}


def true_bands(
    grid: Grid, year: int, *, seed: int, planet: PlanetSettings
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Rows of the grid from the north and their true months."""
    for where in blocks({"y": grid.shape[0]}, band_chunks(grid)):
        rows = grid.latitudes()[where["y"]]
        latitudes = np.repeat(rows, grid.shape[1])
        longitudes = np.tile(wrap_longitudes(grid.longitudes()), len(rows))
        land = np.flatnonzero(is_land(latitudes, longitudes))
        values = {
            flux: np.full((MONTHS, latitudes.size), np.nan, "float32")
            for flux in FLUXES
        }
        if land.size:
            cells, _ = forest_cells(latitudes[land], longitudes[land], seed=seed)
            carbon = carbon_year(cells, year, seed=seed, planet=planet)
            months = true_months(cells, year, carbon=carbon, seed=seed, planet=planet)
            for flux, of_flux in zip(FLUXES, months, strict=True):
                values[flux][:, land] = of_flux.T
        shape = (MONTHS, len(rows), grid.shape[1])
        yield where, {flux: part.reshape(shape) for flux, part in values.items()}
