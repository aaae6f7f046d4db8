"""Wiring of rule explorer: a page to explore that loads nothing from elsewhere."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.change.change_schemas import PAIR
from forestflux.core.grid import Grid
from forestflux.core.products import InputSeries
from forestflux.evaluation.evaluation_schemas import INTERANNUAL
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import read_json, write_text
from forestflux.jobs.stages import upstream_stores
from forestflux.pages.evidence import describe_evidence
from forestflux.pages.explorer.explorer_page import write_page
from forestflux.pages.explorer.page_data import MapFiles, RunFiles, collect_page_data


class Settings(Section):
    """What the page shows; no grid and no pair where the run has no maps."""

    run: str
    simulated: bool
    explorer: ExplorerSettings
    inputs: tuple[InputSeries, ...]
    grid: MappedGridSettings | None = None
    pair: tuple[int, int] | None = None


def main(
    *,
    model: Path,
    samples: Path,
    sample_table: Path,
    predictions: Path,
    interannual: Path,
    maps: list[Path],
    masks: list[Path],
    change: list[Path],
    settings: Settings,
    output: Path,
) -> None:
    """Write explorer.html; `change` is the manifest, totals and pair, if there are maps."""
    map_files = None
    if settings.grid and settings.pair:
        manifest, totals, _ = change
        map_files = MapFiles(
            maps=upstream_stores(*maps),
            masks=upstream_stores(*masks),
            change=upstream_stores(manifest).path("change"),
            totals=totals,
            grid=Grid(**settings.grid.model_dump()),
            pair=settings.pair,
        )
    data = collect_page_data(
        RunFiles(model, samples, sample_table, predictions),
        map_files,
        settings=settings.explorer,
    )
    page = write_page(
        data,
        inputs=settings.inputs,
        evidence=describe_evidence(
            INTERANNUAL.read_file(interannual, empty=True),
            members=len(read_json(model)["members"]),
            pair=PAIR.read_file(change[2]) if change else None,
        ),
        run=settings.run,
        simulated=settings.simulated,
    )
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
