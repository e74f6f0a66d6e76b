"""Traces that were recorded: gzip CSV `t,kind,dialog,user,message,revision`, `t` in seconds, sorted."""

import csv
import gzip
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar, cast, get_args

from traffic.arrivals import Arrival, Kind

COLUMNS = ("t", "kind", "dialog", "user", "message", "revision")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_T = TypeVar("_T")


class TraceError(ValueError):
    """A trace that cannot be read; names file, line, column and what was expected there."""


def load(path: Path, speed: float = 1.0) -> list[Arrival]:
    """Read a whole trace.

    Args:
        path: The gzip CSV file.
        speed: How much faster than recorded: times are divided by it.

    Returns:
        The arrivals in the order of their times. Edits have no text: traces hold none.

    Raises:
        TraceError: The file is not such a trace.
        ValueError: `speed` is not a number above 0.
        OSError: The file cannot be opened.
    """
    if not (speed > 0 and math.isfinite(speed)):
        raise ValueError(f"speed: expected a number above 0, got {speed!r}")
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            return list(_arrivals(path, lines, speed))
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as damage:
        raise TraceError(f"{path}: expected a whole gzip file of UTF-8 text: {damage}") from damage


def _arrivals(path: Path, lines: Iterable[str], speed: float) -> Iterator[Arrival]:
    rows = csv.reader(lines)
    _check_header(path, next(rows, []))
    before_s = 0.0
    for row in rows:
        cells = _Cells(path, rows.line_num, row)
        t_s = cells.read("t", _time(before_s), f"seconds in a sorted trace, so {before_s} or more")
        before_s = t_s
        yield _arrival(cells, t_s / speed)


def _check_header(path: Path, header: list[str]) -> None:
    if tuple(header) != COLUMNS:
        raise TraceError(f"{path}, line 1: expected the columns {','.join(COLUMNS)}, got {','.join(header)!r}")


def _arrival(cells: "_Cells", t_s: float) -> Arrival:
    return Arrival(
        t_s=t_s,
        kind=cells.read("kind", _kind, f"one of {', '.join(get_args(Kind))}"),
        dialog=cells.read("dialog", _object_id, "24 lower-case hex digits"),
        user=cells.read("user", _count, "a whole number, 0 or more"),
        message=cells.read("message", _object_id, "24 lower-case hex digits"),
        revision=cells.read("revision", _count, "a whole number, 0 or more"),
    )


class _Cells:
    """One row; knows its place so that a complaint can name it."""

    def __init__(self, path: Path, line: int, row: list[str]) -> None:
        self._place = f"{path}, line {line}"
        if len(row) != len(COLUMNS):
            raise TraceError(f"{self._place}: expected {len(COLUMNS)} columns ({','.join(COLUMNS)}), got {len(row)}")
        self._row = dict(zip(COLUMNS, row, strict=True))

    def read(self, column: str, parse: Callable[[str], _T], expected: str) -> _T:
        try:
            return parse(self._row[column])
        except ValueError as fault:
            place = f"{self._place}, column {column}"
            raise TraceError(f"{place}: expected {expected}, got {self._row[column]!r}") from fault


def _time(at_least_s: float) -> Callable[[str], float]:
    def parse(cell: str) -> float:
        t_s = float(cell)
        if not at_least_s <= t_s < math.inf:
            raise ValueError(cell)
        return t_s

    return parse


def _kind(cell: str) -> Kind:
    if cell not in get_args(Kind):
        raise ValueError(cell)
    return cast("Kind", cell)


def _object_id(cell: str) -> str:
    if not _OBJECT_ID.fullmatch(cell):
        raise ValueError(cell)
    return cell


def _count(cell: str) -> int:
    number = int(cell)
    if number < 0:
        raise ValueError(cell)
    return number
