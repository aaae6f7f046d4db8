"""The trained ensemble: fluxes with intervals from masked series."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor

from forestflux.core.layers import NOT_FOREST
from forestflux.core.names import FLUXES
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.dissimilarity import describe
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.ensemble.fast.fast_inference import CELLS, FastInference
from forestflux.ensemble.gridded_estimates import put_on_grid
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.masked_dataset import read_forest_cells
from forestflux.models.flux_model import Fluxes
from forestflux.models.network_inputs import one_hot_types
from forestflux.models.network_regressor import CHUNK, NetworkRegressor
from forestflux.models.torch_contexts import one_thread
from forestflux.models.years.response import Response
from forestflux.prepare.masked_series import count_gaps

# Samples that are prepared together, at least.
PART = 1024


class Ensemble:
    """Trained networks with calibrated intervals, a `CalibratedModel`.

    Parameters
    ----------
    members : trained networks
    response : how the fluxes of a place follow what its years do differently; None where
        years are taken to differ like places
    calibration : level and half-widths of the intervals of a cell
    errors : components of the errors, from which those of sums and changes follow
    applicability : what a series is compared with, and the largest index inside
    inputs : unit of each input series, in the order of the networks
    ranges : least and greatest value that each of them can have; None where not known
    metadata : the record of the training
    """

    def __init__(
        self,
        members: Sequence[NetworkRegressor],
        *,
        response: Response | None,
        calibration: Calibration,
        errors: FluxErrors,
        applicability: Applicability,
        inputs: Mapping[str, str],
        ranges: Mapping[str, tuple[float, float] | None],
        metadata: dict[str, Any],
    ) -> None:
        """Keep the members and what is known of them."""
        self.members = list(members)
        self.response = response
        self.calibration = calibration
        self.errors = errors
        self.applicability = applicability
        self.inputs, self.ranges = dict(inputs), dict(ranges)
        self.metadata = metadata
        # Without it each member's own network computes in float32: the reference.
        self.fast_inference: FastInference | None = None

    def predict(self, dataset: xr.Dataset) -> xr.Dataset:
        """Fluxes of a masked dataset: mean over members and calibrated interval.

        Parameters
        ----------
        dataset : the variables (time, y, x) in physical units, NaN = gap; `forest_type`
            (y, x), codes 1-5, 0 no forest; latitude as `lat`, `latitude` or the coordinate
            `y`, degrees north; `time` the first days of the steps of one year. Rows and
            columns may be called `latitude` and `longitude`, and either may be missing:
            towers in a row, or one site

        Returns
        -------
        with the rows and columns of the dataset:

        gpp, reco, nee, gpp_lower, gpp_upper, nee_lower, nee_upper : float32 (y, x), gC
            m-2 yr-1, NaN outside forest and where no series has a value
        gap_fraction : float32 (y, x), share of input values that are missing, NaN outside forest
        dissimilarity : float32 (y, x), NaN outside forest, where gaps leave too little
            to compare and where no training row was of the forest type
        applicable : uint8 (y, x), 1 inside, 0 outside the area of applicability, 255 no
            forest

        Raises
        ------
        InputError : a variable, its unit or a value that it cannot have, the calendar, a
            forest type or a latitude does not fit
        """
        cells = read_forest_cells(dataset, inputs=self.inputs, ranges=self.ranges)
        estimates = self.predict_series(cells.series, cells.lat, cells.types)
        return put_on_grid(estimates, cells, level=self.level)

    def predict_series(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> pd.DataFrame:
        """Fluxes of series that lie on no grid: mean over members and calibrated interval.

        Neither units nor calendar are checked; `predict` checks those of a dataset.

        Parameters
        ----------
        series, lat, forest_type : as in `predict_arrays`

        Returns
        -------
        one row a sample:

        gpp, reco, nee, gpp_lower, gpp_upper, nee_lower, nee_upper : gC m-2 yr-1, NaN where no
            series has a value; the interval is wider where values are missing
        gap_fraction : share of the values that are missing
        dissimilarity : float32, NaN as in `predict`
        applicable : uint8, 1 inside, 0 outside the area of applicability, 255 no forest
        """
        fluxes, dissimilarity = self.estimate_arrays(series, lat, forest_type)
        mean = {name: getattr(fluxes, name).mean(0) for name in FLUXES}
        hidden, share = count_gaps(series)
        bounds = self.interval(
            mean["gpp"],
            mean["nee"],
            forest_type,
            hidden_series=hidden,
            gap_fraction=share,
        )
        seen = hidden < len(self.inputs)
        estimates = pd.DataFrame(mean | bounds)
        estimates.loc[~seen] = np.nan
        index = np.where(seen, dissimilarity, np.nan).astype("float32")
        return estimates.assign(
            gap_fraction=share,
            dissimilarity=index,
            applicable=self.applicable(index, forest_type > 0),
        )

    def accelerate(self, *, device: str, precision: str) -> "Ensemble":
        """The same ensemble whose fluxes `FastInference` computes, within its tolerance.

        Parameters
        ----------
        device, precision : as `forestflux.ensemble.fast.fast_inference.FastInference` has them

        Raises
        ------
        InputError : a GPU is asked for and there is none
        """
        faster = copy(self)
        faster.fast_inference = FastInference(
            self.members, device=device, precision=precision
        )
        return faster

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        """GPP and RECO of each member (member, sample), float64, gC m-2 yr-1.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        fluxes = np.empty((2, len(self.members), len(series)))
        with one_thread():
            for part, prepared, types in self._prepare(series, lat, forest_type):
                fluxes[:, :, part] = self._predict_prepared(prepared, types)
        return Fluxes(*fluxes)

    def dissimilarity_index(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        """How unlike the series are to those of the training, float64 (sample,).

        Parameters
        ----------
        series, lat, forest_type : as in `predict_arrays`
        """
        index = np.empty(len(series))
        with one_thread():
            for part, prepared, types in self._prepare(series, lat, forest_type):
                index[part] = self._compare_prepared(prepared, types)
        return index

    def estimate_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[Fluxes, np.ndarray]:
        """Both `predict_arrays` and `dissimilarity_index`, of series that are prepared once.

        Parameters
        ----------
        series, lat, forest_type : as in `predict_arrays`
        """
        fluxes = np.empty((2, len(self.members), len(series)))
        index = np.empty(len(series))
        with one_thread():
            for part, prepared, types in self._prepare(series, lat, forest_type):
                fluxes[:, :, part] = self._predict_prepared(prepared, types)
                index[part] = self._compare_prepared(prepared, types)
        return Fluxes(*fluxes), index

    def _prepare(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Which samples, their series as the networks read them, their types one-hot."""
        types = torch.from_numpy(one_hot_types(forest_type))
        fast = self.fast_inference
        count = PART if fast is None else max(PART, CELLS[fast.device])
        for start in range(0, len(series), count):
            part = slice(start, start + count)
            # All members share one scale: a part is prepared once for all of them.
            yield part, self.members[0].prepare(series[part], lat[part]), types[part]

    def _compare_prepared(self, prepared: Tensor, types: Tensor) -> np.ndarray:
        """Dissimilarity index (sample,) of prepared series."""
        features = describe(prepared.numpy(), types.numpy())
        return self.applicability.reference.dissimilarity(features)

    def _predict_prepared(self, prepared: Tensor, types: Tensor) -> np.ndarray:
        """GPP and RECO (2, member, sample) of prepared series."""
        if self.fast_inference is not None:
            return self.fast_inference.predict_prepared(prepared, types)
        parts = list(zip(prepared.split(CHUNK), types.split(CHUNK), strict=True))
        members = [
            np.concatenate([member.predict_prepared(*part) for part in parts], axis=1)
            for member in self.members
        ]
        return np.stack(members, axis=1)

    def applicable(self, dissimilarity: np.ndarray, forest: np.ndarray) -> np.ndarray:
        """1 inside the area of applicability, 0 outside, 255 no forest, uint8.

        Parameters
        ----------
        dissimilarity : any shape, as float32 as it is stored, so that both agree
        forest : bool of the same shape
        """
        inside = self.applicability.inside(dissimilarity)
        return np.where(forest, inside, NOT_FOREST).astype("uint8")

    @property
    def level(self) -> float:
        """Nominal coverage of the intervals, 0-1."""
        return self.calibration.level

    def interval(
        self,
        gpp: np.ndarray,
        nee: np.ndarray,
        forest_type: np.ndarray,
        *,
        hidden_series: np.ndarray,
        gap_fraction: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """Bounds around ensemble means, see `Calibration.interval`; what is missing counts."""
        return self.calibration.interval(
            gpp,
            nee,
            forest_type,
            hidden_series=hidden_series,
            gap_fraction=gap_fraction,
        )
