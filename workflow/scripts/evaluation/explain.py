"""Wiring of rule explain: what moves the estimate, what the network sees, if it is sane."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.ensemble.model_folder import load_model
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES
from forestflux.evaluation.explain.explanation_sanity import tabulate_sanity
from forestflux.evaluation.explain.explanations import (
    measure_occlusion,
    tabulate_activations,
    tabulate_importance,
)
from forestflux.evaluation.explain.integrated_gradients import (
    measure_attribution,
    tabulate_attributions,
)
from forestflux.jobs.tables import write_tables
from forestflux.prepare.sample_table import read_samples


def main(*, model: Path, samples: Path, seed: int, tables: list[Path]) -> None:
    """Write the four tables of the stage."""
    # In float32, so that the fast path gives the same tables on every processor.
    trained = load_model(model).accelerate(device="cpu", precision="float32")
    read = read_samples(samples)
    occlusion = measure_occlusion(trained, read)
    signed, size = measure_attribution(trained, read)
    made = {
        "importance": tabulate_importance(occlusion),
        "attributions": tabulate_attributions(signed, size),
        "activations": tabulate_activations(trained, read),
        "sanity": tabulate_sanity(
            trained, read, occlusion=occlusion, attribution=size, seed=seed
        ),
    }
    write_tables(made, tables, EVALUATION_TABLES)


if __name__ == "__main__":
    command_line.run(main)
