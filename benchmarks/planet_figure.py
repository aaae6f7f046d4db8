"""Figure of the planets: each change that was mapped beside the true one, and what holds."""

from collections.abc import Sequence
from pathlib import Path

from forestflux.core.names import FLUXES

COLOURS = {"easy": "#0072B2", "hard": "#D55E00"}
MARKERS = {"gpp": "o", "reco": "s", "nee": "^"}
AIM = (0.85, 0.95)


def draw_planets(rows: Sequence[dict], path: Path) -> None:
    """Above: true and mapped change of all forest. Below: share of truths inside.

    Parameters
    ----------
    rows : of the record of `benchmarks.planets`
    path : the picture to write
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(7.2, 7.6), layout="constrained")
    above, below = figure.subfigures(2, height_ratios=[3, 5])
    changes = [
        row for row in rows if row["group"] == "globe" and row["quantity"] == "change"
    ]
    for axis, flux in zip(above.subplots(1, 3), FLUXES, strict=True):
        draw_changes(axis, [row for row in changes if row["flux"] == flux])
        axis.set(title=flux.upper(), xlabel="true change (PgC yr$^{-1}$)")
    above.axes[0].set_ylabel("mapped (PgC yr$^{-1}$)")
    marks = above.axes[0].get_legend_handles_labels()
    above.legend(*marks, loc="outside lower center", ncols=2, frameon=False)
    shares = [row for row in rows if row["group"] == "coverage"]
    pair = below.subplots(1, 2, sharex=True, sharey=True)
    for axis, kind in zip(pair, COLOURS, strict=True):
        draw_coverage(axis, [row for row in shares if row["planet"] == kind])
        axis.set(title=f"{kind} planets", xlabel="truths inside (%)")
    pair[0].invert_yaxis()
    marks = pair[0].get_legend_handles_labels()
    below.legend(*marks, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_changes(axis, changes: Sequence[dict]) -> None:  # noqa: ANN001 - matplotlib is loaded late
    """Mapped against true changes of one flux, a line where they are equal."""
    for kind, colour in COLOURS.items():
        own = [row for row in changes if row["kind"] == kind]
        mapped = [row["mapped"] for row in own]
        ends = [
            [row["mapped"] - row["lower"] for row in own],
            [row["upper"] - row["mapped"] for row in own],
        ]
        axis.errorbar(
            [row["truth"] for row in own],
            mapped,
            yerr=ends,
            fmt="o",
            markersize=3.5,
            linewidth=0.7,
            color=colour,
            label=kind,
        )
    ends = [value for row in changes for value in (row["truth"], row["mapped"])]
    if ends:
        axis.axline((min(ends), min(ends)), slope=1, color="0.5", linewidth=0.8)


def draw_coverage(axis, shares: Sequence[dict]) -> None:  # noqa: ANN001 - matplotlib is loaded late
    """Share of truths inside by quantity and division, a mark a flux, and the aim."""
    axis.axvspan(*(100 * end for end in AIM), color="0.9", linewidth=0)
    for flux, marker in MARKERS.items():
        own = [(row[flux], place) for place, row in enumerate(shares) if flux in row]
        axis.scatter(
            [100 * share for share, _ in own],
            [place for _, place in own],
            marker=marker,
            s=18,
            label=flux.upper(),
        )
    labels = [f"{row['quantity']}, {row['division']}" for row in shares]
    axis.set_yticks(range(len(shares)), labels)
    axis.grid(axis="y", linewidth=0.3)
