"""The command `forestflux`: what a user does with a finished run outside of the workflow."""

import sys
from importlib import import_module

from forestflux.jobs import command_line

# Word on the command line and the module whose `main` it calls.
COMMANDS = {
    "ask": "forestflux.publish.ask_command",
    "online": "forestflux.publish.online.online_command",
}


def main() -> None:
    """Call the command of the first word with the flags that follow it."""
    word, *flags = sys.argv[1:] or [""]
    if word not in COMMANDS:
        names = ", ".join(COMMANDS)
        sys.stderr.write(
            f"forestflux: error: expected one of {names}, found {word!r}\n"
        )
        sys.exit(2)
    command_line.run(
        import_module(COMMANDS[word]).main, program=f"forestflux {word}", words=flags
    )


if __name__ == "__main__":
    main()
