"""A crowd: as many mark slots as wanted, with few dialogs, so that a sandbox of any size is built at once."""

from collections.abc import Iterable, Iterator
from itertools import islice, product

from receipt_sync import MarkRead, ReceiptQueue
from sandbox.client import SandboxClient

USERS = range(1, 1_001)
_TOGETHER = 1_000


def dialogs_for(slots: int) -> list[str]:
    """Ids of the dialogs that so many slots need."""
    return [f"{number:024x}" for number in range(1, -(-slots // len(USERS)) + 1)]


def build(api: SandboxClient, slots: int) -> None:
    """Let the sandbox know whom the marks of so many slots mention."""
    dialogs = [{"_id": id_, "type": 2, "occupants_ids": list(USERS)} for id_ in dialogs_for(slots)]
    api.build_world(users=USERS, dialogs=dialogs)


def marks(slots: int) -> Iterator[MarkRead]:
    """One mark for each slot: every user in one dialog after the other."""
    pairs = product(dialogs_for(slots), USERS)
    return (MarkRead(dialog_id=dialog, user_id=user) for dialog, user in islice(pairs, slots))


def record(queue: ReceiptQueue, receipts: Iterable[MarkRead]) -> None:
    """Record all, a thousand in a call.

    Raises:
        redis.RedisError: The ledger was not reached.
    """
    rest = iter(receipts)
    while some := list(islice(rest, _TOGETHER)):
        queue.record_many(some)
