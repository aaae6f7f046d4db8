"""Series of the cells of a block, and the layers of change that follow from them."""

from collections.abc import Mapping, Sequence

import numpy as np

from forestflux.change.errors.cell_errors import ChangeErrors
from forestflux.change.map_cells import YearCells
from forestflux.change.trends.interannual import (
    autocorrelation,
    detrended_sd,
    kendall_variance_factor,
    mean_variance,
    year_sd,
)
from forestflux.change.trends.t_tests import combine_freedom, t_test_p
from forestflux.change.trends.theil_sen import (
    MINIMUM_VALUES,
    kendall_p,
    sen_and_kendall,
)
from forestflux.change.year_windows import YearWindow
from forestflux.core.names import TARGET_FLUXES

# Layers of one flux in the change store, without the name of the flux.
CHANGE_LAYERS = (
    "difference",
    "difference_sd",
    "difference_p",
    "window_difference",
    "window_difference_sd",
    "window_difference_p",
    "slope",
    "slope_sd",
    "p",
    "p_independent",
)
# Cells at a time: the arrays of their series then take a few MB each.
CHUNK_CELLS = 65_536


class CellSeries:
    """Ensemble means of cells, filled year by year.

    Attributes
    ----------
    positions : (cell,), positions in the block
    mean : ensemble mean (year, cell) by flux, NaN where a year is not mapped
    """

    def __init__(
        self,
        positions: np.ndarray,
        *,
        years: Sequence[int],
        windows: tuple[YearWindow, YearWindow],
    ) -> None:
        """Series without values yet."""
        self.positions, self.years, self.windows = positions, list(years), windows
        shape = len(self.years), len(positions)
        self.mean = {n: np.full(shape, np.nan, "float32") for n in TARGET_FLUXES}

    def add(self, year: int, cells: YearCells) -> None:
        """Add the fluxes of a year."""
        for name, members in derive_fluxes(*cells.fluxes_at(self.positions)).items():
            self.mean[name][self.years.index(year)] = members.mean(axis=0)

    def layers(
        self, pair: tuple[int, int], errors: Mapping[str, ChangeErrors]
    ) -> dict[str, np.ndarray]:
        """All layers (cell,), float32, by name: `gpp_slope` and so on.

        Parameters
        ----------
        pair : first and second year
        errors : of the changes of each flux
        """
        first, second = (self.years.index(year) for year in pair)
        earlier, later = self.windows
        count = len(self.positions)
        result: dict[str, np.ndarray] = {}
        for flux in TARGET_FLUXES:
            layers = np.empty((len(CHANGE_LAYERS), count), "float32")
            for start in range(0, count, CHUNK_CELLS):
                part = slice(start, start + CHUNK_CELLS)
                layers[:, part] = compute_flux_layers(
                    self.mean[flux][:, part],
                    np.array(self.years),
                    difference=self.mean[flux][second, part]
                    - self.mean[flux][first, part],
                    window=self.window_difference(flux, part),
                    lengths=(len(earlier.years), len(later.years)),
                    errors=errors[flux].select(part),
                )
            result |= {
                f"{flux}_{n}": v for n, v in zip(CHANGE_LAYERS, layers, strict=True)
            }
        return result

    def window_difference(self, flux: str, part: slice) -> np.ndarray | None:
        """Later minus earlier window (cell,); None where a window is missing.

        NaN where a cell is mapped in fewer than half of a window's years.
        """
        if not all(window.years for window in self.windows):
            return None
        means = []
        for window in self.windows:
            inside = np.isin(self.years, window.years)
            values = self.mean[flux][inside, part]
            number = np.isfinite(values).sum(axis=0)
            enough = 2 * number >= len(window.years)
            sums = np.nansum(values, axis=0)
            means.append(sums / np.where(enough, number, np.nan))
        return means[1] - means[0]


def derive_fluxes(gpp: np.ndarray, reco: np.ndarray) -> dict[str, np.ndarray]:
    """GPP and NEE (member, cell) by name."""
    return {"gpp": gpp, "nee": reco - gpp}


def compute_flux_layers(
    series: np.ndarray,
    years: np.ndarray,
    *,
    difference: np.ndarray,
    window: np.ndarray | None,
    lengths: tuple[int, int],
    errors: ChangeErrors,
) -> np.ndarray:
    """The layers of one flux (layer, cell) in the order of `CHANGE_LAYERS`.

    A standard deviation is that of the error. The p of a difference asks whether it is larger
    than its error and the interannual variability of what is compared, two years or two means,
    explain together. The p of a slope is the larger of two: that of the Mann-Kendall test,
    which asks whether it stands out of the variability, and that of its error. A slope needs
    half of the years. Without a series of consecutive years there is neither slope nor
    variability, and no test.

    Parameters
    ----------
    series : ensemble mean (year, cell), NaN where not mapped
    years : (year,)
    difference : (cell,), second minus first year
    window : (cell,), later minus earlier window; None where one is missing
    lengths : years of each window
    errors : of the changes
    """
    enough = max(MINIMUM_VALUES, -(-len(years) // 2))
    n = np.isfinite(series).sum(axis=0)
    unknown = np.full(series.shape[1], np.nan)
    slope, score, variance = unknown, unknown, unknown
    if (np.diff(years) == 1).all():
        slope, score, variance = sen_and_kendall(series, years, minimum=enough)
    rho = autocorrelation(series, years, slope)
    variability = year_sd(detrended_sd(series, years, slope), rho, len(years)) ** 2
    years_known = np.maximum(n - 2, 1)
    layers = [
        *assess_difference(
            difference,
            errors.difference,
            2 * variability,
            freedom=(errors.freedom, years_known),
        )
    ]
    if window is None:
        layers += [unknown] * 3
    else:
        shares = sum(mean_variance(rho, length) for length in lengths)
        layers += assess_difference(
            window,
            errors.window,
            variability * shares,
            freedom=(errors.freedom, years_known),
        )
    dependent = variance * kendall_variance_factor(rho, n)
    slope_sd = np.where(np.isfinite(slope), np.sqrt(errors.slope), np.nan)
    certain = t_test_p(slope, slope_sd, np.asarray(errors.freedom))
    layers += [
        slope,
        slope_sd,
        np.maximum(kendall_p(score, dependent), certain),
        kendall_p(score, variance),
    ]
    return np.stack(layers)


def assess_difference(
    difference: np.ndarray,
    error: np.ndarray,
    variability: np.ndarray,
    *,
    freedom: tuple[int, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The difference, the standard deviation of its error and two-sided p (cell,).

    Parameters
    ----------
    difference : (cell,)
    error : variance of its error (cell,)
    variability : (cell,), variance from interannual variability
    freedom : degrees of freedom of the two variances
    """
    whole = combine_freedom(
        error,
        variability,
        error_freedom=freedom[0],
        variability_freedom=freedom[1],
    )
    p = t_test_p(difference, np.sqrt(error + variability), whole)
    return difference, np.where(np.isnan(difference), np.nan, np.sqrt(error)), p
