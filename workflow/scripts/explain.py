"""Wiring of rule explain: what moves the estimate, what the network sees, if it is sane."""

from pathlib import Path

from forestflux.ensemble.model_folder import load_model
from forestflux.evaluation.explanation_sanity import sanity_table
from forestflux.evaluation.explanations import (
    activation_maps,
    map_table,
    occlusion_maps,
)
from forestflux.evaluation.integrated_gradients import (
    attribution_maps,
    attribution_table,
)
from forestflux.jobs import command_line
from forestflux.jobs.tables import write_table
from forestflux.prepare.sample_table import read_samples


def main(*, model: Path, samples: Path, seed: int, output: list[Path]) -> None:
    """Write the four tables of the stage."""
    trained, read = load_model(model), read_samples(samples.parent)
    occlusion = occlusion_maps(trained, read)
    signed, size = attribution_maps(trained, read)
    tables = {
        "importance": map_table(occlusion),
        "attributions": attribution_table(signed, size),
        "activations": activation_maps(trained, read),
        "sanity": sanity_table(
            trained, read, occlusion=occlusion, attribution=size, seed=seed
        ),
    }
    for path in output:
        write_table(tables[path.stem], path)


if __name__ == "__main__":
    command_line.run(main)
