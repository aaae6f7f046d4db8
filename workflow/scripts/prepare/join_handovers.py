"""Wiring of rule join_handovers: the differences over all places, told in the log too."""

import logging
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.prepare.handover_table import HANDOVERS, describe_rows, join_places

log = logging.getLogger(__name__)


def main(*, parts: list[Path], table: Path) -> None:
    """Write handover.csv."""
    joined = join_places(HANDOVERS.read_file(part) for part in parts)
    for line in describe_rows(joined):
        log.info("%s", line)
    HANDOVERS.write(joined, table)


if __name__ == "__main__":
    command_line.run(main)
