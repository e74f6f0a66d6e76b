"""What the ledger says of itself: its accounts and its dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from receipt_sync import keys

_PREFIX = keys.prefix("default")
COUNTS, DUE, DEAD = f"{_PREFIX}:counts", f"{_PREFIX}:due", f"{_PREFIX}:dead"
SET_ASIDE = f"{_PREFIX}:broken"
MOST_LETTERS = 1_000


@dataclass(frozen=True, slots=True)
class Accounts:
    """Receipts and PUTs counted by the ledger, and how many slots wait until they are due or for their turn."""

    recorded: int = 0
    absorbed: int = 0
    covered: int = 0
    dead: int = 0
    pending: int = 0
    in_flight: int = 0
    reaped: int = 0
    puts_sent: int = 0
    puts_rejected: int = 0
    puts_throttled: int = 0
    puts_unavailable: int = 0
    puts_unauthorized: int = 0
    slots_waiting: int = 0

    @property
    def waiting(self) -> int:
        """Receipts whose PUT has not been accepted yet."""
        return self.pending + self.in_flight

    @property
    def retries(self) -> int:
        """PUTs that have to be, or were, sent again."""
        return self.puts_throttled + self.puts_unavailable + self.puts_unauthorized

    @property
    def puts(self) -> int:
        """PUTs of which the worker knows what came of them."""
        return self.puts_sent + self.puts_rejected + self.retries


def read_accounts(client: redis.Redis) -> Accounts:
    """Read them; raises redis.RedisError when the ledger is not reached."""
    pipeline = client.pipeline()
    pipeline.hgetall(COUNTS)
    pipeline.zcard(DUE)
    counts, slots_waiting = pipeline.execute()
    known = {name: int(n) for name, n in _texts(counts).items() if name in Accounts.__slots__}
    return Accounts(**known, slots_waiting=slots_waiting)


def is_empty(client: redis.Redis) -> bool:
    """Whether nothing was ever recorded there."""
    return not client.exists(COUNTS)


def dead_letters(client: redis.Redis) -> list[str]:
    """Each dead letter in a line: its slot and its reason."""
    letters = client.xrange(DEAD, count=MOST_LETTERS) or []
    texts = [_texts(fields or {}) for _, fields in letters]
    return [f"{text.get('slot') or text.get('task')}: {text.get('reason')}" for text in texts]


def set_aside(client: redis.Redis) -> list[str]:
    """Each slot that the ledger could not read, with the reason."""
    return [f"{slot}: {why}" for slot, why in _texts(client.hgetall(SET_ASIDE)).items()]


def _texts(fields: Mapping[bytes | str, bytes | str]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in fields.items()}


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
