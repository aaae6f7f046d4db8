"""The records of a FLUXNET site: what its files say and what they lack, of years and of months."""

from forestflux.core.reading.typed_input import FrozenModel
from forestflux.jobs.manifests import Manifest


class LeftOutRecord(FrozenModel):
    """A year that is left out, why, and whether that is a fault of the data."""

    year: int
    reason: str
    fault: bool


class SiteRecord(Manifest):
    """What the files of a site say of it.

    Attributes
    ----------
    site : its name
    file, resolution : that were read; None where no file could be read
    information : texts by name
    left_out : years
    fault : arguments of `InputError`; None where there is no fault
    """

    site: str
    file: str | None = None
    resolution: str | None = None
    information: dict[str, str]
    left_out: tuple[LeftOutRecord, ...]
    fault: dict[str, str] | None


class MonthsRecord(Manifest):
    """What is known of the monthly table of a site.

    Attributes
    ----------
    site : its name
    file : that was read; None where there are tables of years only, or a fault
    fault : arguments of `InputError`; None where there is no fault
    """

    site: str
    file: str | None
    fault: dict[str, str] | None
