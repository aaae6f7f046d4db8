"""Settings: fluxes."""

from typing import Literal

from forestflux.jobs.settings.section import Section, key


class SeasonSettings(Section):
    """The season network, which tells how the fluxes of a year fall on its months.

    Sizes and rates are assumed; its gaps and noise in training are those of `train`.
    """

    channels: int = key(16, unit="channels", ge=1)
    """Features of an eight-day step."""

    kernel: Literal[1, 3, 5, 7, 9] = key(3, unit="steps")
    """Steps that a filter sees; odd."""

    epochs: int = key(20, unit="epochs", ge=1)
    """Length of the training."""

    learning_rate: float = key(0.02, unit="1", gt=0)
    """Highest learning rate."""

    huber: float = key(1.0, unit="standard deviations", gt=0)
    """Error of a month above which the loss grows linearly."""


class FluxSettings(Section):
    """What is estimated beside the fluxes of a year, which stay as they are."""

    months: bool = False
    """Whether each month has GPP, RECO and NEE, which add up to those of the year. Needs
    monthly fluxes of towers: `site_months.csv` (docs/how-to/own-towers.md), FLUXNET archives
    with a table finer than years, or the simulated planet.
    """

    ilamb: bool = False
    """Whether months are also published as ILAMB reads them: `gpp`, `reco` and `nee` as mean
    rates of each month, kg m-2 s-1.
    """

    season: SeasonSettings = SeasonSettings()
