"""Series of the cells of a block, and the layers of change that follow from them."""

from collections.abc import Sequence

import numpy as np

from forestflux.change.map_cells import YearCells
from forestflux.change.trends.interannual import (
    autocorrelation,
    combine_freedom,
    detrended_sd,
    kendall_variance_factor,
    mean_variance,
    t_test_p,
    year_sd,
)
from forestflux.change.trends.member_spread import member_sd
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
    "p",
    "p_independent",
)
# Cells at a time: the arrays of their series then take a few MB each.
CHUNK_CELLS = 65_536


class CellSeries:
    """Annual means of cells and members' sums over the windows, filled year by year.

    Attributes
    ----------
    places : (cell,), positions in the block
    mean : ensemble mean (year, cell) by flux, NaN where a year is not mapped
    window : sums over mapped years (window, member, cell) by flux
    """

    def __init__(
        self,
        places: np.ndarray,
        *,
        years: Sequence[int],
        windows: tuple[YearWindow, YearWindow],
    ) -> None:
        """Series without values yet."""
        self.places, self.years, self.windows = places, list(years), windows
        shape = len(self.years), len(places)
        self.mean = {n: np.full(shape, np.nan, "float32") for n in TARGET_FLUXES}
        self.window: dict[str, np.ndarray] = {}

    def add(self, year: int, cells: YearCells) -> None:
        """Add the fluxes of a year."""
        for name, members in derive_fluxes(*cells.fluxes_at(self.places)).items():
            self.mean[name][self.years.index(year)] = members.mean(axis=0)
            for position, window in enumerate(self.windows):
                if year in window.years:
                    sums = self.window.setdefault(
                        name, np.zeros((2, *members.shape), "float32")
                    )
                    sums[position] += np.nan_to_num(members)

    def layers(
        self,
        first: tuple[np.ndarray, np.ndarray],
        second: tuple[np.ndarray, np.ndarray],
    ) -> dict[str, np.ndarray]:
        """All layers (cell,), float32, by name: `gpp_slope` and so on.

        Parameters
        ----------
        first, second : GPP and RECO (member, cell) of the two years of the pair
        """
        before, after = derive_fluxes(*first), derive_fluxes(*second)
        earlier, later = self.windows
        count = len(self.places)
        result: dict[str, np.ndarray] = {}
        for flux in TARGET_FLUXES:
            layers = np.empty((len(CHANGE_LAYERS), count), "float32")
            for start in range(0, count, CHUNK_CELLS):
                part = slice(start, start + CHUNK_CELLS)
                layers[:, part] = compute_flux_layers(
                    self.mean[flux][:, part],
                    np.array(self.years),
                    difference=after[flux][:, part] - before[flux][:, part],
                    window=self.window_difference(flux, part),
                    lengths=(len(earlier.years), len(later.years)),
                )
            result |= {
                f"{flux}_{n}": v for n, v in zip(CHANGE_LAYERS, layers, strict=True)
            }
        return result

    def window_difference(self, flux: str, part: slice) -> np.ndarray | None:
        """Later minus earlier window (member, cell); None where a window is missing.

        NaN where a cell is mapped in fewer than half of a window's years.
        """
        if not all(window.years for window in self.windows):
            return None
        means = []
        for window, sums in zip(self.windows, self.window[flux], strict=True):
            inside = np.isin(self.years, window.years)
            number = np.isfinite(self.mean[flux][inside, part]).sum(axis=0)
            enough = 2 * number >= len(window.years)
            means.append(sums[:, part] / np.where(enough, number, np.nan))
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
) -> np.ndarray:
    """The layers of one flux (layer, cell) in the order of `CHANGE_LAYERS`.

    The variance of a difference is the members' variance of that difference, paired,
    plus the interannual variability of what is compared: two years, or two means. A
    slope needs half of the years. Without a series of consecutive years there is
    neither slope nor variability, and no test.

    Parameters
    ----------
    series : ensemble mean (year, cell), NaN where not mapped
    years : (year,)
    difference : (member, cell), second minus first year
    window : (member, cell), later minus earlier window; None where one is missing
    lengths : years of each window
    """
    enough = max(MINIMUM_VALUES, -(-len(years) // 2))
    n = np.isfinite(series).sum(axis=0)
    unknown = np.full(series.shape[1], np.nan)
    slope, score, variance = unknown, unknown, unknown
    if (np.diff(years) == 1).all():
        slope, score, variance = sen_and_kendall(series, years, minimum=enough)
    rho = autocorrelation(series, years, slope)
    variability = year_sd(detrended_sd(series, years, slope), rho, len(years)) ** 2
    layers = [*assess_difference(difference, 2 * variability, n)]
    if window is None:
        layers += [unknown] * 3
    else:
        shares = sum(mean_variance(rho, length) for length in lengths)
        layers += assess_difference(window, variability * shares, n)
    dependent = variance * kendall_variance_factor(rho, n)
    layers += [slope, kendall_p(score, dependent), kendall_p(score, variance)]
    return np.stack(layers)


def assess_difference(
    difference: np.ndarray, variability: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean difference, its standard deviation and two-sided p (cell,).

    Parameters
    ----------
    difference : (member, cell)
    variability : (cell,), variance from interannual variability
    n : (cell,), years from which that is known
    """
    members = member_sd(difference, axis=0).astype(float) ** 2
    freedom = combine_freedom(
        members,
        variability,
        member_freedom=len(difference) - 1,
        variability_freedom=np.maximum(n - 2, 1),
    )
    mean, sd = difference.mean(axis=0), np.sqrt(members + variability)
    return mean, sd, t_test_p(mean, sd, freedom)
