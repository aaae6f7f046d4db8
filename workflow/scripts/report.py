"""Wiring of rule report: one page that works offline."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.store import write_text
from forestflux.pages.report.report_page import write_report


def main(*, results: Path, settings: dict, output: Path) -> None:
    """Write report.html."""
    page = write_report(results, figures=settings["figures"], config=settings["config"])
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
