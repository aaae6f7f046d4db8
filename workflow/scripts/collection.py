"""Wiring of rule collection: what the products of all years share."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.store import write_json, write_text
from forestflux.publish.data_dictionary import data_dictionary
from forestflux.publish.stac import collection


def main(*, years: list[int], card: Path, settings: dict, output: Path) -> None:
    """Write data_dictionary.md, model_card.md and last collection.json."""
    write_text(
        output.with_name("data_dictionary.md"),
        data_dictionary(level=settings["level"]),
    )
    write_text(output.with_name("model_card.md"), card.read_text())
    simulated = settings["source"] == "simulated"
    where = "a simulated planet, not the Earth" if simulated else "the world"
    write_json(
        output,
        collection(
            settings["run"],
            years,
            title=f"Annual GPP, RECO and NEE of the forests of {where}",
            license=settings["license"],
        ),
    )


if __name__ == "__main__":
    command_line.run(main)
