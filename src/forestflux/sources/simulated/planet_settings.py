"""What can be set on the simulated planet."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from forestflux.core.errors import InputError


@dataclass(frozen=True)
class PlanetSettings:
    """Settings of the simulated planet, the `planet` section of the configuration.

    Attributes
    ----------
    greening_percent_per_decade : planted growth of the canopy and of GPP from 2001 to
        2020; 0.6 times as much in the tropics and 1.4 times in the boreal zone
    disturbed_share : share of forest cells that lose their canopy once, 0-1
    cloudiness : multiplies the chance of a cloud gap; radiation stays as it is
    """

    greening_percent_per_decade: float = 4.0
    disturbed_share: float = 0.03
    cloudiness: float = 1.0


def planet_settings(section: "Mapping | PlanetSettings | None") -> PlanetSettings:
    """The planet of a configuration section, defaults where the section is silent.

    Raises
    ------
    InputError : an unknown key, or a value that is not a number in its range
    """
    if isinstance(section, PlanetSettings):
        return section
    values = dict(section or {})
    known = [field.name for field in fields(PlanetSettings)]
    ranges = {"disturbed_share": (0, 1), "cloudiness": (0, 5)}
    for key, value in values.items():
        name = f"planet.{key}"
        if key not in known:
            raise InputError(
                "configuration",
                variable=name,
                expected=f"one of {', '.join(known)}",
                found="an unknown key",
            )
        low, high = ranges.get(key, (-50, 50))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and low <= value <= high):
            raise InputError(
                "configuration",
                variable=name,
                expected=f"a number from {low} to {high}",
                found=repr(value),
            )
    return PlanetSettings(**{key: float(value) for key, value in values.items()})
