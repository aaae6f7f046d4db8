"""Wiring of rule report: one page that works offline."""

from pathlib import Path

from forestflux import job
from forestflux.report.page import write_report
from forestflux.store import write_text


def main(*, results: Path, settings: dict, output: Path) -> None:
    """Write report.html."""
    page = write_report(results, figures=settings["figures"], config=settings["config"])
    write_text(output, page)


if __name__ == "__main__":
    job.run(main)
