"""Wiring of rule report: one page that works offline."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import write_text
from forestflux.pages.report.report_page import write_report


class Settings(Section):
    """What the report shows."""

    configuration: Configuration


def main(
    *,
    tables: list[Path],
    figures: list[Path],
    benchmarks: Path,
    settings: Settings,
    output: Path,
) -> None:
    """Write report.html."""
    page = write_report(
        {path.stem: path for path in tables},
        {path.stem: path for path in figures if path.suffix == ".png"},
        benchmarks=benchmarks,
        configuration=settings.configuration,
    )
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
