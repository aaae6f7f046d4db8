"""Wiring of rule final_check: the run ends with an error where a gate failed."""

import logging
import sys
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.evaluation.gates.gates_manifest import GatesManifest
from forestflux.jobs.manifests import read_manifest
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import write_json

log = logging.getLogger("forestflux.final_check")


class Settings(Section):
    """What the job's numbers depend on."""

    fail: bool


def main(*, gates: Path, report: Path, settings: Settings, output: Path) -> None:
    """Write final_check.json, or one line for each failed gate and exit status 1."""
    found = read_manifest(gates, GatesManifest)
    for line in found.failed:
        log.error(line)
    if found.failed and settings.fail:
        lines = [*found.failed, f"{len(found.failed)} gates failed; see {report}"]
        sys.exit("\n".join(lines))
    write_json(output, {"counts": found.counts})


if __name__ == "__main__":
    command_line.run(main)
