"""Wiring of rule explain: what each variable in each month does to the estimate."""

from pathlib import Path

from forestflux import job
from forestflux.explain import activation_maps, importance
from forestflux.model import load_model
from forestflux.samples import read_samples
from forestflux.tables import write_table


def main(
    *, model: Path, samples: Path, importance_table: Path, activations: Path
) -> None:
    """Write importance.csv and activations.csv."""
    trained, read = load_model(model), read_samples(samples.parent)
    write_table(importance(trained, read), importance_table)
    write_table(activation_maps(trained, read), activations)


if __name__ == "__main__":
    job.run(main)
