"""Training of the network: transfer steps, gaps in training, one seed one result."""

import hashlib
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from forestflux.core.errors import InputError
from forestflux.core.names import FLUXES
from forestflux.models.augmentation import disturb, hide_mixed
from forestflux.models.class_weights import balanced_weights
from forestflux.models.distillation import mix
from forestflux.models.flux_model import Fluxes
from forestflux.models.flux_network import FluxNetwork, one_thread, row_names, seeded
from forestflux.models.network_inputs import Normalisation, season, type_one_hot
from forestflux.models.optimisation import optimise
from forestflux.prepare.sample_table import Samples, UnlabelledSeries

# The transfer steps in their order; each is a switch and has its own length and rate.
TRANSFER_STEPS = (
    "masked_pretraining",
    "all_biomes",
    "distillation",
    "forest",
    "class_weights",
)
# Samples that go through the network at once: their activations stay in the cache.
CHUNK = 256
NETWORK_KEYS = (
    *("channels", "blocks", "kernel", "filters", "pooled_steps"),
    *("gap_handling", "gap_channel", "forest_type", "encoded", "hidden", "dropout"),
)


class Batch(NamedTuple):
    """Rows ready for the network: series and targets in standard deviations."""

    series: Tensor
    types: Tensor
    target: Tensor
    weight: Tensor

    def take(self, rows: Tensor) -> "Batch":
        """These rows."""
        return Batch(*(part[rows] for part in self))


def member_seed(seed: int, split: str, fold: int, member: int) -> int:
    """Seed of one member of one fold, the same on every machine."""
    text = f"{seed}/{split}/{fold}/{member}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


class NetworkEstimator:
    """The convolutional network as an `Estimator`.

    Parameters
    ----------
    settings : section `train` of the configuration, complete (`docs/reference/configuration.md`)
    """

    def __init__(self, settings: dict) -> None:
        """Keep the settings; nothing is learnt yet."""
        self.settings = settings

    def fit(
        self, samples: Samples, *, seed: int, unlabelled: UnlabelledSeries | None = None
    ) -> "NetworkEstimator":
        """Learn from these samples; the same seed gives the same weights bit for bit.

        Parameters
        ----------
        samples : all biomes; rows whose `forest` is false serve the step `all_biomes`
            only
        seed : of initial weights, order, dropout and gaps
        unlabelled : series for the step `reconstruct`; the samples' own series where
            there are none

        Raises
        ------
        InputError : no forest among the samples
        """
        forest = torch.tensor(samples.table["forest"].to_numpy(bool))
        if not forest.any():
            raise InputError(
                "samples", variable="forest", expected="some forest", found="none"
            )
        self.variables = tuple(samples.variables)
        series = self._season(samples.series, samples.table["lat"].to_numpy(float))
        self.normalisation = Normalisation.of(series, self._series())
        fluxes = samples.table.loc[forest.numpy(), list(FLUXES)].to_numpy(float)
        self.flux_scale = Normalisation.of(fluxes, FLUXES)
        data = self._rows(samples)
        with one_thread(), seeded(seed):
            rng = np.random.default_rng(seed)
            self.network = self._build()
            steps = self.settings["steps"]
            if steps["masked_pretraining"]:
                self._reconstruct(self._series_to_restore(series, unlabelled), rng)
            if steps["all_biomes"]:
                self._learn("all_biomes", data, rng)
            if steps["distillation"]:
                mixtures = mix(samples, self.settings["distillation"], rng=rng)
                self._learn("distillation", self._rows(mixtures), rng)
            if steps["forest"]:
                self._learn("forest", data.take(forest), rng)
            if steps["class_weights"]:
                even = balanced_weights(samples.table)
                weighted = data._replace(weight=data.weight * even)
                self._learn("class_weights", weighted.take(forest), rng)
        self.network.eval()
        return self

    def predict(self, samples: Samples) -> Fluxes:
        """Fluxes of each sample, gC m-2 yr-1; GPP and RECO are never negative."""
        ready = self.prepare(samples.series, samples.table["lat"].to_numpy(float))
        types = torch.from_numpy(type_one_hot(samples.table["igbp"]))
        chunks = zip(ready.split(CHUNK), types.split(CHUNK), strict=True)
        with one_thread():
            parts = [self.estimate(*chunk) for chunk in chunks]
        return Fluxes(*np.concatenate(parts, axis=1))

    def prepare(self, series: np.ndarray, lat: np.ndarray) -> Tensor:
        """Series as the network reads them: (sample, series, step), standard deviations.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        """
        return torch.from_numpy(self.normalisation.apply(self._season(series, lat)))

    def estimate(self, ready: Tensor, types: Tensor) -> np.ndarray:
        """GPP and RECO (2, sample), float64, gC m-2 yr-1, of prepared series.

        Parameters
        ----------
        ready : (sample, series, step) from `prepare`
        types : one-hot float32 (sample, type)
        """
        with torch.inference_mode():
            output = self.all_fluxes(self.network(ready, types)).double().numpy()
        return np.maximum(self.flux_scale.undo(output)[:, :2].T, 0.0)

    def weights(self) -> dict[str, np.ndarray]:
        """The learnt weights as plain arrays."""
        return {name: part.numpy() for name, part in self.network.state_dict().items()}

    def pattern_names(self) -> list[str]:
        """Names of the rows of the convolutional block, in order."""
        names, filters = list(self._series()), self.settings["filters"]
        for block in range(1, self.settings["blocks"] + 1):
            names = row_names(names, filters=filters, block=block)
        return names

    @classmethod
    def restored(
        cls,
        settings: dict,
        *,
        variables: tuple[str, ...],
        normalisation: Normalisation,
        flux_scale: Normalisation,
        weights: dict[str, np.ndarray],
    ) -> "NetworkEstimator":
        """A trained estimator from its parts."""
        estimator = cls(settings)
        estimator.variables = variables
        estimator.normalisation, estimator.flux_scale = normalisation, flux_scale
        estimator.network = estimator._build()
        state = {name: torch.from_numpy(part) for name, part in weights.items()}
        estimator.network.load_state_dict(state)
        estimator.network.eval()
        return estimator

    def _season(self, series: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return season(
            series,
            lat,
            half_year_shift=self.settings["half_year_shift"],
            derived=self.settings["derived"],
        )

    def _series(self) -> tuple[str, ...]:
        return (*self.variables, *self.settings["derived"])

    def _build(self) -> FluxNetwork:
        sizes = {key: self.settings[key] for key in NETWORK_KEYS}
        return FluxNetwork(variables=len(self._series()), **sizes)

    def _rows(self, samples: Samples) -> Batch:
        series = self._season(samples.series, samples.table["lat"].to_numpy(float))
        weight = samples.table["weight"].to_numpy(float)
        arrays = (
            self.normalisation.apply(series),
            type_one_hot(samples.table["igbp"]),
            self.flux_scale.apply(samples.table[list(FLUXES)].to_numpy(float)),
            weight / weight.mean(),
        )
        return Batch(*(torch.from_numpy(part.astype("float32")) for part in arrays))

    def _series_to_restore(
        self, series: np.ndarray, unlabelled: UnlabelledSeries | None
    ) -> Tensor:
        if unlabelled is not None and len(unlabelled):
            more = self._season(unlabelled.series, unlabelled.lat)
            series = np.concatenate([series, more])
        return torch.from_numpy(self.normalisation.apply(series))

    def _reconstruct(self, series: Tensor, rng: np.random.Generator) -> None:
        """Teach the convolutional block to restore hidden values of the series."""
        network = self.network

        def loss(rows: Tensor) -> Tensor:
            truth = series[rows]
            gaps = hide_mixed(
                truth.numpy(),
                share=1.0,
                max_fraction=self.settings["artificial_gaps"]["max_fraction"],
                rng=rng,
                maskable=len(self.variables),
            )
            restored = network.restore(torch.from_numpy(gaps))
            known = ~torch.isnan(truth)
            return functional.huber_loss(restored[known], truth[known])

        optimise(
            self.network,
            self.settings,
            step="masked_pretraining",
            loss=loss,
            count=len(series),
            rng=rng,
        )

    def _learn(self, step: str, data: Batch, rng: np.random.Generator) -> None:
        """Teach the fluxes of these rows."""
        weights = [self.settings["loss"][flux] for flux in FLUXES]
        loss_weight = torch.tensor(weights, dtype=torch.float32)

        def loss(rows: Tensor) -> Tensor:
            part = data.take(rows)
            series = torch.from_numpy(
                disturb(
                    part.series.numpy(),
                    self.settings,
                    rng=rng,
                    maskable=len(self.variables),
                )
            )
            estimate = self.all_fluxes(self.network(series, part.types))
            error = functional.huber_loss(
                estimate, part.target, reduction="none", delta=self.settings["huber"]
            )
            return ((error * loss_weight).sum(1) * part.weight).mean()

        optimise(
            self.network,
            self.settings,
            step=step,
            loss=loss,
            count=len(data.series),
            rng=rng,
        )

    def all_fluxes(self, output: Tensor) -> Tensor:
        """GPP, RECO and NEE (sample, 3) from the two heads, in standard deviations.

        The heads are GPP and RECO, or GPP and NEE (setting `heads`); the third flux
        closes NEE = RECO - GPP.
        """
        mean, sd = self.flux_scale.mean, self.flux_scale.sd
        gpp = output[:, 0] * sd[0] + mean[0]
        if self.settings["heads"] == "gpp_reco":
            reco = output[:, 1] * sd[1] + mean[1]
        else:
            reco = gpp + output[:, 1] * sd[2] + mean[2]
        fluxes = (gpp, reco, reco - gpp)
        scaled = [(f - m) / s for f, m, s in zip(fluxes, mean, sd, strict=True)]
        return torch.stack(scaled, dim=1)
