"""The services of the stack, started by the commands that their users know."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.process import Process
from stack.procfile import commands

PROJECT = Path(__file__).absolute().parent.parent
SANDBOX_READY_LINE = "sandbox listens on"
SANDBOX_READY_WITHIN_S = 30.0
# What a process needs of its surroundings. Nothing else is handed on, so that neither a developer's own settings nor a
# proxy changes what is shown or measured.
INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOGNAME", "TMPDIR", "TZ", "USER")


def environment(settings: Mapping[str, str], project: Path = PROJECT) -> dict[str, str]:
    """The whole environment of a service: the project's code, this interpreter's programs, the settings."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    programs = str(Path(sys.executable).absolute().parent)
    return {
        **inherited,
        "PATH": os.pathsep.join(filter(None, [programs, os.environ.get("PATH", os.defpath)])),
        "PYTHONPATH": os.pathsep.join([str(project), str(project / "producer")]),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }


def start_sandbox(python: Path | str, port: int, log_dir: Path, **options: str | float | bool) -> Process:
    """Start the chat API's sandbox and wait until it listens.

    Args:
        python: The interpreter to run it with.
        port: Of 127.0.0.1.
        log_dir: Where `sandbox.log` goes.
        options: Those of `python -m sandbox`: `api_key="k"` becomes `--api-key k`; True is the option alone, False
            nothing.

    Raises:
        stack.process.ProcessError: It ended, or does not listen in time.
    """
    command = [str(python), "-m", "sandbox", "--port", str(port), *command_line(options)]
    sandbox = Process("sandbox", command, environment({}), PROJECT, log_dir / "sandbox.log")
    try:
        sandbox.wait_for_line(SANDBOX_READY_LINE, SANDBOX_READY_WITHIN_S)
    except BaseException:
        sandbox.kill()
        raise
    return sandbox


def command_line(options: Mapping[str, str | float | bool]) -> list[str]:
    """Options as a command line spells them."""
    words: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif value is not False:
            words += [option, str(value)]
    return words


def start_from_procfile(
    name: str,
    env: Mapping[str, str],
    log_dir: Path,
    extra_args: str = "",
    *,
    label: str = "",
    enter: Sequence[str] = (),
    procfile: Path | None = None,
    project: Path = PROJECT,
) -> Process:
    """Start one of the Procfile's processes; does not wait until it is ready, for each says so in its own words.

    The shell that reads the command gives way to it (`exec`), so that signals reach it; hence the command has to be a
    simple one, without `&&` or leading `NAME=value`.

    Args:
        name: As the Procfile has it.
        env: The settings; nothing else of our own environment is handed on but `INHERITED`.
        log_dir: Where `<label>.log` goes.
        extra_args: Appended to the command, quoted for a shell.
        label: Tells several of a kind apart; the name by default.
        enter: What the command begins with, a program that gives way to it (`ip netns exec …`).
        procfile: Another one than the project's.
        project: Another tree of this project, an older one.

    Raises:
        ValueError: The Procfile has no such process.
    """
    procfile = procfile or project / "Procfile"
    known = commands(procfile)
    if name not in known:
        raise ValueError(f"{procfile}: expected a process {name!r}, found {', '.join(known)}")
    command = f"exec {known[name]} {extra_args}".rstrip()
    own = label or name
    return Process(own, [*enter, "/bin/sh", "-c", command], environment(env, project), project, log_dir / f"{own}.log")
