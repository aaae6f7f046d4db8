"""Settings: train, baseline."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from forestflux.jobs.settings.section import Section, Unique, key

ClassicalModel = Literal["extra_trees", "svr", "gradient_boosting"]


class TransferSteps(Section):
    """Transfer steps, in this order; each is a switch."""

    masked_pretraining: bool = True
    """Restore hidden values of unlabelled series."""

    all_biomes: bool = True
    """Learn the fluxes of all towers."""

    distillation: bool = True
    """Learn from classical models of the same training rows, on mixtures of site-years."""

    forest: bool = True
    """Learn the fluxes of forest towers."""

    class_weights: bool = True
    """Learn forest towers with weights that even out forest types and climates."""


class TransferEpochs(Section):
    """Length of each transfer step."""

    masked_pretraining: int = key(5, unit="epochs", ge=1)
    """Epochs of masked_pretraining."""

    all_biomes: int = key(12, unit="epochs", ge=1)
    """Epochs of all_biomes."""

    distillation: int = key(15, unit="epochs", ge=1)
    """Epochs of distillation."""

    forest: int = key(5, unit="epochs", ge=1)
    """Epochs of forest."""

    class_weights: int = key(3, unit="epochs", ge=1)
    """Epochs of class_weights."""


class LearningRates(Section):
    """Highest learning rate of each transfer step."""

    masked_pretraining: float = key(0.003, unit="1", gt=0)
    """Rate of masked_pretraining."""

    all_biomes: float = key(0.003, unit="1", gt=0)
    """Rate of all_biomes."""

    distillation: float = key(0.005, unit="1", gt=0)
    """Rate of distillation."""

    forest: float = key(0.0002, unit="1", gt=0)
    """Rate of forest."""

    class_weights: float = key(0.0002, unit="1", gt=0)
    """Rate of class_weights."""


class Distillation(Section):
    """Mixtures of two site-years, with the fluxes that classical models give them."""

    teachers: Annotated[tuple[ClassicalModel, ...], Unique] = key(
        ("svr", "gradient_boosting"), unit="names", min_length=1
    )
    """Models whose mean prediction the network learns; fitted on the training rows with the first
    settings of their spaces.
    """

    mixtures: int = key(6000, unit="site-years", ge=2)
    """Mixtures of two forest site-years."""

    offset_noise: float = key(0.2, unit="standard deviations", ge=0)
    """Noise on the level of each variable of a mixture, before the teachers are asked."""


class ArtificialGaps(Section):
    """Gaps put into the series in training."""

    share: float = key(0.5, unit="1", ge=0, le=1)
    """Share of the site-years of an update that get gaps."""

    max_fraction: float = key(0.7, unit="1", ge=0, le=0.95)
    """Largest share of values that is hidden."""


class LossWeights(Section):
    """Weight of each flux in the loss; errors are in standard deviations."""

    gpp: float = key(1.0, unit="1", ge=0)
    """Weight of GPP."""

    reco: float = key(1.0, unit="1", ge=0)
    """Weight of RECO."""

    nee: float = key(1.0, unit="1", ge=0)
    """Weight of NEE."""


class TrainSettings(Section):
    """The network and its training.

    Sizes and rates are assumed, not from the paper (Wu 2019), which does not publish them.
    """

    members: int = key(5, unit="networks", ge=1, le=1000)
    """Networks in the ensemble; they differ by their seed. A single one gives everything but
    the spread between members.
    """

    steps: TransferSteps = TransferSteps()

    epochs: TransferEpochs = TransferEpochs()

    learning_rate: LearningRates = LearningRates()

    distillation: Distillation = Distillation()

    batch_size: int = key(128, unit="site-years", ge=2)
    """Site-years of an update."""

    weight_decay: float = key(0.05, unit="1", ge=0)
    """Decay of the weights (AdamW)."""

    weight_average: float = key(0.98, unit="1", ge=0, lt=1)
    """What the running average of the weights keeps at each update."""

    channels: int = key(8, unit="channels", ge=1)
    """Channels of the convolutional block."""

    blocks: int = key(2, unit="blocks", ge=1, le=4)
    """Convolutional blocks one after the other."""

    kernel: Literal[3, 5, 7, 9, 11] = key(5, unit="steps")
    """Steps that a filter along time sees; odd."""

    filters: Annotated[tuple[Literal["time", "variable", "joint"], ...], Unique] = key(
        ("time", "variable", "joint"), unit="names", min_length=1
    )
    """Filters of a block, side by side. Along time, across variables, and both at once.
    """

    pooled_steps: Literal[1, 2] = key(2, unit="steps")
    """Eight-day steps that are averaged before the convolutional block."""

    gap_handling: Literal["normalised_convolution", "mean"] = "normalised_convolution"
    """How a gap is read: without weight in a mean over the valid values nearby
    (normalised convolution), or as the mean of its variable.
    """

    gap_channel: bool = True
    """Whether a second channel of the map says how much of each step is missing."""

    forest_type: Literal["late", "early", "none"] = "late"
    """Where the forest type enters. It adjusts the encoded patterns, is a channel of
    the map, or is not told.
    """

    heads: Literal["gpp_reco", "gpp_nee"] = "gpp_reco"
    """The two fluxes that the network gives; the third closes NEE = RECO - GPP."""

    encoded: int = key(32, unit="numbers", ge=1)
    """Length of the encoded pattern."""

    hidden: int = key(32, unit="units", ge=1)
    """Hidden units of the perceptron."""

    dropout: float = key(0.2, unit="1", ge=0, lt=1)
    """Share of encoded patterns dropped in training."""

    artificial_gaps: ArtificialGaps = ArtificialGaps()

    loss: LossWeights = LossWeights()

    huber: float = key(0.25, unit="standard deviations", gt=0)
    """Error above which the loss grows linearly."""

    jitter: int = key(1, unit="steps", ge=0, le=4)
    """Most steps by which a series is moved in time in training."""

    noise: float = key(0.1, unit="standard deviations", ge=0)
    """Noise on each value in training."""

    offset_noise: float = key(0.1, unit="standard deviations", ge=0)
    """Noise on the level of each series in training."""

    half_year_shift: bool = True
    """Turn southern years by half a year so that summer is in the middle everywhere."""

    derived: Annotated[tuple[Literal["radiation"], ...], Unique] = key(
        ("radiation",), unit="names"
    )
    """Series computed from latitude and day alone, beside the input series."""


class BaselineSettings(Section):
    """The classical models, tuned inside the training rows of each fold."""

    models: Annotated[tuple[ClassicalModel, ...], Unique] = key(
        ("extra_trees", "svr", "gradient_boosting"), unit="names"
    )
    """Models that are fitted and scored beside the network."""

    candidates: int = key(6, unit="settings", ge=1)
    """Settings tried per model and fold: the first of its space and others at random. 1
    switches tuning off.
    """

    inner_folds: int = key(4, unit="folds", ge=2)
    """Folds of the tuning, by site, or by cluster inside the folds by cluster; at most
    as many as there are groups.
    """


def with_changes(train: TrainSettings, changes: Mapping[str, Any]) -> TrainSettings:
    """The settings with some keys changed, section by section, as an ablation variant does.

    Raises
    ------
    ValidationError : a key that `train` does not have, or a value that it does not take
    """
    return TrainSettings.model_validate_json(
        json.dumps(merge(train.model_dump(mode="json"), changes))
    )


def merge(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values with changes put in, section by section; both stay as they are."""
    result = dict(values)
    for name, change in changes.items():
        nested = isinstance(change, dict) and isinstance(values.get(name), dict)
        result[name] = merge(values[name], change) if nested else change
    return result
