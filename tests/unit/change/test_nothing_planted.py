"""A planet on which nothing changes: chance finds stay below the nominal five percent."""

import numpy as np
import pytest

from forestflux.change.cell_series import CHANGE_LAYERS, compute_flux_layers
from forestflux.change.errors.cell_errors import ChangeErrors
from forestflux.change.trends.significance import step_up_threshold, two_stage_threshold
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.land import is_land
from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.vegetation import forest_cells

YEARS = np.arange(2003, 2019)
STILL = PlanetSettings(greening_percent_per_decade=0.0, disturbed_share=0.0)


def true_series(seed: int, planet: PlanetSettings) -> dict[str, np.ndarray]:
    """True fluxes (year, cell) of the forests of a coarse planet, weather and all."""
    grid = Grid(6.0, 30)
    lat = np.repeat(grid.latitudes(), grid.shape[1])
    lon = np.tile(grid.longitudes(), grid.shape[0])
    land = is_land(lat, lon)
    cells, percent = forest_cells(lat[land], lon[land], seed=seed)
    forest = percent.sum(axis=0) > 5
    years = [carbon_year(cells, int(y), seed=seed, planet=planet) for y in YEARS]
    return {
        flux: np.stack([getattr(year, flux)[forest] for year in years]).astype("f4")
        for flux in TARGET_FLUXES
    }


def layers_of(series: np.ndarray) -> dict[str, np.ndarray]:
    """Layers of cells without errors."""
    none = np.zeros(series.shape[1])
    window = series[-3:].mean(axis=0) - series[:3].mean(axis=0)
    layers = compute_flux_layers(
        series,
        YEARS,
        difference=series[-1] - series[0],
        window=window,
        lengths=(3, 3),
        errors=ChangeErrors(none, none, none, freedom=1),
    )
    return dict(zip(CHANGE_LAYERS, layers, strict=True))


@pytest.fixture(scope="module")
def still() -> dict[str, list[dict[str, np.ndarray]]]:
    """Layers of six planets without greening and disturbance, by flux."""
    worlds = [true_series(seed, STILL) for seed in range(1, 7)]
    return {
        flux: [layers_of(world[flux]) for world in worlds] for flux in TARGET_FLUXES
    }


@pytest.mark.parametrize("flux", TARGET_FLUXES)
@pytest.mark.parametrize("test", ["p", "difference_p", "window_difference_p"])
def test_at_most_five_percent_of_cells_seem_to_change(
    still: dict, flux: str, test: str
) -> None:
    found = np.concatenate([layers[test] for layers in still[flux]])
    assert np.isfinite(found).all()
    assert 0 < (found <= 0.05).mean() <= 0.05


@pytest.mark.parametrize("flux", TARGET_FLUXES)
def test_years_taken_as_independent_would_find_more(still: dict, flux: str) -> None:
    plain = np.concatenate([layers["p_independent"] for layers in still[flux]])
    assert (plain <= 0.05).mean() > 0.06


@pytest.mark.parametrize("flux", TARGET_FLUXES)
def test_with_false_discovery_control_hardly_a_planet_has_any(
    still: dict, flux: str
) -> None:
    for limit in (step_up_threshold, two_stage_threshold):
        shares = [(la["p"] <= limit(la["p"], 0.1)).mean() for la in still[flux]]
        assert np.mean(shares) <= 0.01


def test_a_strong_greening_is_found_and_has_its_sign() -> None:
    planet = PlanetSettings(greening_percent_per_decade=15.0, disturbed_share=0.0)
    layers = layers_of(true_series(1, planet)["gpp"])
    found = layers["p"] <= 0.05
    assert found.mean() > 0.5
    assert (layers["slope"][found] > 0).all()
