"""Wiring of rule figure: one figure from finished tables and maps."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.settings.page_settings import FigureSettings
from forestflux.jobs.settings.section import Section
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_style import StyleSettings, save_figure


class Settings(Section):
    """What the job's numbers depend on."""

    figures: FigureSettings
    pair: tuple[int, int]
    simulated: bool
    column: bool


def main(
    *,
    function: str,
    caption: str,
    results: Path,
    settings: Settings,
    output: list[Path],
) -> None:
    """Write the figure in every format."""
    style = StyleSettings.of_run(
        settings.figures,
        pair=settings.pair,
        simulated=settings.simulated,
        column=settings.column,
    )
    figure = draw_figure(function, results, style_settings=style)
    for path in output:
        save_figure(figure, path, settings=style, caption=caption)


if __name__ == "__main__":
    command_line.run(main)
