"""Settings: figures, explorer."""

from typing import Annotated, Literal

from forestflux.jobs.settings.section import Section, Unique, key


class FigureSettings(Section):
    """How figures look and in which files they are kept."""

    formats: Annotated[tuple[Literal["png", "pdf"], ...], Unique] = key(
        ("png", "pdf"), unit="file types"
    )
    """Files of each figure; the report shows the PNG, so it is always among them."""

    dpi: int = key(200, unit="dots per inch", ge=50, le=600)
    """Resolution of PNG files and of the meshes inside PDF files."""

    width_mm: float = key(170, unit="mm", ge=120, le=300)
    """Width of a figure; 170 is two columns of most journals, where the smallest text
    then has 7 points.
    """

    column_mm: float | None = key(None, unit="mm", ge=80, lt=120)
    """Width of one more PDF of each figure, `{figure}_column.pdf`, for one column of a
    journal, such as 85. None is drawn unless this is given, and none of figures that
    cannot be read so narrow. The smallest text has 6 points or more.
    """

    font_pt: float = key(8, unit="points", ge=5, le=14)
    """Size of the text; tick labels are one point smaller."""

    projection: Literal["EqualEarth", "Mollweide"] = "EqualEarth"
    """Equal-area projection of the maps."""


class ExplorerSettings(Section):
    """The page to explore. Its size and the time to make it grow with these numbers."""

    layers_mb: float = key(20, unit="MB", gt=0)
    """Most that the layers of the map take in the page. Blocks grow until they fit, judged by
    one year. Charts, towers and series of cells come on top and do not grow with the map.
    """

    fine_cells: int = key(8_000_000, unit="cells", ge=0)
    """Most cells of a map whose own cells are kept beside the page where it shows blocks, in
    a folder of small files that the page reads as the reader zooms in: those of the pair of
    years and of the change. 0 for none.
    """

    columns: int = key(720, unit="cells", ge=36, le=2000)
    """Most columns of the displayed map; blocks of a finer map are averaged over their
    forest, and the page says so.
    """

    series_cells: int = key(12000, unit="cells", ge=1)
    """Most cells whose input series are kept, one for each of equal blocks; a click shows
    the nearest and says which.
    """

    reason_cells: int = key(800, unit="cells", ge=1)
    """Most cells whose inputs are hidden month by month, spread in the same way."""
