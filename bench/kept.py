"""Figures that are kept: one file of JSON for each run, from which `bench.page` makes docs/benchmarks.md.

A run replaces the file of its own figure and touches no other: each stands with the command, the day, the commit and
the machine that it was measured with.
"""

import json
import shlex
import subprocess
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figure import Figure, Row
from stack.services import PROJECT

DIRECTORY = PROJECT / "docs" / "benchmarks"
_BETWEEN = "--"


@dataclass(frozen=True, slots=True)
class Kept:
    """A run of one figure.

    Attributes:
        name: The figure's, as the command line has it.
        label: Tells several runs of one figure apart; empty for the usual one.
        command: What was run.
        date: The day, in UTC.
        commit: What was checked out; with a `+` where the code had been changed since.
        machine: Where.
        remark: What a reader has to know of this run; may be empty.
        figure: What was measured.
    """

    name: str
    label: str
    command: str
    date: str
    commit: str
    machine: Mapping[str, Any]
    remark: str
    figure: Figure

    @property
    def stem(self) -> str:
        """What its files are called."""
        return f"{self.name}{_BETWEEN}{self.label}" if self.label else self.name

    @property
    def called(self) -> str:
        """What people call it."""
        return f"{self.name} ({self.label})" if self.label else self.name

    def write(self, directory: Path) -> Path:
        """Write it in place of the last run of that name and label; answers where.

        Raises:
            OSError: The file cannot be written.
        """
        path = directory / f"{self.stem}.json"
        directory.mkdir(parents=True, exist_ok=True)
        document = {name: value for name, value in asdict(self).items() if name not in ("name", "label")}
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path


def command_of(words: Sequence[str], name: str, names: Container[str]) -> str:
    """The command that measures one figure alone, as people type it.

    Args:
        words: What this run was told, without the program.
        name: The figure's.
        names: All figures'.
    """
    said, rest = [], iter(words)
    for word in rest:
        if word == "--as":
            next(rest)
        elif word != "--keep" and not word.startswith("--as=") and word not in names:
            said.append(word)
    return shlex.join(["python", "-m", "bench", *said, name])


def today() -> str:
    """The day, in UTC."""
    return datetime.now(UTC).date().isoformat()


def commit() -> str:
    """The commit that is checked out; with a `+` where anything but docs/ differs from it.

    Raises:
        subprocess.CalledProcessError: This is no work tree of git.
    """
    return _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "--", ".", ":!docs") else "")


def read_all(directory: Path = DIRECTORY) -> list[Kept]:
    """All that is kept, by name and label; those without a label first.

    Raises:
        ValueError: A file is not one of ours.
    """
    return [_read(path) for path in sorted(directory.glob("*.json"), key=lambda path: path.stem.partition(_BETWEEN))]


def _read(path: Path) -> Kept:
    name, _, label = path.stem.partition(_BETWEEN)
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        measured = document.pop("figure")
        rows = [Row(**row) for row in measured.pop("rows")]
        return Kept(name, label, figure=Figure(rows=rows, **measured), **document)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: expected what `python -m bench --keep` writes, found {error}") from error


def _git(*words: str) -> str:
    command = ["git", *words]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()
