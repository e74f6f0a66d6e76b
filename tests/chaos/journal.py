"""A producer's journal: what it was about to record, and what was acknowledged; append-only, one line each.

    ? <attempt> <unix seconds> r|d <dialog> <user> <message that it names, or ->
    ? <attempt> <unix seconds> e <dialog> <message> <revision>
    = <attempt> <unix seconds>

The lines of an attempt are handed to the kernel before the call: whatever ends the producer, they stand. An attempt
without a last line may have been recorded or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.chaos.town import edit
from traffic.arrivals import Kind
from traffic.evidence import Recorded


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a producer.

    Attributes:
        receipts: with the time just before the call.
        acknowledged_s: when it returned; None: it is not known whether they were recorded.
    """

    receipts: tuple[Recorded, ...]
    acknowledged_s: float | None


class Journal:
    """The writing end."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._attempt = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def about_to(self, receipts: Sequence[Recorded], now_s: float) -> int:
        """Before the call; answers the attempt's number."""
        self._attempt += 1
        self._write("".join(f"? {self._attempt} {now_s!r} {_words(receipt)}\n" for receipt in receipts))
        return self._attempt

    def acknowledged(self, attempt: int, now_s: float) -> None:
        """After it has returned."""
        self._write(f"= {attempt} {now_s!r}\n")

    def _write(self, lines: str) -> None:
        rest = memoryview(lines.encode())
        while rest:
            rest = rest[os.write(self._file, rest) :]


def read(path: Path) -> Iterator[Attempt]:
    """The attempts of a journal; a last line without an end was cut off by a kill and does not count."""
    number, receipts = "", list[Recorded]()
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            mark, attempt, at_s, *words = line.split()
            if attempt != number and receipts:
                yield Attempt(tuple(receipts), None)
                receipts.clear()
            number = attempt
            if mark == "?":
                receipts.append(_receipt(float(at_s), words))
            else:
                yield Attempt(tuple(receipts), float(at_s))
                receipts.clear()
    if receipts:
        yield Attempt(tuple(receipts), None)


def _words(receipt: Recorded) -> str:
    if receipt.kind == "edit":
        return f"e {receipt.dialog} {receipt.message} {receipt.revision}"
    return f"{receipt.kind[0]} {receipt.dialog} {receipt.user} {receipt.message or '-'}"


def _receipt(at_s: float, words: list[str]) -> Recorded:
    if words[0] == "e":
        return edit(at_s, words[1], words[2], int(words[3]))
    kind: Kind = "read" if words[0] == "r" else "delivered"
    return Recorded(at_s, kind, words[1], int(words[2]), words[3].replace("-", ""))
