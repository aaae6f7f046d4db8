"""Months by latitude: when the forests of each zone take up and release carbon."""

from pathlib import Path

import numpy as np
from cmcrameri import cm
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure

from forestflux.change.month_zones import MONTH_ZONES
from forestflux.core.calendars.months import MONTHS
from forestflux.core.names import FLUXES
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import MONTH_UNIT, UPTAKE

# Height of a zone that is the only one, degrees.
LONE_HEIGHT = 1.0
COLOURS = {"gpp": cm.bamako_r, "reco": cm.lajolla_r, "nee": cm.vik}


def draw_month_zones(results: Path, *, settings: StyleSettings) -> Figure:
    """Mean flux of a month by latitude, one panel a flux."""
    table = MONTH_ZONES.read(results)
    figure = new_figure(settings, height_mm=95)
    axes = figure.subplots(1, len(FLUXES), sharey=True)
    for ax, flux in zip(axes, FLUXES, strict=True):
        wide = table.pivot_table(index="latitude", columns="month", values=flux)
        rows, width = fill_rows(wide.index.to_numpy(float))
        values = wide.reindex(rows, method="nearest", tolerance=1e-6).to_numpy(float)
        largest = float(np.nanmax(np.abs(values))) or 1.0
        norm: Normalize = Normalize(0, largest)
        if flux == "nee":
            norm = TwoSlopeNorm(0, -largest, largest)
        # Edges, not middles: a single zone has a height too.
        mesh = ax.pcolormesh(
            np.arange(MONTHS + 1) + 0.5,
            np.append(rows, rows[-1] + width) - width / 2,
            values,
            cmap=COLOURS[flux],
            norm=norm,
            rasterized=True,
        )
        ax.set_title(flux.upper())
        ax.set_xticks(range(1, 13), list("JFMAMJJASOND"))
        label = f"{flux.upper()} ({MONTH_UNIT})"
        label += f"\n{UPTAKE}" if flux == "nee" else ""
        figure.colorbar(
            mesh, ax=ax, location="bottom", aspect=25, pad=0.02, label=label
        )
    axes[0].set_ylabel("latitude (degrees north)")
    letter_panels(axes)
    return figure


def fill_rows(latitudes: np.ndarray) -> tuple[np.ndarray, float]:
    """Middles of all zones from the first to the last, those without forest too; their height."""
    width = np.diff(latitudes).min() if len(latitudes) > 1 else LONE_HEIGHT
    count = round((latitudes[-1] - latitudes[0]) / width) + 1
    return latitudes[0] + width * np.arange(count), width
