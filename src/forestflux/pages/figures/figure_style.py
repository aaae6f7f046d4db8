"""How every figure looks: sizes, colours, labels; and saving without surprises."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from forestflux.core.eight_day import STEPS
from forestflux.core.errors import InputError
from forestflux.core.names import FOREST_TYPES, NETWORK, VARIABLES

MM_PER_INCH = 25.4

# Tol's bright palette: told apart with any colour vision; a marker each besides.
TYPE_COLOURS = dict(
    zip(
        FOREST_TYPES,
        ("#4477AA", "#228833", "#AA3377", "#EE6677", "#CCBB44"),
        strict=True,
    )
)
TYPE_MARKERS = dict(zip(FOREST_TYPES, "oP^sD", strict=True))
TYPE_NAMES = {
    "ENF": "evergreen needleleaf",
    "EBF": "evergreen broadleaf",
    "DNF": "deciduous needleleaf",
    "DBF": "deciduous broadleaf",
    "MF": "mixed forest",
}
MODEL_LABELS = {NETWORK: "CNN (this work)", "svr": "SVR", "lightgbm": "LightGBM"}
NETWORK_COLOUR = "#D55E00"
OTHER_COLOURS = ("#0072B2", "#009E73", "#7B5AA6", "#56B4E9", "#8C6D31", "#595959")
OTHER_MARKERS = "sD^vPX"
NEUTRAL = "#595959"
PALE = "#D0D0D0"

SPLIT_MARKERS = {"site": "o", "cluster": "s", "holdout": "^", "random": "D"}
SPLIT_LABELS = {
    "site": "by site",
    "cluster": "by 100 km cluster",
    "holdout": "held-out towers",
    "random": "random (optimistic)",
}
VARIABLE_LABELS = dict(
    zip(
        VARIABLES,
        ("NDVI", "EVI", "ET", "LST day", "LST night", "precipitation"),
        strict=True,
    )
)
FLUX_UNIT = r"gC m$^{-2}$ yr$^{-1}$"
SLOPE_UNIT = r"gC m$^{-2}$ yr$^{-2}$"
TOTAL_UNIT = r"PgC yr$^{-1}$"
TOTAL_SLOPE_UNIT = r"PgC yr$^{-2}$"
UPTAKE = "negative: uptake by the forest"


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
    def from_config(
        cls, figures: dict, *, pair: Sequence[int], simulated: bool
    ) -> "StyleSettings":
        """Settings of a run: its section `figures`, pair of years, kind of planet."""
        look = {key: value for key, value in figures.items() if key != "formats"}
        return cls(pair=(pair[0], pair[1]), simulated=simulated, **look)


def style(settings: StyleSettings) -> AbstractContextManager:
    """Context in which figures are drawn and saved; leaves matplotlib as it was."""
    size = settings.font_pt
    changes = {
        "font.family": "DejaVu Sans",  # comes with matplotlib: same glyphs everywhere
        "font.size": size,
        "axes.titlesize": size,
        "axes.labelsize": size,
        "xtick.labelsize": size - 1,
        "ytick.labelsize": size - 1,
        "legend.fontsize": size - 1,
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
    plain = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(session)}
    return mpl.rc_context(plain | changes)


def new_figure(settings: StyleSettings, *, height_mm: float) -> Figure:
    """An empty figure with a canvas of its own and a layout that cuts nothing off."""
    size = (settings.width_mm / MM_PER_INCH, height_mm / MM_PER_INCH)
    figure = Figure(figsize=size, dpi=settings.dpi, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04, wspace=0.02, hspace=0.03)
    return figure


def save(
    figure: Figure, path: Path, *, settings: StyleSettings, caption: str = ""
) -> None:
    """A PNG or PDF file, by the path's suffix; the same figure gives the same bytes.

    Parameters
    ----------
    figure : from `forestflux.pages.figures.drawing.draw`
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
    with style(settings):
        figure.savefig(path, dpi=settings.dpi, metadata=metadata[path.suffix])


def mark_simulated(figure: Figure) -> None:
    """Say on the figure itself that its planet is not the Earth."""
    figure.suptitle(
        "simulated planet, not the real Earth",
        x=0.995,
        ha="right",
        color="#B00020",
        fontsize=figure.axes[0].xaxis.label.get_size() - 1,
    )


def model_looks(models: Iterable[str]) -> dict[str, dict]:
    """Look of each model, in the order of figures: the network first and strongest."""
    names = sorted(set(models), key=lambda name: (name != NETWORK, name))
    looks = {}
    others = 0
    for name in names:
        if name == NETWORK:
            look = {"color": NETWORK_COLOUR, "marker": "o", "linewidth": 2, "zorder": 4}
        else:
            place = others % len(OTHER_COLOURS)
            look = {
                "color": OTHER_COLOURS[place],
                "marker": OTHER_MARKERS[place],
                "linewidth": 1,
                "zorder": 3,
            }
            others += 1
        looks[name] = look
    return looks


def model_label(name: str) -> str:
    """Name of a model as figures and report write it."""
    return MODEL_LABELS.get(name, name.replace("_", " "))


def subset_label(name: str) -> str:
    """`igbp=ENF` as ENF, `years=1` as sites scored in 1 year(s), `all` as all forests.

    `applicable=inside` is inside the area of applicability.
    """
    kind, _, value = name.partition("=")
    if kind == "applicable":
        return f"{value} the area of applicability"
    if kind == "years":
        return f"sites of {value} year{'' if value == '1' else 's'}"
    return "all forests" if name == "all" else (value or name).replace("_", " ")


def month_axis(ax: Axes) -> None:
    """Ticks at the middle of each month on an axis of the calendar's steps."""
    middles = (np.arange(12) + 0.5) * STEPS / 12 - 0.5
    ax.set_xticks(middles, list("JFMAMJJASOND"))


def letter(axes: Iterable[Axes]) -> None:
    """Put (a), (b), ... before the titles of panels, in reading order."""
    for place, ax in enumerate(axes):
        title = ax.get_title(loc="left")
        ax.set_title(f"({chr(ord('a') + place)}) {title}".strip(), loc="left")
