"""Settings: change, drivers."""

from typing import Annotated

from pydantic import AfterValidator

from forestflux.jobs.settings.section import PlainPath, Section, YearsInOrder, key


class LatitudeBandSettings(Section):
    """A latitude band of the tables; a cell belongs to the band of its centre."""

    name: str = key(pattern=r"^[a-z][a-z0-9_]*$")
    """Name of the band in the tables."""

    south: float = key(unit="degrees north", ge=-90, le=90)
    """Southern edge."""

    north: float = key(unit="degrees north", ge=-90, le=90)
    """Northern edge."""


def refuse_uncovered(
    bands: tuple[LatitudeBandSettings, ...],
) -> tuple[LatitudeBandSettings, ...]:
    """The bands as they are; they are refused unless they cover the globe once."""
    if len({band.name for band in bands}) < len(bands):
        raise ValueError("each name once")
    ordered = sorted(bands, key=lambda band: (band.south, band.north))
    edges = [-90.0, *(e for b in ordered for e in (b.south, b.north)), 90.0]
    touching = all(
        low == high for low, high in zip(edges[::2], edges[1::2], strict=True)
    )
    if not touching or any(band.south >= band.north for band in bands):
        raise ValueError("bands that cover -90 to 90 without gap or overlap")
    return bands


class ChangeSettings(Section):
    """The pair of years, windows and the annual series."""

    pair: Annotated[tuple[int, int], YearsInOrder] = key((2003, 2018), unit="years")
    """First and second year of the difference; slopes and tests cover all mapped years.
    """

    windows: tuple[tuple[int, int], tuple[int, int]] = key(
        ((2001, 2005), (2016, 2020)), unit="years"
    )
    """First and last year of the earlier and of the later window, whose means are
    compared beside the pair. A window counts the years of it that are mapped; with
    fewer than half of them it is missing, and the tables say so.
    """

    bands: Annotated[
        tuple[LatitudeBandSettings, ...], AfterValidator(refuse_uncovered)
    ] = key(
        (
            LatitudeBandSettings(name="boreal", south=50, north=90),
            LatitudeBandSettings(name="temperate_north", south=23.5, north=50),
            LatitudeBandSettings(name="tropics", south=-23.5, north=23.5),
            LatitudeBandSettings(name="temperate_south", south=-90, north=-23.5),
        ),
        unit="degrees north",
        min_length=1,
    )
    """Latitude bands of the tables; they cover the globe once. A cell belongs to the
    band of its centre.
    """

    regions: Annotated[str | None, PlainPath] = key(None, unit="path")
    """GeoJSON, GeoPackage or shapefile of polygons whose forest gets rows of its own in
    the tables, relative to the working directory; a cell counts with the share of its
    area that lies in a polygon, in the first one where they overlap.
    """

    region_name: str = key("name", unit="property", min_length=1)
    """Property of the polygons that names a region; polygons of one name are one
    region.
    """

    stable_within: float = key(0.05, unit="share of the cell", ge=0, le=1)
    """Forest is stable where the forest share of the cell moved by no more than this
    between the pair's years, else loss or gain; a cell that is mapped in one year only
    is loss or gain too.
    """

    alpha: float = key(0.05, unit="share", gt=0, lt=1)
    """Level at which one cell by itself counts as changed, in the uncorrected share of
    significance.csv.
    """

    fdr_alpha: float = key(0.1, unit="share", gt=0, lt=1)
    """False discovery rate over all cells at which a change counts as significant.
    Twice `alpha` suits cells whose neighbours go along with them (Wilks 2016).
    """

    zone_width_deg: float = key(1.0, unit="degrees", le=90, gt=0)
    """Height of a zone in zonal.csv; a row of the grid where the grid is coarser."""


class DriverSettings(Section):
    """What drove the change of the pair: the effects of the inputs' departures."""

    enabled: bool = True
    """Whether they are computed."""
