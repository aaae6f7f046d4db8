"""Wiring of rule explain: what moves the estimate, what the network sees, if it is sane."""

from pathlib import Path

from forestflux.ensemble.model_folder import load_model
from forestflux.evaluation.explanation_sanity import sanity_table
from forestflux.evaluation.explanations import (
    importance_table,
    measure_activation,
    measure_occlusion,
)
from forestflux.evaluation.integrated_gradients import (
    attribution_table,
    measure_attribution,
)
from forestflux.jobs import command_line
from forestflux.jobs.tables import write_table
from forestflux.prepare.sample_table import read_samples


def main(*, model: Path, samples: Path, seed: int, output: list[Path]) -> None:
    """Write the four tables of the stage."""
    trained, read = load_model(model), read_samples(samples)
    occlusion = measure_occlusion(trained, read)
    signed, size = measure_attribution(trained, read)
    tables = {
        "importance": importance_table(occlusion),
        "attributions": attribution_table(signed, size),
        "activations": measure_activation(trained, read),
        "sanity": sanity_table(
            trained, read, occlusion=occlusion, attribution=size, seed=seed
        ),
    }
    for path in output:
        write_table(tables[path.stem], path)


if __name__ == "__main__":
    command_line.run(main)
