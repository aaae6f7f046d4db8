"""Set-up and the demo in a fresh clone of the last commit, as a newcomer has them.

Nothing of this checkout is used but its commits: the clone makes an environment of its own.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    children_seconds,
    scratch_folder,
)

OPTIONS = {
    "targets": Option(
        ("env", "demo"), ("clean",), "of the Makefile, one after the other"
    ),
}


def measure(*, targets: tuple[str, ...]) -> Measured:
    """Seconds and processor seconds of each command."""
    rows = []
    with scratch_folder() as folder:
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        for target in targets:
            start, worked = time.perf_counter(), children_seconds()
            run_target(target, clone)
            rows.append(
                {
                    "command": f"make {target}",
                    "seconds": round(time.perf_counter() - start),
                    "core_seconds": round(children_seconds() - worked),
                }
            )
            sys.stderr.write(f"{rows[-1]}\n")
    return Measured(rows=rows)


def run_target(target: str, clone: Path) -> None:
    """Make a target of a clone as a user does, without anything of this environment.

    Raises
    ------
    SystemExit : it failed; with all that it wrote
    """
    own = ("PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS")
    given = {name: value for name, value in os.environ.items() if name not in own}
    log = clone.parent / f"{target}.log"
    with log.open("w") as output:
        status = subprocess.run(
            ["make", target],
            cwd=clone,
            env=given | {"PATH": path_without_environment()},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status:
        raise SystemExit(
            f"{log.read_text()}\nmake {target}: failed with status {status}"
        )


def path_without_environment() -> str:
    """The path on which commands are found, without the environment of this Python."""
    own = str(Path(sys.executable).parent)
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != own)
