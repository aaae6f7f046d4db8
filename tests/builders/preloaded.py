"""Programs that start at once: every run is a fork of a process that has imported the packages.

Importing what a plan or a job needs takes longer than most jobs of the tests. Only the packages
of others are kept: every fork imports forestflux anew, from the project that it runs in. The demo,
runs on a cluster and runs that are killed start their own processes, as those of a user do.
"""

import atexit
import gc
import json
import os
import runpy
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.builders.paths import ROOT

SCRIPTS = ROOT / "workflow" / "scripts"
SOCKET = "socket"

# Asks the process for a fork that runs a script. It runs `python -c` and `python -m` itself.
ASK = """
import json, os, socket, sys
address, *words = sys.argv[1:]
if not words or words[0].startswith("-"):
    os.execv(sys.executable, [sys.executable, *words])
request = {"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}
content = json.dumps(request).encode()
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(address)
    socket.send_fds(connection, [len(content).to_bytes(8)], [0, 1, 2])
    connection.sendall(content)
    status = connection.recv(1)
sys.exit(status[0] if status else "the process that has imported the packages has ended")
"""


class Preloaded:
    """Such a process, started on first use; it ends with the one that started it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._folder: Path | None = None
        self._process: psutil.Process | None = None

    @property
    def folder(self) -> Path:
        """A folder with the programs `python` and `snakemake`."""
        if self._folder is None:
            self._folder, process = start()
            self._process = psutil.Process(process.pid)
        return self._folder

    def processor_time(self) -> float:
        """Seconds that the process and its ended forks have computed."""
        return sum(self._process.cpu_times()[:4]) if self._process else 0.0


def start() -> tuple[Path, subprocess.Popen]:
    """The folder of its programs, and the process, which has imported everything."""
    # Short, because a socket's path may have 108 characters.
    folder = Path(tempfile.mkdtemp())
    (folder / "ask.py").write_text(ASK)
    address = folder / SOCKET
    for name, script in {
        "python": [],
        "snakemake": [shutil.which("snakemake")],
    }.items():
        words = [sys.executable, "-IS", folder / "ask.py", address, *script]
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
        program.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.builders.preloaded", str(address)],
        cwd=ROOT,
        # Forking is safe as long as no library has started a thread of its own.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    assert process.stdout.readline() == b"ready\n"
    return folder, process


def warm_up() -> None:
    """Import all that scripts and rule files need, and forget forestflux again."""
    import snakemake.cli
    import snakemake.executors.local  # noqa: F401

    path = list(sys.path)
    sys.path.insert(0, str(ROOT / "src"))
    for script in sorted(SCRIPTS.rglob("*.py")):
        # The preview's map needs packages that only its own environment has.
        with suppress(ImportError):
            runpy.run_path(str(script), run_name="imported")
    sys.path[:] = path
    for name in [name for name in sys.modules if name.split(".")[0] == "forestflux"]:
        del sys.modules[name]
    # The package has set its own, and a fork keeps no thread but the one that forks.
    sys.excepthook = sys.__excepthook__
    assert threading.active_count() == 1, threading.enumerate()
    # Forks share the memory of what is never looked at again.
    gc.freeze()


class Request(NamedTuple):
    """A script to run.

    Attributes
    ----------
    words : the script and its arguments
    folder : to run it in
    environment : of the program that asked
    files : its standard input, output and error
    """

    words: list[str]
    folder: str
    environment: dict[str, str]
    files: list[int]

    @classmethod
    def of(cls, connection: socket.socket) -> "Request":
        """What a program asks for."""
        size, files, _, _ = socket.recv_fds(connection, 8, 3)
        with connection.makefile("rb") as stream:
            return cls(**json.loads(stream.read(int.from_bytes(size))), files=files)

    def run(self, path: list[str]) -> None:
        """Run the script as `python` does, with this search path behind its own."""
        for number, file in enumerate(self.files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)
        own = [os.path.dirname(os.path.abspath(self.words[0]))]
        own += filter(None, self.environment.get("PYTHONPATH", "").split(os.pathsep))
        sys.path[:] = [*own, *path]
        sys.argv[:] = self.words
        try:
            runpy.run_path(self.words[0], run_name="__main__")
        except SystemExit as end:
            leave(end.code)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            leave(1)
        leave(0)


def leave(code: object) -> None:
    """End a fork as Python does, but do not take all modules apart, which lasts a second."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


def serve(listener: socket.socket) -> Request | None:
    """In a fork, the request that it is for; None in the process itself, at the end.

    A fork is killed when the program that asked for it is.
    """
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    forks: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return None
            if key.fileobj is listener:
                connection, _ = listener.accept()
                request = Request.of(connection)
                pid = os.fork()
                if pid == 0:
                    os.setpgid(0, 0)
                    for part in (selector, listener, connection):
                        part.close()
                    return request
                for file in request.files:
                    os.close(file)
                end = os.pidfd_open(pid)
                forks[end] = pid, connection
                selector.register(end, selectors.EVENT_READ)
                selector.register(connection, selectors.EVENT_READ, data=end)
            elif key.data is not None and key.data in forks:
                os.kill(forks[key.data][0], signal.SIGKILL)
                selector.unregister(key.fileobj)
            elif key.fd in forks:
                finish(selector, *forks.pop(key.fd), end=key.fd)


def finish(
    selector: selectors.BaseSelector, pid: int, connection: socket.socket, *, end: int
) -> None:
    """Tell the program that asked how its fork has ended."""
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    selector.unregister(end)
    os.close(end)
    if connection in {key.fileobj for key in selector.get_map().values()}:
        selector.unregister(connection)
        connection.sendall(bytes([code if code >= 0 else 128 - code]))
    connection.close()


def main(address: str) -> None:
    """Import everything, then serve until standard input ends."""
    # The first entry is the folder of the tests.
    path = sys.path[1:]
    warm_up()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    print("ready", flush=True)
    request = serve(listener)
    if request is not None:
        request.run(path)


if __name__ == "__main__":
    main(sys.argv[1])
