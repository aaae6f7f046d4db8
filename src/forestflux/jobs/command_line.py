"""How a script becomes a job: flags from a signature, a log, one line for bad input."""

import argparse
import errno
import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType, TracebackType, UnionType
from typing import Any, get_args

from pydantic import BaseModel

from forestflux.core.input_errors import InputError
from forestflux.core.reading.plain_text import (
    escape_unprintable,
    hide_credentials,
    show_plainly,
)
from forestflux.jobs.freed_memory import keep_freed_memory


def run(
    main: Callable[..., None],
    *,
    program: str | None = None,
    words: Sequence[str] | None = None,
) -> None:
    """Call `main` with the flags of the command line and end the process.

    Every keyword of `main` is a flag of the same name; its annotation says how the flag
    is read: `Path`, `str`, `int`, a section of settings (JSON), `list[...]` (words),
    `bool` (`--name` and `--no-name`). A keyword without a default is required. What is no
    keyword only comes first, without a flag. `--log FILE` is always there: facts and
    failures are added to it, try after try; progress bars go to the terminal only. Exit
    status 1 says that the job failed and that one line on the terminal says why.

    Parameters
    ----------
    program, words : name and command line; those of the process where not given
    """
    parser = parser_of(main, program=program)
    arguments = vars(parser.parse_args(words))
    log = arguments.pop("log")
    configure_logging(log)
    keep_freed_memory()
    if log is not None:  # a heading for each try
        logging.getLogger("forestflux").info("---- %s starts ----", parser.prog)
    try:
        main(**arguments)
    except InputError as error:
        fail(parser.prog, str(error), log)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            report_defect(parser.prog, error, log)
        fail(parser.prog, storage_line(error), log)
    except Exception as error:
        report_defect(parser.prog, error, log)


def missing_package(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """One line for a package that this machine's Python lacks; else Python's own words."""
    if not isinstance(error, ModuleNotFoundError):
        sys.__excepthook__(kind, error, trace)
        return
    package = str(error.name).partition(".")[0]
    sys.stderr.write(
        f"{Path(sys.argv[0]).name}: error: {sys.executable}: package {package}:"
        " expected the environment of the project (make env), found none\n"
    )


# A script imports this module before those of the project that need heavy packages.
sys.excepthook = missing_package


def parser_of(
    main: Callable[..., None], *, program: str | None = None
) -> argparse.ArgumentParser:
    """A parser with one flag for each keyword of `main`."""
    parser = argparse.ArgumentParser(prog=program, description=inspect.getdoc(main))
    for name, parameter in inspect.signature(main).parameters.items():
        kind = parameter.annotation
        if isinstance(kind, UnionType):  # what may be missing is read as what it is
            kind = next(each for each in get_args(kind) if each is not NoneType)
        if parameter.kind is not parameter.KEYWORD_ONLY:
            parser.add_argument(name, metavar=name.upper(), type=reader_of(kind))
            continue
        options: dict[str, Any] = {
            "dest": name,
            "required": parameter.default is inspect.Parameter.empty,
            "default": parameter.default,
        }
        if kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        else:
            several = getattr(kind, "__origin__", None) is list
            read = kind.__args__[0] if several else kind
            options |= {"type": reader_of(read), "nargs": "*" if several else None}
        parser.add_argument(f"--{name.replace('_', '-')}", **options)
    parser.add_argument("--log", type=Path, default=None)
    return parser


def reader_of(kind: Any) -> Callable[[str], Any]:  # noqa: ANN401 - any annotation
    """What turns the text of a flag into a value of its type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_validate_json
    return kind


class PlainFormatter(logging.Formatter):
    """Records without credentials and control characters: they may quote foreign text."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record, a traceback among them."""
        text = hide_credentials(super().format(record))
        return "\n".join(map(escape_unprintable, text.splitlines()))


def configure_logging(log: Path | None) -> None:
    """Send log records to the end of the job's file, or to the terminal where there is none.

    What an earlier try wrote stays: it says why there is another one.
    """
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, mode="a") if log else logging.StreamHandler()
    handler.setFormatter(PlainFormatter("%(asctime)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)


def storage_line(error: OSError) -> str:
    """One line for a full or read-only disk."""
    return (
        f"{show_plainly(str(error.filename or 'results'))}: storage: expected room and the"
        f" right to write, found {error.strerror}"
    )


def fail(program: str, line: str, log: Path | None) -> None:
    """Show one line, write it into the log where there is one, and end with status 1."""
    if log is not None:  # else the terminal would have it twice
        logging.getLogger("forestflux").error(line)
    sys.stderr.write(f"{program}: error: {line}\n")
    sys.exit(1)


def report_defect(program: str, error: Exception, log: Path | None) -> None:
    """Log the traceback of an unexpected failure and name the log on one line."""
    logging.getLogger("forestflux").exception("unexpected failure")
    place = f"; traceback in {log}" if log else ""
    found = show_plainly(f"{type(error).__name__}: {error}")
    sys.stderr.write(f"{program}: failed: {found}{place}\n")
    sys.exit(1)
