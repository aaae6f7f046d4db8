"""Ensembles of networks, random or trained a little, for any settings."""

from collections.abc import Mapping

import numpy as np
import torch

from forestflux.core.calendars.eight_day import STEPS
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.dissimilarity import QUARTERS, Reference, describe
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.network_inputs import Normalisation, one_hot_types
from forestflux.models.network_regressor import NetworkRegressor, arrange_series
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.error_models import make_errors
from tests.builders.inputs import UNITS
from tests.builders.small_training import make_samples

# Of GPP, RECO and NEE, gC m-2 yr-1: so low that some cells have none.
FLUX_SCALE = Normalisation(
    ("gpp", "reco", "nee"), (350.0, 300.0, -50.0), (650.0, 480.0, 310.0)
)
# Standard deviation of random heads over site-years; that of trained ones is about 1.
SPREAD = 0.4

# Two types share the width of all; of NEE one type has too few sites for any width.
HALF_WIDTH = {
    "gpp": {"all": 510.5, "ENF": 402.25, "EBF": 730.0, "DBF": 365.125},
    "nee": {"all": 333.0, "ENF": 250.75, "MF": None},
}


def make_series(
    rng: np.random.Generator, lat: np.ndarray, variables: int
) -> np.ndarray:
    """Series float32 (sample, variable, step) with a season of their hemisphere, no gaps."""
    season = -np.cos(2 * np.pi * (np.arange(STEPS) + 0.5) / STEPS)
    season = np.where(lat[:, None] < 0, -season, season)
    level = rng.uniform(0.2, 0.8, (len(lat), variables, 1))
    swing = rng.uniform(0.0, 0.2, (len(lat), variables, 1))
    noise = rng.normal(0, 0.03, (len(lat), variables, STEPS))
    return np.clip(level + swing * season[:, None] + noise, 0.01, 0.99).astype(
        "float32"
    )


def scale_series(series: np.ndarray, ranges: list[tuple[float, float]]) -> np.ndarray:
    """Numbers from 0 to 1 in the middle of the range of each variable, float32."""
    low, high = (np.array(ends)[:, None] for ends in zip(*ranges, strict=True))
    return (low + (high - low) * (0.3 + 0.4 * series)).astype("float32")


def make_samples_of(
    ranges: Mapping[str, tuple[float, float]], count: int, *, seed: int
) -> Samples:
    """Site-years with some gaps; none is a mixed forest."""
    rng = np.random.default_rng(seed)
    table = make_samples(count, seed=seed).table
    table.loc[table["igbp"] == "MF", "igbp"] = "DBF"
    series = make_series(rng, table["lat"].to_numpy(), len(ranges))
    series = scale_series(series, list(ranges.values()))
    series[rng.random(series.shape) < 0.1] = np.nan
    return Samples(series, table, tuple(ranges))


def make_model(
    settings: TrainSettings,
    *,
    members: int,
    ranges: Mapping[str, tuple[float, float]],
    rows: int = 60,
    seed: int = 1,
) -> Ensemble:
    """An ensemble that has never learnt.

    Parameters
    ----------
    members : networks
    ranges : of each input series, in its unit
    rows : site-years with which series are compared
    seed : of everything
    """
    samples = make_samples_of(ranges, rows, seed=seed)
    whole = arrange_series(samples.series, samples.lat, settings=settings)
    normalisation = Normalisation.of(whole, (*ranges, *settings.derived))
    networks = []
    for number in range(members):
        torch.manual_seed(seed * 100 + number)
        member = NetworkRegressor(
            settings,
            variables=tuple(ranges),
            normalisation=normalisation,
            flux_scale=FLUX_SCALE,
        )
        enliven(member, samples)
        networks.append(member)
    return complete(networks, samples, ranges=ranges, seed=seed)


def train_model(
    settings: TrainSettings,
    *,
    members: int,
    ranges: Mapping[str, tuple[float, float]],
    rows: int = 90,
    seed: int = 1,
) -> Ensemble:
    """An ensemble that has learnt a little.

    Parameters
    ----------
    members, ranges, rows, seed : as in `make_model`
    """
    samples = make_samples_of(ranges, rows, seed=seed)
    networks = [
        train_network(samples, settings=settings, seed=seed * 100 + number)
        for number in range(members)
    ]
    return complete(networks, samples, ranges=ranges, seed=seed)


def complete(
    members: list[NetworkRegressor],
    samples: Samples,
    *,
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
) -> Ensemble:
    """Networks with intervals, and with the area of samples that matter at random."""
    prepared = members[0].prepare(samples.series, samples.lat).numpy()
    features = describe(prepared, one_hot_types(samples.forest_type))
    weights = np.random.default_rng(seed).uniform(0, 1, features.shape[1])
    # The second series moves no estimate: where it is missing, others are compared.
    weights[QUARTERS : 2 * QUARTERS] = 0
    return Ensemble(
        members,
        response=None,
        calibration=make_calibration(len(ranges)),
        errors=make_errors(),
        applicability=Applicability(Reference.of(features, weights), 0.45),
        inputs={name: UNITS.get(name, "1") for name in ranges},
        ranges=ranges,
        metadata={},
    )


def enliven(member: NetworkRegressor, samples: Samples) -> None:
    """Weights with which places and forest types differ; no dropout.

    Random heads hardly differ between places. Stretched as far as those of trained networks they
    would round more coarsely than these: the patterns before them hardly differ either.
    """
    network = member.network
    prepared = member.prepare(samples.series, samples.lat)
    hot = torch.from_numpy(one_hot_types(samples.forest_type))
    network.eval()
    with torch.no_grad():
        network.adjust.weight.normal_(0, 0.5)
        network.adjust.bias.normal_(0, 0.2)
        for block in network.blocks():
            block.norm.weight.normal_(1, 0.3)
            block.norm.bias.normal_(0, 0.3)
        network.heads.weight *= SPREAD / network(prepared, hot).std(dim=0)[:, None]
        network.heads.bias -= network(prepared, hot).mean(dim=0)


def make_calibration(series: int) -> Calibration:
    """Half-widths by type, wider with every series that is missing and with thinned ones."""
    factors = np.linspace(1, 2.75, series)
    return Calibration.from_dict(
        {
            "level": 0.9,
            "half_width": HALF_WIDTH,
            "widening": {
                target: {
                    "hidden": tuple((factors * scale).tolist()),
                    "shares": (0.0, 0.3, 0.6, 0.9),
                    "thinned": (1.0, 1.05, 1.3, 1.9),
                }
                for target, scale in (("gpp", 1.0), ("nee", 1.1))
            },
        }
    )
