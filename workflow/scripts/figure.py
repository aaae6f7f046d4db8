"""Wiring of rule figure: one figure from finished tables and maps."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.pages.figures.captions import caption_of
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_style import StyleSettings, save_figure


def main(*, name: str, results: Path, settings: dict, output: list[Path]) -> None:
    """Write the figure in every format."""
    style = StyleSettings.from_config(
        settings["figures"],
        pair=tuple(settings["pair"]),
        simulated=settings["simulated"],
    )
    figure = draw_figure(name, results, style_settings=style)
    caption = caption_of(
        name, pair=tuple(settings["pair"]), level=settings["level"]
    ).text
    for path in output:
        save_figure(figure, path, settings=style, caption=caption)


if __name__ == "__main__":
    command_line.run(main)
