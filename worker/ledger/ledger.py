"""The worker's door to the ledger of one application."""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from receipt_sync import keys
from receipt_sync.functions import Function
from receipt_sync.sealing import TokenSeal, owner_of
from worker.ledger import functions, pausing
from worker.ledger.claims import EditClaim, MarkClaim, SealedTokenError, UnreadableSlotError, parse_claim
from worker.ledger.keeping import require_keeping
from worker.ledger.outcomes import Again, Dead, Outcome, Settled, settle_arguments
from worker.ledger.pausing import Paused
from worker.logs import events

log = logging.getLogger(__name__)

_REAPED_AT_ONCE = 200
_EXPIRED_AT_ONCE = 500
_FADED_AT_ONCE, _FADES_AT_ONCE = 500, 20
_MESSAGES_REMEMBERED_MS = 86_400_000
_KEY_SAID_EVERY_S = 60.0
_STOPPED = 2  # {slot, fate}; a claim has more: lua/claim.lua


@dataclass(frozen=True, slots=True)
class Stopped:
    """A due slot that was not claimed: it waits for another session token, or is dead; `why`."""

    slot: str
    dead: bool
    why: str = "no newer session token came"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought.

    Attributes:
        claims: slots to send now.
        wait_ms: until more may be claimed; 0 now, None when nothing waits.
        leave: this sync's place has been taken by others.
        stopped: slots that were due and have no token to be sent with.
    """

    claims: list[MarkClaim | EditClaim]
    wait_ms: int | None
    leave: bool = False
    stopped: tuple[Stopped, ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """Doorbells to enqueue now, one for each permit; `next_ms` until something may be claimed, None: nothing waits."""

    permits: list[str]
    next_ms: int | None
    policy_known: bool


@dataclass(frozen=True, slots=True)
class Reaped:
    """A slot whose lease ran out."""

    slot: str
    crashes: int
    dead: bool


@dataclass(frozen=True, slots=True)
class RingSize:
    """How many syncs there may be.

    Attributes:
        syncs_max: at once, over all workers.
        permit_ms: until a doorbell that nobody answered is given up for lost.
        side_by_side: slots that one sync sends at the same time.
    """

    syncs_max: int
    permit_ms: int
    side_by_side: int


class Ledger:
    """Claim, extend, settle, reap and ring for one application. Every method is one step, atomic in Redis.

    Args:
        client: the ledger's Redis; answers must be bytes (`decode_responses=False`).
        application: name of the application.
        policy: fields for the functions (policy.py); written by `publish_policy`.
        lease_ms: how long a claim is good for: the longest possible request and a margin.
        size: how many syncs there may be.
        tell: is told (application, event) when the breaker has opened, reopened or closed: of all workers one, once.
        seal: opens the session tokens.
        key_wait_ms: how long a slot whose token cannot be opened waits until it is tried again.

    Every method raises redis.RedisError when the ledger is not reached.
    """

    def __init__(
        self,
        client: redis.Redis,
        application: str,
        *,
        policy: Mapping[str, str],
        lease_ms: int,
        size: RingSize,
        tell: Callable[[str, str], None] = lambda _application, _event: None,
        seal: TokenSeal | None = None,
        key_wait_ms: int = 30_000,
    ) -> None:
        self.application = application
        self.lease_ms = lease_ms
        self.size = size
        self._tell = tell
        self._seal = seal or TokenSeal()
        self._key_wait_ms = key_wait_ms
        self._published_ms = 0
        self._fade_from = b"0"
        self._said_s: dict[str, float] = {}
        self._redis = client
        self._policy = dict(policy)
        self._prefix = keys.prefix(application)

    def require_keeping(self) -> None:
        """Raises EvictingRedisError when the server that holds this ledger may evict it."""
        require_keeping(self._redis, self.application)

    def publish_policy(self) -> None:
        """Stores the policy, unless that of a worker which has started later is there."""
        parts = (part for pair in self._policy.items() for part in pair)
        self._published_ms = int(self._call(functions.PUBLISH, self._published_ms, *parts))

    def claim(self, most: int, permit: str = "") -> Claimed:
        """The longest due slots, at most `most` and at most what the pace allows. Unreadable ones are buried."""
        claimed_s = time.monotonic()
        answer = self._call(functions.CLAIM, most, self.lease_ms, permit, self.size.permit_ms, self.size.syncs_max)
        wait_ms = int(answer[0])
        stopped = tuple(Stopped(_shown(each[0]), each[1] == b"dead") for each in answer[1:] if len(each) == _STOPPED)
        slots = [self._readable(each, claimed_s) for each in answer[1:] if len(each) > _STOPPED]
        claims = [each for each in slots if not isinstance(each, Stopped)]
        stopped += tuple(each for each in slots if isinstance(each, Stopped))
        leave = wait_ms == -2  # noqa: PLR2004 - see claim.lua
        return Claimed(claims, None if wait_ms < 0 else wait_ms, leave, stopped)

    def _readable(self, answer: Sequence[bytes | int], claimed_s: float) -> MarkClaim | EditClaim | Stopped:
        try:
            return parse_claim(answer, claimed_s, self._unsealed)
        except UnreadableSlotError as error:
            self.settle([(error.slot, error.generation, Dead(f"unreadable: {error.what}", verdict=""))])
            return Stopped(error.slot, dead=True, why="unreadable")
        except SealedTokenError as error:
            # The configuration is at fault: nothing is spent on it, and nothing is given up for it.
            self._say_key_is_missing(error.what)
            again = Again(f"session token {error.what}", verdict="", delay_ms=self._key_wait_ms)
            self.settle([(error.slot, error.generation, again)])
            return Stopped(error.slot, dead=False, why=f"its session token is {error.what}")

    def _unsealed(self, token: str, actor: str) -> str:
        return self._seal.open(token, owner_of(self._prefix, actor))

    def _say_key_is_missing(self, what: str) -> None:
        now_s = time.monotonic()
        if now_s >= self._said_s.get(what, 0):
            self._said_s[what] = now_s + _KEY_SAID_EVERY_S
            events.TOKEN_UNREADABLE.say(log, application=self.application, reason=f"a session token is {what}")

    def settle(self, settlements: Sequence[tuple[str, int, Outcome]]) -> list[Settled]:
        """Ends claims, given as (slot, generation, outcome)."""
        arguments = [_utf8_or_as_it_was(part) for each in settlements for part in settle_arguments(*each)]
        answer = self._call(functions.SETTLE, *arguments)
        for event in answer[len(settlements) :]:
            self._tell(self.application, event.decode())
        return [Settled(settled) for settled in answer[: len(settlements)]]

    def pause(self, why: str) -> Paused | None:
        """Nothing more is claimed until `resume`; what is in flight ends. Answers the pause that there was before."""
        return pausing.pause(self._redis, self.application, why)

    def resume(self) -> Paused | None:
        """Ends a pause; answers the one that there was."""
        return pausing.resume(self._redis, self.application)

    def extend(self, claims: Sequence[tuple[str, int]]) -> list[bool]:
        """Lets the leases of claims, given as (slot, generation), begin anew; False where one had been taken away."""
        arguments = [part for claim in claims for part in claim]
        return [bool(ours) for ours in self._call(functions.EXTEND, self.lease_ms, *arguments)]

    def expire(self, claims: Sequence[tuple[str, int]]) -> list[bool]:
        """Ends the leases of claims whose process has died, for the next reap; False where one had been taken away."""
        arguments = [part for claim in claims for part in claim]
        return [bool(ours) for ours in self._call(functions.EXTEND, 0, *arguments)]

    def reap(self) -> list[Reaped]:
        """Takes back the slots whose lease ran out, oldest first, a bounded number at a time."""
        answer = self._call(functions.REAP, _REAPED_AT_ONCE)
        triples = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        return [Reaped(_shown(slot), int(crashes), fate == b"dead") for slot, crashes, fate in triples]

    def rests(self) -> bool:
        """Whether nothing waits or is in flight, and the policy is known: then reap and ring have nothing to do."""
        policy, due, leases = (f"{self._prefix}:{name}" for name in ("policy", "due", "leases"))
        # A key counts as often as it is named: three is the policy alone, in one command.
        return bool(self._redis.execute_command("EXISTS", policy, policy, policy, due, leases) == 3)  # type: ignore[no-untyped-call]  # noqa: PLR2004

    def ring(self, returned_permit: str = "") -> Rung:
        """Permits for the doorbells that the due slots and the free rate deserve now."""
        size = self.size
        answer = self._call(
            functions.RING, size.syncs_max, size.permit_ms, size.side_by_side, uuid.uuid4().hex[:12], returned_permit
        )
        next_ms = int(answer[0])
        return Rung([permit.decode() for permit in answer[2:]], None if next_ms < 0 else next_ms, bool(answer[1]))

    def give_back(self, permit: str) -> None:
        """The doorbell of this permit is not answered: its work is done by syncs that run already."""
        self._redis.zrem(f"{self._prefix}:permits", permit)

    def bury_invalid(self, task: str, arguments: str, reason: str, *, cut: bool = False) -> None:
        """A receipt that never became one stands among the dead letters, counted as recorded and dead.

        Args:
            task: its name.
            arguments: JSON, without secrets.
            reason: why it is dead.
            cut: that the arguments are not whole.
        """
        self._call(functions.BURY, _utf8(task), _utf8(arguments), _utf8(reason), "1" if cut else "")

    def expire_letters(self) -> int:
        """Removes and counts dead letters beyond what is kept, a bounded number at a time; answers how many went."""
        return int(self._call(functions.EXPIRE, _EXPIRED_AT_ONCE))

    def fade_tokens(self) -> int:
        """Takes tokens whose life is over from slots that wait, of a bounded number of these; answers how many went."""
        gone = 0
        for _ in range(_FADES_AT_ONCE):
            self._fade_from, faded = self._call(functions.FADE, self._fade_from, _FADED_AT_ONCE)
            gone += faded
            if self._fade_from == b"0":
                break
        return gone

    def count_refused(self) -> None:
        """Counts a message of the broker's that was thrown away because it was no receipt at all."""
        counts = f"{self._prefix}:counts"
        try:
            self._redis.hincrby(counts, "refused", 1)
        except redis.ResponseError:  # no number: it begins anew, as in slot.lua; what else is wrong is said again
            self._redis.hset(counts, "refused", 1)

    def is_news(self, what: str, for_ms: int) -> bool:
        """Whether nobody has asked that for so long: of all workers one is to tell it."""
        key = f"{self._prefix}:told:{what}"
        # Ours runs out; one that does not is another hand's, and nobody would be told for ever.
        without_end = -1
        return bool(self._redis.set(key, 1, nx=True, px=for_ms)) or (
            self._redis.pttl(key) == without_end and bool(self._redis.set(key, 1, px=for_ms))
        )

    def outage_since_ms(self) -> int:
        """When the outage that is told of began, Redis' clock; 0 where that cannot be read."""
        since = self._redis.hget(f"{self._prefix}:pace", "outage")
        return int(since) if isinstance(since, bytes) and since.isdigit() else 0

    def start(self, message_id: str) -> int:
        """How often the recording of this message was begun before and not ended, for its process died of it."""
        return int(self._call(functions.START, _digest(message_id), _MESSAGES_REMEMBERED_MS))

    def end(self, message_id: str) -> None:
        """The recording of this message has ended, well or not."""
        self._redis.delete(f"{self._prefix}:start:{_digest(message_id)}")

    def first_taken_ms(self, message_id: str) -> int:
        """When this message was first taken, Redis' clock: now, or as it was answered before."""
        return int(self._call(functions.FIRST, _digest(message_id), _MESSAGES_REMEMBERED_MS))

    def _call(self, function: Function, *arguments: str | int | bytes) -> Any:
        return function.call(self._redis, self._prefix, *arguments)


def _shown(slot: bytes) -> str:
    return slot.decode(errors="backslashreplace")


def _utf8(text: str) -> str:
    """Half characters replaced: JSON can say them, Redis' client cannot."""
    return text.encode(errors="replace").decode()


def _utf8_or_as_it_was(part: str | int) -> bytes | int:
    """A damaged slot's id goes back with the bytes that it came with."""
    return part.encode(errors="surrogateescape") if isinstance(part, str) else part


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.encode(errors="replace")).hexdigest()[:32]
