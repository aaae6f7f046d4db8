"""Settings: compare."""

from typing import Annotated, Literal

from pydantic import Field

from forestflux.jobs.settings.section import PlainPath, Section, Unique, key

# Name of a compared product, which is also that of its store.
ProductName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class ComparedSettings(Section):
    """A product that the maps are compared with (docs/how-to/compare.md).

    Known products need `files` alone. The other keys describe one that is not known, or say
    what its file does not.
    """

    files: Annotated[tuple[Annotated[str, PlainPath], ...], Unique] = key(
        unit="paths or patterns", min_length=1
    )
    """NetCDF files (`.nc`, `.nc4`) or Zarr stores (`.zarr`), relative to the working directory;
    `*` and `?` stand for any characters.
    """

    variable: str | None = key(None, unit="name in the files", min_length=1)
    """Which variable holds the flux; null for the one that is known."""

    flux: Literal["gpp", "reco", "nee"] | None = key(None, unit="gpp / reco / nee")
    """Which flux it is; null for that of the known variable."""

    unit: str | None = key(None, unit="text", min_length=1)
    """Its unit, such as `gC m-2 d-1`; null for what the file says."""

    uptake: Literal["positive", "negative"] | None = key(
        None, unit="positive / negative"
    )
    """Sign of uptake in its NEE; null for that of the known product, else negative."""

    per: Literal["land", "cell", "forest", "forest_in_cell"] | None = key(
        None, unit="land / cell / forest / forest_in_cell"
    )
    """What its square metre is of: `land` of any cover; the whole `cell`, water too; `forest`;
    or the whole cell where forest alone has a flux (`forest_in_cell`), which is divided by the
    forest share. Null for that of the known product, else land.
    """
