"""Wiring of rule report: one page that works offline."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.settings.section import Section
from forestflux.jobs.store import write_text
from forestflux.pages.report.report_page import write_report


class Settings(Section):
    """What the report shows."""

    configuration: Configuration
    figures: tuple[str, ...]


def main(*, results: Path, settings: Settings, output: Path) -> None:
    """Write report.html."""
    page = write_report(
        results, figures=list(settings.figures), configuration=settings.configuration
    )
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
