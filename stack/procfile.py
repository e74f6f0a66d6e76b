"""The Procfile's commands, so that the demo and the tests start what an operator starts."""

from pathlib import Path

from honcho.environ import parse_procfile


def commands(path: Path) -> dict[str, str]:
    """Read a Procfile with honcho's parser.

    Returns:
        By process name: its shell command.

    Raises:
        OSError: The file cannot be read.
        ValueError: It names no process, or one twice.
    """
    try:
        processes = dict(parse_procfile(path.read_text(encoding="utf-8")).processes)
    except AssertionError as twice:  # the parser's only complaint
        raise ValueError(f"{path}: expected each process name once: {twice}") from twice
    if not processes:
        raise ValueError(f"{path}: expected lines `name: command`, found none")
    return processes
