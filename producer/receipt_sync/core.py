"""What a queue does without any I/O: from a report, checked, to record.lua's arguments. Both queues stand on it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence

from receipt_sync import keys, validation
from receipt_sync.errors import InvalidReceipt, shown
from receipt_sync.receipts import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.sealing import TokenSeal, owner_of
from receipt_sync.tracing import trace_arguments

# One call holds up everyone else's Redis commands: so many receipts, or so many characters of them, take it some
# milliseconds. A thousand listed ids are 25,000 characters and a thousand commands inside.
PER_CALL = 500
_CHARACTERS_PER_CALL = 131_072


class Core:
    """The checks and the wire of one application.

    Args:
        application: its name.
        max_text_bytes: most bytes of UTF-8 in an edit's text.
        seal: of the session tokens.

    Raises:
        InvalidReceipt: `application` is not a name.
    """

    __slots__ = ("application", "max_text_bytes", "prefix", "seal")

    def __init__(self, application: str, max_text_bytes: int, seal: TokenSeal | None) -> None:
        self.application = validation.application(application)
        self.prefix = keys.prefix(self.application)
        self.max_text_bytes = max_text_bytes
        self.seal = seal or TokenSeal()

    def one(self, mark: MarkRead | MarkDelivered, trace: str | None) -> tuple[str, ...]:
        """The arguments of a call that records one mark."""
        return (*self._sealed(mark.wire()), *trace_arguments(trace))

    def wire(self, receipts: Iterable[Receipt]) -> list[tuple[str, ...]]:
        """The arguments for each; raises InvalidReceipt before anything is stored."""
        recorded_ms = now_ms()
        return [self._sealed(self._arguments(at, receipt, recorded_ms)) for at, receipt in enumerate(receipts)]

    def batches(self, receipts: Iterable[Receipt], trace: str | None) -> list[list[str]]:
        """The arguments of the calls that record them."""
        last = trace_arguments(trace)
        return [[argument for receipt in [*call, last] for argument in receipt] for call in _calls(self.wire(receipts))]

    def dated(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """The same, to be recorded later: an edit without a revision keeps its place among the others.

        Raises:
            InvalidReceipt: one of them is none.
        """
        listed: Sequence[Receipt] = list(receipts)
        self.wire(listed)
        recorded_ms = now_ms()
        return [
            dataclasses.replace(each, revision=recorded_ms, max_text_bytes=self.max_text_bytes)
            if isinstance(each, EditMessage) and each.revision is None
            else each
            for each in listed
        ]

    def _sealed(self, wire: tuple[str, ...]) -> tuple[str, ...]:
        """The arguments of record.lua with their last, the session token, sealed."""
        *rest, token = wire
        return (*rest, self.seal.seal(token, owner_of(self.prefix, wire[2]))) if token else wire

    def _arguments(self, at: int, receipt: Receipt, recorded_ms: int) -> tuple[str, ...]:
        if isinstance(receipt, EditMessage):
            validation.text(receipt.text, self.max_text_bytes)
            return receipt.wire(recorded_ms)
        if isinstance(receipt, (MarkRead, MarkDelivered)):
            return receipt.wire()
        raise InvalidReceipt(f"receipts[{at}]", shown(receipt), "MarkRead, MarkDelivered or EditMessage")


def _calls(wired: Iterable[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    call: list[tuple[str, ...]] = []
    characters = 0
    for receipt in wired:
        size = sum(map(len, receipt))
        if call and (len(call) == PER_CALL or characters + size > _CHARACTERS_PER_CALL):
            yield call
            call, characters = [], 0
        call.append(receipt)
        characters += size
    if call:
        yield call


def now_ms() -> int:
    """This machine's time."""
    return time.time_ns() // 1_000_000
