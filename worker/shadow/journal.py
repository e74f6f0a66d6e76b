"""Journals: notes in files, CSV or gzip CSV with the columns `t,kind,dialog,user,message,revision`.

`t` in seconds, sorted; `kind` `read`, `delivered` (of the whole dialog, `message` being the one that caused it, or
empty), `read_message`, `delivered_message` (of that message alone) or `edit`. Texts and tokens are in no journal.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import heapq
import math
import re
import zlib
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, cast

from receipt_sync import keys
from worker.shadow.notes import EDIT, Note

COLUMNS = ("t", "kind", "dialog", "user", "message", "revision")
_KINDS = {"read": "r", "delivered": "d", "read_message": "r", "delivered_message": "d", "edit": EDIT}
_ONE_BY_ONE = {"r": "read_message", "d": "delivered_message"}
_WHOLE = {"r": "read", "d": "delivered"}
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


class JournalError(ValueError):
    """A journal that cannot be read; says where, and what was expected there."""


def notes_of(paths: Iterable[Path], *, named: bool = True) -> Iterator[Note]:
    """The notes of journals in the order of their times.

    Args:
        paths: of the files.
        named: whether marks name the messages that caused them.

    Raises:
        JournalError: one is no journal.
        OSError: one cannot be opened.
    """
    return heapq.merge(*(_notes(path, named=named) for path in paths), key=attrgetter("t_s"))


def _notes(path: Path, *, named: bool) -> Iterator[Note]:
    with _opened(path) as lines:
        try:
            rows = csv.reader(lines, strict=True)
            header = tuple(next(rows, []))
            if header != COLUMNS:
                raise JournalError(f"{path}, line 1: expected the columns {','.join(COLUMNS)}")
            before_s = -math.inf
            for row in rows:
                note = _note(f"{path}, line {rows.line_num}", row, before_s, named=named)
                before_s = note.t_s
                yield note
        except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise JournalError(f"{path}: expected CSV in UTF-8, perhaps gzip: {type(error).__name__}") from error


def _opened(path: Path) -> IO[str]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped:
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _note(place: str, row: list[str], before_s: float, *, named: bool) -> Note:
    if len(row) != len(COLUMNS):
        raise JournalError(f"{place}: expected {len(COLUMNS)} columns, got {len(row)}")
    t, kind, dialog, user, message, _ = row
    t_s = _seconds(t)
    if t_s is None or t_s < before_s:
        raise JournalError(f"{place}, column t: expected seconds, none below those of the line before, got {t[:40]!r}")
    if kind not in _KINDS:
        raise JournalError(f"{place}, column kind: expected one of {', '.join(_KINDS)}, got {kind[:40]!r}")
    letter, alone = _KINDS[kind], kind.endswith("_message")
    required = {"dialog": (dialog, _OBJECT_ID, "24 lower-case hex digits"), "user": (user, _NUMBER, "a whole number")}
    if message or letter == EDIT or alone:
        required["message"] = message, _OBJECT_ID, "24 lower-case hex digits"
    for column, (value, pattern, expected) in required.items():
        if not pattern.fullmatch(value):
            raise JournalError(f"{place}, column {column}: expected {expected}, got {value[:40]!r}")
    if letter == EDIT:
        return Note(t_s, letter, keys.edit_slot(dialog, message))
    slot = keys.mark_slot(dialog, f"u{user}")
    return Note(t_s, letter, slot, ids=(message,)) if alone else Note(t_s, letter, slot, message if named else "")


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class Keeper:
    """Writes notes into a journal; gzip where the name ends so.

    Args:
        path: of a file that does not exist yet.

    Raises:
        OSError: it exists, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        how: Any = gzip.open if path.name.endswith(".gz") else open
        self._file = cast("IO[str]", how(path, "xt", encoding="utf-8", newline=""))
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def keep(self, notes: Iterable[Note]) -> None:
        """Adds notes."""
        for note in notes:
            _, dialog, last = note.slot.split(":")
            t = f"{note.t_s:.3f}"
            if note.kind == EDIT:
                self._rows.writerow((t, "edit", dialog, 0, last, 0))
            elif note.ids:
                kind = _ONE_BY_ONE[note.kind]
                self._rows.writerows((t, kind, dialog, user_number(last), id_, 0) for id_ in note.ids)
            else:
                self._rows.writerow((t, _WHOLE[note.kind], dialog, user_number(last), note.name, 0))

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


def user_number(actor: str) -> int:
    """A number for an actor, as journals have numbers: one for each, and nothing is known of the user by it.

    A web app's users stay who they are in the stream; a file may be handed on.
    """
    return int.from_bytes(hashlib.sha256(actor.encode()).digest()[:6])
