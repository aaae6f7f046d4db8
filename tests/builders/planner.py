"""Commands of snakemake that run no job, each in a fork of a process that has imported it.

Importing snakemake and what the rule files need takes longer than planning. Only the packages
of others are kept: every fork imports forestflux from the project that it is asked about.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.builders.paths import ROOT


class Planner:
    """A process that answers such commands, started on first use."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.process: subprocess.Popen | None = None

    def ask(
        self, project: Path, words: list[str], environment: dict
    ) -> subprocess.CompletedProcess:
        """What a snakemake command line prints and returns in a project."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.builders.planner"],
                cwd=ROOT,
                # Forking is safe as long as no library has started a thread of its own.
                env=environment | {"OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        request = {"project": str(project), "words": words}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        return subprocess.CompletedProcess(words, **answer)


def warm_up() -> None:
    """Import everything that a plan needs, and forget forestflux again."""
    import snakemake.cli  # noqa: F401

    sys.path.insert(0, str(ROOT / "src"))
    import forestflux.jobs.configuration
    import forestflux.pages.figures.figure_registry
    import forestflux.sources.source_registry
    import forestflux.towers.fluxnet.file_names
    import forestflux.towers.tower_years  # noqa: F401

    sys.path.remove(str(ROOT / "src"))
    for name in [name for name in sys.modules if name.split(".")[0] == "forestflux"]:
        del sys.modules[name]


def answer(project: str, words: list[str]) -> dict:
    """Run one command in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        fork = os.fork()
        if fork == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(run(project, words))
        _, status = os.waitpid(fork, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    code = os.waitstatus_to_exitcode(status)
    return {"returncode": code, "stdout": texts[0], "stderr": texts[1]}


def run(project: str, words: list[str]) -> int:
    """Run snakemake as its command does; its exit status."""
    from snakemake.cli import main

    os.chdir(project)
    sys.path[0] = project
    try:
        main(words)
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    warm_up()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)
