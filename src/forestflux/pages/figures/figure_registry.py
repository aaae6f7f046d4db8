"""The figures by name: where each is drawn, what it reads. Nothing heavy is imported.

The workflow asks this table when it plans a run, and tells the job of a figure what to call and
what its caption is. A figure so depends on its entry, its caption, the files that it reads, its
module and the modules that this one imports, on no other figure's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One figure.

    Attributes
    ----------
    module : below `forestflux.pages.figures`
    function : `function(results, *, settings) -> Figure` in that module
    needs : files of the run that it reads; `maps/first.zarr` and `maps/second.zarr`
        stand for the maps of the pair of years
    column : whether the figure can be read in one column of a journal
    """

    module: str
    function: str
    needs: tuple[str, ...]
    column: bool = True

    @property
    def full_module(self) -> str:
        """Full name of the module."""
        return f"forestflux.pages.figures.{self.module}"

    @property
    def full_function(self) -> str:
        """Full name of the function."""
        return f"{self.full_module}.{self.function}"


# In the order of a report: what answers first, then that of a paper.
FIGURES = {
    "level_map": Entry(
        "globe.answer_figures", "draw_level_map", ("maps/second.zarr",), column=False
    ),
    "change_map": Entry(
        "globe.answer_figures",
        "draw_change_map",
        ("change/change.json", "change/significance.csv"),
        column=False,
    ),
    "truth_series": Entry(
        "globe.answer_figures",
        "draw_truth_series",
        ("change/totals.csv", "recovery/recovery.csv"),
        column=False,
    ),
    "tower_series": Entry(
        "globe.answer_figures",
        "draw_tower_series",
        ("change/totals.csv", "evaluate/predictions.csv"),
        column=False,
    ),
    "towers": Entry("skill.tower_map", "draw_towers", ("samples/samples.csv",)),
    "timeline": Entry(
        "skill.tower_timeline",
        "draw_timeline",
        ("samples/samples.csv",),
        column=False,
    ),
    "network": Entry(
        "skill.network_figure",
        "draw_network",
        ("model/model.json", "samples/samples.json"),
        column=False,
    ),
    "scatter": Entry(
        "skill.score_figures",
        "draw_scatter",
        ("evaluate/predictions.csv", "evaluate/scores.csv"),
    ),
    "scores": Entry("skill.score_figures", "draw_scores", ("evaluate/scores.csv",)),
    "calibration": Entry(
        "skill.gap_figures", "draw_calibration", ("evaluate/calibration.csv",)
    ),
    "seasons": Entry(
        "skill.season_figure", "draw_seasons", ("months/predictions.csv",), column=False
    ),
    "gap_curve": Entry("skill.gap_figures", "draw_gap_curve", ("evaluate/gaps.csv",)),
    "importance": Entry(
        "skill.importance_figure", "draw_importance", ("explain/importance.csv",)
    ),
    "attributions": Entry(
        "skill.attribution_figure", "draw_attributions", ("explain/attributions.csv",)
    ),
    "activations": Entry(
        "skill.activation_figure", "draw_activations", ("explain/activations.csv",)
    ),
    "maps": Entry(
        "globe.flux_maps", "draw_maps", ("maps/first.zarr", "maps/second.zarr")
    ),
    "uncertainty": Entry("globe.flux_maps", "draw_uncertainty", ("maps/second.zarr",)),
    "zonal": Entry(
        "globe.total_figures", "draw_zonal", ("change/zonal.csv", "change/totals.csv")
    ),
    "month_zones": Entry(
        "globe.month_zone_figure",
        "draw_month_zones",
        ("months/zones.csv",),
        column=False,
    ),
    "series": Entry(
        "globe.total_figures", "draw_series", ("change/totals.csv",), column=False
    ),
    "regions": Entry(
        "globe.region_figures",
        "draw_regions",
        ("change/regions.csv", "change/region_changes.csv", "change/totals.csv"),
    ),
    "change": Entry(
        "globe.flux_maps",
        "draw_change",
        ("change/change.json", "change/significance.csv"),
        column=False,
    ),
    "windows": Entry(
        "globe.stratum_figures",
        "draw_windows",
        ("change/region_changes.csv", "change/windows.csv", "change/totals.csv"),
    ),
    "decomposition": Entry(
        "globe.stratum_figures",
        "draw_decomposition",
        (
            "change/decomposition.csv",
            "change/region_changes.csv",
            "change/totals.csv",
        ),
    ),
    "drivers": Entry(
        "globe.driver_figures",
        "draw_drivers",
        ("drivers/drivers.csv", "drivers/drivers.json", "change/totals.csv"),
    ),
    "change_table": Entry(
        "globe.total_figures",
        "draw_change_table",
        ("change/pair.csv", "change/totals.csv"),
    ),
    "comparison": Entry(
        "globe.comparison_figure",
        "draw_comparison",
        (
            "compare/comparison.csv",
            "compare/compared_zones.csv",
            "compare/compare.json",
        ),
        column=False,
    ),
    "recovery": Entry(
        "globe.recovery_figure",
        "draw_recovery",
        ("recovery/recovery.csv", "change/totals.csv", "change/pair.csv"),
        column=False,
    ),
}


def needs() -> dict[str, tuple[str, ...]]:
    """Files that each figure reads, relative to the run's folder.

    A run without maps draws those figures that need nothing below `maps/`, `change/`,
    `drivers/`, `compare/`, `recovery/` and `months/`. `change/change.json` is the manifest of
    `change/change.zarr`, and so on.
    """
    return {name: entry.needs for name, entry in FIGURES.items()}
