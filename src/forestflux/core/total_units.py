"""The unit in which totals of a place are shown: one in which its numbers can be read."""

from dataclasses import dataclass

# Unit of mass, and how many of it are one petagram; tables have petagrams.
MASSES = (("PgC", 1.0), ("TgC", 1e3), ("GgC", 1e6))


@dataclass(frozen=True)
class TotalUnit:
    """A unit of totals.

    Attributes
    ----------
    mass : `PgC`, `TgC` or `GgC`
    factor : how many of it are one petagram
    """

    mass: str = MASSES[0][0]
    factor: float = MASSES[0][1]

    @property
    def total(self) -> str:
        """Unit of a total or of its change."""
        return f"{self.mass} yr-1"

    @property
    def slope(self) -> str:
        """Unit of a slope of totals."""
        return f"{self.mass} yr-2"


# The unit of every table.
AS_IN_TABLES = TotalUnit()


def choose_total_unit(gpp: float) -> TotalUnit:
    """The largest unit of which a place's GPP has one or more; the smallest there is for less.

    Parameters
    ----------
    gpp : largest total of GPP that is shown, PgC yr-1
    """
    for mass, factor in MASSES:
        if abs(gpp) * factor >= 1:
            return TotalUnit(mass, factor)
    return TotalUnit(*MASSES[-1])


def describe_area(m2: float) -> str:
    """`40.3 million km2`, `20,273 km2`."""
    km2 = m2 * 1e-6
    return f"{km2 * 1e-6:,.1f} million km2" if km2 >= 1e6 else f"{km2:,.0f} km2"
