"""A dead letter printed. Texts and the API's words are private: they are shown of one letter that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.commands.printing import age, plain, print_table, utc
from worker.ledger.letters import PRIVATE, DeadLetter

_HEADER = ("id", "age", "kind", "dialog", "messages", "actor", "receipts", "reason")
_CELL_CHARS, _REASON_CHARS = 64, 80
_PUBLIC = tuple(name for name in DeadLetter.__dataclass_fields__ if name not in {"fields", "words"})


def described(letter: DeadLetter, *, private: bool = False) -> dict[str, Any]:
    """A letter for a program; `private` with everything that it holds."""
    public = {name: getattr(letter, name) for name in _PUBLIC} | {"needs_token": letter.needs_token}
    return public | {"fields": dict(letter.fields)} if private else public


def print_letters(letters: Sequence[DeadLetter], now_ms: int) -> None:
    """A line for each."""
    if letters:
        print_table([_row(letter, now_ms) for letter in letters], header=_HEADER)


def _row(letter: DeadLetter, now_ms: int) -> tuple[str, ...]:
    ids = letter.message_ids
    messages = f"{ids[0]} +{len(ids) - 1}" if len(ids) > 1 else "".join(ids)
    named = (letter.id, age(letter.dead_ms, now_ms), letter.kind, letter.dialog_id, messages, letter.actor)
    return (*(plain(cell, _CELL_CHARS) for cell in named), str(letter.receipts), plain(letter.reason, _REASON_CHARS))


def print_letter(letter: DeadLetter) -> None:
    """Everything that it holds, a line for each field."""
    known = [(name, getattr(letter, name)) for name in _PUBLIC if name not in {"message_ids", "dead_ms", "recorded_ms"}]
    times = [("recorded", utc(letter.recorded_ms)), ("dead", utc(letter.dead_ms))]
    others = [(name, text) for name, text in letter.fields.items() if name not in {*_PUBLIC, *PRIVATE}]
    private = [(name, letter.fields.get(name, "")) for name in PRIVATE]
    rows = [(name, str(value)) for name, value in [*known, *times, *others, *private] if value not in ("", None)]
    print_table([(plain(name), plain(text)) for name, text in rows])
