"""Errors of maps for tests: none unless a component is asked for."""

from collections.abc import Mapping
from pathlib import Path

from forestflux.change.errors.error_model import ErrorModel
from forestflux.core.grids.grid import Grid
from forestflux.core.names import FLUXES, FOREST_TYPES
from forestflux.ensemble.errors.correlogram import LENGTHS_KM, Correlogram
from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.models.years.response import Response

INDEPENDENT = Correlogram((0.0,) * len(LENGTHS_KM))


def make_components(
    *,
    level_sd: float = 0.0,
    type_sd: float = 0.0,
    trend_sd: float = 0.0,
    year_sd: float = 0.0,
    autocorrelation: float = 0.0,
    correlogram: Correlogram = INDEPENDENT,
) -> ErrorComponents:
    """Components of a flux, alike for all forest types, known from very many clusters."""
    return ErrorComponents(
        level_sd=dict.fromkeys(FOREST_TYPES, level_sd),
        type_sd=dict.fromkeys(FOREST_TYPES, type_sd),
        level_correlation=correlogram,
        trend_sd=trend_sd,
        year_sd=year_sd,
        year_correlation=correlogram,
        autocorrelation=autocorrelation,
        clusters=1_000_000,
    )


def make_errors(components: ErrorComponents | None = None) -> FluxErrors:
    """The same components for all fluxes; none where not given."""
    return dict.fromkeys(FLUXES, components or make_components())


def make_error_model(
    grid: Grid,
    *,
    components: ErrorComponents | None = None,
    response: Response | None = None,
    departures: Mapping[str, Path] | None = None,
) -> ErrorModel:
    """Errors of maps on a grid."""
    return ErrorModel(make_errors(components), response, departures or {}, grid)
