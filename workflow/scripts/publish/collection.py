"""Wiring of rule collection: what the products of all years share."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import write_text
from forestflux.publish.data_dictionary import data_dictionary
from forestflux.publish.stac import build_collection, write_stac


class Settings(Section):
    """What the job's numbers depend on."""

    run: str
    source: str
    grid: MappedGridSettings
    level: float
    months: bool
    publish: PublishSettings


def main(
    *,
    years: list[int],
    card: Path,
    settings: Settings,
    dictionary: Path,
    card_copy: Path,
    collection: Path,
) -> None:
    """Write data_dictionary.md and model_card.md, then the collection that links to them."""
    to_choose = settings.publish.to_choose()
    grid = Grid(**settings.grid.model_dump())
    words = data_dictionary(
        level=settings.level,
        region=grid.is_region,
        months=settings.months,
        to_choose=to_choose,
    )
    write_text(dictionary, words)
    write_text(card_copy, card.read_text())
    simulated = settings.source == "simulated"
    where = "a simulated planet, not the Earth" if simulated else "the world"
    part = "a region of " if grid.is_region else ""
    content = build_collection(
        settings.run,
        years,
        grid,
        title=f"Annual GPP, RECO and NEE of the forests of {part}{where}",
        license=settings.publish.license,
        months=settings.months,
        to_choose=to_choose,
    )
    write_stac(content, collection)


if __name__ == "__main__":
    command_line.run(main)
