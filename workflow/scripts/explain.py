"""Wiring of rule explain: what each variable in each month does to the estimate."""

from pathlib import Path

from forestflux import job
from forestflux.explain import importance
from forestflux.model import load_model
from forestflux.samples import read_samples
from forestflux.tables import write_table


def main(*, model: Path, samples: Path, output: Path) -> None:
    """Write importance.csv."""
    table = importance(load_model(model), read_samples(samples.parent))
    write_table(table, output)


if __name__ == "__main__":
    job.run(main)
