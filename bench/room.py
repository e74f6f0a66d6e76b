"""`room`: what the ledger takes of Redis' memory. It must grow with the slots, not with the receipts (promise 8).

One slot is filled with ever more receipts of a kind; then many slots get one receipt each, and a dirty slot is what all
of it takes, with its place in the due set and its part of the accounts. With `up_to` a slot keeps the last eight names
of each flag and no more.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from bench.figure import Figure
from bench.options import Options
from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt, ReceiptQueue, keys
from stack.redis_server import RedisServer

RECEIPTS = (1, 10, 100, 1_000, 100_000)
DIRTY_SLOTS = 10_000
USER = 7
DIALOG = "d" * 24
MESSAGE = "e" * 24
TEXT_CHARS = 40
# By then a slot remembers as many names as it ever will. After that only its counters get longer.
FULL_AT = 100
MOST_SLOT_BYTES = 400
MOST_GROWTH_BYTES = 0
_TOGETHER = 10_000
# An emptied database must be empty before the next one is measured: by default Valkey frees it in the background.
SERVER = {"lazyfree-lazy-user-flush": "no"}

Kind = Callable[[int], Receipt]


def id_of(number: int) -> str:
    """An object id for every number."""
    return f"{number:024x}"


def text_of(number: int) -> str:
    """A text for every number, all of one length."""
    return f"text {number}".ljust(TEXT_CHARS, ".")


def _read_and_delivered(number: int) -> Receipt:
    mark = MarkDelivered if number % 2 else MarkRead
    return mark(dialog_id=DIALOG, user_id=USER, up_to=id_of(number))


def _edit(number: int) -> Receipt:
    return EditMessage(dialog_id=DIALOG, message_id=MESSAGE, text=text_of(number), user_id=USER, revision=number)


ONE_SLOT: Mapping[str, Kind] = {
    "read, without up_to": lambda number: MarkRead(dialog_id=DIALOG, user_id=USER),  # noqa: ARG005
    "read, up_to another each": lambda number: MarkRead(dialog_id=DIALOG, user_id=USER, up_to=id_of(number)),
    "read and delivered, up_to": _read_and_delivered,
    "read of 3 messages": lambda number: MarkRead(dialog_id=DIALOG, user_id=USER, message_ids=[id_of(number % 3)]),
    f"edits of {TEXT_CHARS} characters": _edit,
}
MANY_SLOTS: Mapping[str, Kind] = {
    "read, without up_to": lambda number: MarkRead(dialog_id=id_of(number), user_id=USER),
    "read, up_to": lambda number: MarkRead(dialog_id=id_of(number), user_id=USER, up_to=id_of(number)),
    f"edits of {TEXT_CHARS} characters": lambda number: EditMessage(
        dialog_id=DIALOG, message_id=id_of(number), text=text_of(number), user_id=USER
    ),
}


def measure(_options: Options) -> Figure:
    """Fill one slot, then many, and ask Redis what they take."""
    figure = Figure("bytes of Redis' memory: of one slot, and of one among many", axis="receipts in the slot")
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        RedisServer(Path(directory), append_only=False, options=SERVER) as server,
        server.client() as client,
    ):
        for name, kind in ONE_SLOT.items():
            _add_one_slot(figure, name, growth_bytes(client, kind))
        for name, kind in MANY_SLOTS.items():
            note = f"of {DIRTY_SLOTS:,}, with due times and accounts"
            figure.add(f"a dirty slot: {name}", bytes_per_slot(client, kind), "bytes", most=MOST_SLOT_BYTES, note=note)
    return figure


def _add_one_slot(figure: Figure, name: str, sizes: Mapping[int, int]) -> None:
    for receipts, size in sizes.items():
        figure.add(name, size, "bytes", at=receipts, most=MOST_SLOT_BYTES)
    for first, last in ((1, FULL_AT), (FULL_AT, RECEIPTS[-1])):
        what = f"{name}: growth from {first:,} to {last:,} receipts"
        figure.add(what, sizes[last] - sizes[first], "bytes", most=MOST_GROWTH_BYTES)


def growth_bytes(client: redis.Redis, kind: Kind) -> dict[int, int]:
    """One slot's bytes by the number of receipts it has taken; the database is emptied."""
    client.flushall()
    queue, numbers, sizes = ReceiptQueue(client=client), iter(range(RECEIPTS[-1])), {}
    taken = 0
    for receipts in RECEIPTS:
        queue.record_many(kind(number) for number in islice(numbers, receipts - taken))
        taken, sizes[receipts] = receipts, slot_bytes(client)
    return sizes


def slot_bytes(client: redis.Redis) -> int:
    """What all slots' keys take, those of single messages included."""
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in _slot_keys(client))


def _slot_keys(client: redis.Redis) -> Iterator[bytes]:
    for kind in "me":
        yield from client.scan_iter(f"{keys.prefix('default')}:{kind}:*")


def bytes_per_slot(client: redis.Redis, kind: Kind, slots: int = DIRTY_SLOTS) -> int:
    """Redis' whole memory for so many slots with one receipt each, by slot; the database is emptied."""
    client.flushall()
    queue = ReceiptQueue(client=client)
    queue.record_many([_edit(0)])  # the account are there before
    client.flushall()
    before = data_bytes(client)
    for start in range(0, slots, _TOGETHER):
        queue.record_many(kind(number) for number in range(start, min(start + _TOGETHER, slots)))
    return round((data_bytes(client) - before) / slots)


def data_bytes(client: redis.Redis) -> int:
    """All that Redis has allocated but its buffers: of its clients, and of the append-only file."""
    memory = client.info("memory")
    return int(memory["used_memory"]) - int(memory["mem_clients_normal"]) - int(memory["mem_aof_buffer"])
