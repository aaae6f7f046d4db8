"""How every figure is set up and saved: size, text, lines; same content, same bytes."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.page_settings import FigureSettings

MM_PER_INCH = 25.4
# Below this width a figure stands in one column of a journal.
COLUMN_LIMIT_MM = 120.0
# The text of such a figure; its smallest is one point smaller.
SMALLEST_COLUMN_PT = 7.0


@dataclass(frozen=True)
class StyleSettings:
    """What a user may choose about figures.

    Attributes
    ----------
    pair : the two years that are set against each other
    simulated : whether the run is of the simulated planet; every figure then says so
    projection : an equal-area projection of cartopy, EqualEarth or Mollweide
    width_mm : width of a figure, mm
    font_pt : size of the text, points
    dpi : dots per inch of PNG files and of the meshes inside PDF files
    """

    pair: tuple[int, int] = (2003, 2018)
    simulated: bool = False
    projection: str = "EqualEarth"
    width_mm: float = 170.0
    font_pt: float = 8.0
    dpi: int = 200

    @classmethod
    def of_run(
        cls,
        figures: FigureSettings,
        *,
        pair: tuple[int, int],
        simulated: bool,
        column: bool = False,
    ) -> "StyleSettings":
        """Settings of a run: its section `figures`, pair of years, kind of planet.

        Parameters
        ----------
        figures, pair, simulated : of the run
        column : whether the figure is drawn for one column of a journal

        Raises
        ------
        InputError : a figure for one column where the run gives that no width
        """
        width, size = figures.width_mm, figures.font_pt
        if column:
            if figures.column_mm is None:
                raise InputError(
                    "configuration",
                    variable="figures.column_mm",
                    expected="a width",
                    found="none",
                )
            width, size = figures.column_mm, max(size - 1, SMALLEST_COLUMN_PT)
        return cls(
            pair=pair,
            simulated=simulated,
            projection=figures.projection,
            width_mm=width,
            font_pt=size,
            dpi=figures.dpi,
        )

    @property
    def in_column(self) -> bool:
        """Whether the figure is for one column: fewer panels stand beside each other."""
        return self.width_mm < COLUMN_LIMIT_MM

    @property
    def small_pt(self) -> float:
        """Size of the smaller text, points."""
        return self.font_pt - 1

    @property
    def title_start(self) -> float:
        """Where long titles of panels start: in a column above the labels of the axis."""
        return -0.3 if self.in_column else 0.0

    def join(self, *parts: str, mark: str = ", ") -> str:
        """Parts of a title or label with a mark between them; in a column below each other."""
        return ("\n" if self.in_column else mark).join(part for part in parts if part)


def apply_style(settings: StyleSettings) -> AbstractContextManager:
    """Context in which figures are drawn and saved; leaves matplotlib as it was."""
    size, small = settings.font_pt, settings.small_pt
    changes = {
        "font.family": "DejaVu Sans",  # comes with matplotlib: same glyphs everywhere
        "font.size": size,
        "axes.titlesize": size,
        "axes.labelsize": size,
        "xtick.labelsize": small,
        "ytick.labelsize": small,
        "legend.fontsize": small,
        "figure.titlesize": size,
        "figure.dpi": settings.dpi,
        "savefig.dpi": settings.dpi,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.titlelocation": "left",
        "grid.color": "#E4E4E4",
        "grid.linewidth": 0.5,
        "legend.frameon": False,
        "lines.linewidth": 1.2,
        "hatch.linewidth": 0.4,
        "pdf.fonttype": 42,  # text stays text
        "axes.unicode_minus": True,
        "image.interpolation": "nearest",
    }
    # from matplotlib's own defaults: a matplotlibrc of the user changes nothing
    session = ("backend", "interactive", "toolbar", "timezone")
    plain: dict[Any, Any] = {
        key: value
        for key, value in mpl.rcParamsDefault.items()
        if not key.startswith(session)
    }
    return mpl.rc_context(plain | changes)


def new_figure(settings: StyleSettings, *, height_mm: float) -> Figure:
    """An empty figure with a canvas of its own and a layout that cuts nothing off."""
    size = (settings.width_mm / MM_PER_INCH, height_mm / MM_PER_INCH)
    engine = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04, wspace=0.02, hspace=0.03)
    figure = Figure(figsize=size, dpi=settings.dpi, layout=engine)
    FigureCanvasAgg(figure)
    return figure


def save_figure(
    figure: Figure, path: Path, *, settings: StyleSettings, caption: str = ""
) -> None:
    """A PNG or PDF file, by the path's suffix; the same figure gives the same bytes.

    Parameters
    ----------
    figure : from `forestflux.pages.figures.drawing.draw_figure`
    path : `results/demo/figures/maps.png`
    settings : as it was drawn with
    caption : kept inside the file, so that a figure that travels alone explains itself

    Raises
    ------
    InputError : another suffix
    """
    plain = caption.encode("ascii", "replace").decode()
    # no software version and no time of making: those change without the content
    metadata = {
        ".png": {"Software": None, "Title": path.stem, "Description": plain},
        ".pdf": {
            "CreationDate": None,
            "Creator": None,
            "Producer": None,
            "Title": path.stem,
            "Subject": plain,
        },
    }
    if path.suffix not in metadata:
        raise InputError(
            path, variable="suffix", expected="png or pdf", found=path.suffix or "none"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part, kind = path.with_name(f"{path.name}.part"), path.suffix.removeprefix(".")
    with apply_style(settings):
        figure.savefig(
            part, format=kind, dpi=settings.dpi, metadata=metadata[path.suffix]
        )
    os.replace(part, path)  # readers see the old one or the whole new one


def escape_math(text: str) -> str:
    """A name as a figure shows it: between two dollar signs matplotlib would read formulas."""
    return text.replace("$", r"\$")


def mark_simulated(figure: Figure) -> None:
    """Say on the figure itself that its planet is not the Earth."""
    figure.suptitle(
        "simulated planet, not the real Earth",
        x=0.995,
        ha="right",
        color="#B00020",
        fontsize=float(figure.axes[0].xaxis.label.get_fontsize()) - 1,
    )


def spread_marks(count: int) -> np.ndarray:
    """Offsets (mark,) of the marks of one row, rows: close together, none on another."""
    step = min(0.3, 0.64 / max(count - 1, 1))
    return step * (np.arange(count) - (count - 1) / 2)


def set_month_ticks(ax: Axes) -> None:
    """Ticks at the middle of each month on an axis of the calendar's steps."""
    middles = (np.arange(12) + 0.5) * STEPS / 12 - 0.5
    ax.set_xticks(middles, list("JFMAMJJASOND"))


def letter_panels(axes: Iterable[Axes]) -> None:
    """Put (a), (b), ... before the titles of panels, in reading order."""
    for place, ax in enumerate(axes):
        title = ax.get_title(loc="left")
        ax.set_title(f"({chr(ord('a') + place)}) {title}".strip(), loc="left")
