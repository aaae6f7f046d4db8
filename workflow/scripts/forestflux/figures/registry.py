"""The figures by name: where each is drawn, what it reads. Nothing heavy is imported.

The workflow asks this table when it plans a run, so that each figure depends on its own
module and its own inputs only.
"""

from dataclasses import dataclass

from forestflux.errors import InputError


@dataclass(frozen=True)
class Entry:
    """One figure.

    Attributes
    ----------
    module : module of `forestflux.figures`
    function : `function(results, *, settings) -> Figure` in that module
    needs : files of the run that it reads; `maps/first.zarr` and `maps/second.zarr`
        stand for the maps of the pair of years
    """

    module: str
    function: str
    needs: tuple[str, ...]


# In the order of a paper.
FIGURES = {
    "towers": Entry("towers", "draw_towers", ("samples/samples.csv",)),
    "timeline": Entry("timeline", "draw_timeline", ("samples/samples.csv",)),
    "network": Entry(
        "network", "draw_network", ("model/model.json", "samples/samples.json")
    ),
    "scatter": Entry(
        "skill", "draw_scatter", ("evaluate/predictions.csv", "evaluate/scores.csv")
    ),
    "scores": Entry("skill", "draw_scores", ("evaluate/scores.csv",)),
    "calibration": Entry(
        "robustness", "draw_calibration", ("evaluate/calibration.csv",)
    ),
    "gap_curve": Entry("robustness", "draw_gap_curve", ("evaluate/gaps.csv",)),
    "importance": Entry("importance", "draw_importance", ("explain/importance.csv",)),
    "attributions": Entry(
        "attributions", "draw_attributions", ("explain/attributions.csv",)
    ),
    "activations": Entry(
        "activations", "draw_activations", ("explain/activations.csv",)
    ),
    "maps": Entry("fluxmaps", "draw_maps", ("maps/first.zarr", "maps/second.zarr")),
    "uncertainty": Entry("fluxmaps", "draw_uncertainty", ("maps/second.zarr",)),
    "zonal": Entry("totals", "draw_zonal", ("change/zonal.csv",)),
    "series": Entry("totals", "draw_series", ("change/totals.csv",)),
    "regions": Entry(
        "regions", "draw_regions", ("change/series.csv", "change/regions.csv")
    ),
    "change": Entry(
        "fluxmaps", "draw_change", ("change/change.json", "change/significance.csv")
    ),
    "windows": Entry(
        "strata", "draw_windows", ("change/regions.csv", "change/windows.csv")
    ),
    "decomposition": Entry(
        "strata", "draw_decomposition", ("change/decomposition.csv",)
    ),
    "drivers": Entry(
        "drivers",
        "draw_drivers",
        ("counterfactual/drivers.csv", "counterfactual/drivers.json"),
    ),
    "change_table": Entry("totals", "draw_change_table", ("change/pair.csv",)),
    "recovery": Entry("recovery", "draw_recovery", ("recovery/recovery.csv",)),
}


def needs() -> dict[str, tuple[str, ...]]:
    """Files that each figure reads, relative to the run's folder.

    A run without maps draws those figures that need nothing below `maps/`, `change/`,
    `counterfactual/` and `recovery/`. `change/change.json` is the manifest of
    `change/change.zarr`, and so on.
    """
    return {name: entry.needs for name, entry in FIGURES.items()}


def module_of(name: str) -> str:
    """Module of a figure, `skill` for `scores`.

    Raises
    ------
    InputError : there is no figure of this name
    """
    return find(name).module


def find(name: str) -> Entry:
    """The entry of a figure; see `module_of` for what it raises."""
    if name not in FIGURES:
        raise InputError(
            "figures", variable="name", expected=" or ".join(FIGURES), found=name
        )
    return FIGURES[name]
