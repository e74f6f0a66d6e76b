"""A model of one application's ledger: the same steps as the real one, made of the join's pure functions.

The clock is an argument. There is no pace. Histories are run on both, and their states compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt
from receipt_sync.actors import actor_of
from receipt_sync.join import (
    DELIVERED,
    FLAGS,
    NAMES_MAX,
    READ,
    EditHalf,
    Half,
    MarkHalf,
    edit_half,
    is_needless,
    join_edits,
    join_marks,
    mark_half,
    split_marks,
    without_covered,
)
from tests.slot_state import ACCOUNTS, LedgerState, SlotState, text_digest
from worker.ledger import Again, Back, Dead, Done, Outcome, Part

LIST_LIMIT_MAX = 1000
EDIT = "e"
LOOK_MS = 3_600_000
REFUSED_MAX = 8


@dataclass(frozen=True)
class Policy:
    """What the model takes from the policy; ms. None: as for reads."""

    gather_min_ms: int = 0
    gather_max_ms: int = 0
    gather_edit_min_ms: int | None = None
    gather_edit_max_ms: int | None = None
    gather_delivered_min_ms: int | None = None
    gather_delivered_max_ms: int | None = None
    give_up_ms: int = 86_400_000
    crashes_max: int = 2
    lands_ms: int = 0
    token_wait_ms: int = 86_400_000
    dead_keep_max: int = 100_000

    def gather_ms(self, kind: str) -> tuple[int, int]:
        """Shortest and longest gather time of a kind: the letter of a flag, or `EDIT`."""
        own = {
            EDIT: (self.gather_edit_min_ms, self.gather_edit_max_ms),
            DELIVERED: (self.gather_delivered_min_ms, self.gather_delivered_max_ms),
        }
        least, most = own.get(kind, (None, None))
        return self.gather_min_ms if least is None else least, self.gather_max_ms if most is None else most

    def is_more_urgent(self, kind: str, other: str) -> bool:
        """Whether a kind asks for its PUT sooner than another."""
        return any(mine < theirs for mine, theirs in zip(self.gather_ms(kind), self.gather_ms(other), strict=True))


@dataclass(frozen=True)
class Letter:
    """A dead letter: what it holds, as it is replayed."""

    slot: str
    half: Half


@dataclass
class Slot:
    """One slot; fields as in `SlotState`, and times in ms."""

    name: str
    recorded: int = 0
    covered: int = 0
    dead: int = 0
    generation: int = 0
    attempts: int = 0
    failing_since_ms: int | None = None
    crashes: int = 0
    waiting_since_ms: int | None = None
    pending: Half | None = None
    pending_since_ms: int = 0
    in_flight: Half | None = None
    in_flight_since_ms: int = 0
    claimed_ms: int = 0
    token: str | None = None
    sent_token: str | None = None
    list_limit: int | None = None
    covered_names: dict[str, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(FLAGS, frozenset()))
    sent_revision: int | None = None
    stored_text: str | None = None
    in_doubt_until_ms: int = 0
    in_doubt_text: str | None = None
    dead_since_sent: bool = False

    @property
    def waits_for_token(self) -> bool:
        """Whether it waits for another session token, or for credentials at all."""
        return self.waiting_since_ms is not None

    @property
    def actor(self) -> str:
        """Whom the pending half is sent for; "" for none."""
        if self.name.startswith("m:"):
            return self.name.rpartition(":")[2]
        return self.pending.actor if isinstance(self.pending, EditHalf) else ""

    def forgive_wait(self, waited_ms: int, now_ms: int, failing_since_ms: int | None) -> None:
        """What it waited for its turn is no failing."""
        if self.failing_since_ms is None:
            return
        latest_ms = min(now_ms, self.failing_since_ms + max(0, waited_ms))
        since_ms = latest_ms if failing_since_ms is None else failing_since_ms
        assert self.failing_since_ms <= since_ms <= latest_ms, f"{self.name} has failed since {since_ms}"
        self.failing_since_ms = since_ms

    def wait(self, half: Half, now_ms: int) -> None:
        """Joins what has just been recorded into the pending half."""
        if self.pending is None:
            self.pending_since_ms = now_ms
        self.pending = half if self.pending is None else join(self.pending, half)


class Model:
    """One application's ledger."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.slots: dict[str, Slot] = {}
        self.due_ms: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self._sooner_ms: dict[str, int] = {}
        self.newest: dict[str, str] = {}
        self.refused: dict[str, list[str]] = {}
        self.at_rest: set[str] = set()
        self.letters: list[Letter] = []

    # record --------------------------------------------------------------------------------------------------------

    def record(self, receipts: Iterable[Receipt], now_ms: int) -> None:
        """Joins receipts into their slots; the first fixes when one is due, later ones may hurry it."""
        self._sooner_ms = {}
        waited = {slot.name for slot in self.slots.values() if slot.pending}
        for receipt in receipts:
            if isinstance(receipt, EditMessage):
                self._record_edit(receipt, now_ms)
            else:
                self._record_mark(receipt, now_ms)
            if receipt.token:
                self._bring_token(actor_of(receipt.user_id, receipt.token), receipt.token)
        for slot in self.slots.values():
            if slot.pending and not slot.in_flight and slot.name not in self.due_ms:
                self.due_ms[slot.name] = self.gather_due_ms(slot)
        for name in self._sooner_ms.keys() & waited:
            self._bring_forward(self.slots[name])

    def _bring_forward(self, slot: Slot) -> None:
        """A more urgent kind has joined what waited; what backs off, or waits for a token, waits for that."""
        backs_off = slot.attempts or slot.failing_since_ms is not None or slot.waits_for_token
        if slot.name in self.due_ms and not backs_off:
            self.due_ms[slot.name] = min(self.due_ms[slot.name], self._sooner_ms[slot.name])

    def gather_due_ms(self, slot: Slot) -> int:
        """The most urgent kind that waits decides, counted from the oldest receipt."""
        return min(self._asked_ms(slot, kind, slot.pending_since_ms) for kind in kinds_of(slot.pending))

    def _asked_ms(self, slot: Slot, kind: str, since_ms: int) -> int:
        """When a receipt asks for its PUT; never sooner after the last one than the longest gather time."""
        least, most = self.policy.gather_ms(kind)
        return max(since_ms + least, (slot.claimed_ms + most) if slot.generation else 0)

    def _record_mark(self, receipt: MarkRead | MarkDelivered, now_ms: int) -> None:
        slot = self._slot(receipt.wire()[1])
        half = mark_half(receipt)
        self._count(slot, "recorded", half.count)
        flag = flag_of(receipt)
        self.counts["recorded_read" if flag == READ else "recorded_delivered"] += half.count
        left = without_covered(half, slot.covered_names)
        if left.ids:
            left = MarkHalf(ids={id_: n for id_, n in left.ids.items() if id_ not in slot.covered_names[flag]})
        self._absorb(slot, half.count - left.count)
        if left.count:
            self._hurry(slot, flag, now_ms)
            self._wait(slot, left, now_ms)
        if slot.pending and receipt.token:
            slot.token = receipt.token

    def _hurry(self, slot: Slot, flag: str, now_ms: int) -> None:
        waits = slot.pending is not None and mark_of(slot.pending).whole(flag).count
        if not waits and self.policy.is_more_urgent(flag, DELIVERED if flag == READ else READ):
            asked_ms = self._asked_ms(slot, flag, now_ms)
            self._sooner_ms[slot.name] = min(self._sooner_ms.get(slot.name, asked_ms), asked_ms)

    def _record_edit(self, receipt: EditMessage, now_ms: int) -> None:
        slot = self._slot(receipt.wire(0)[1])
        half = edit_half(receipt, now_ms)
        self._count(slot, "recorded", 1)
        self.counts["recorded_edit"] += 1
        if slot.sent_revision is not None and half.revision < slot.sent_revision:
            return self._absorb(slot, 1)
        before = slot.actor
        self._wait(slot, half, now_ms)
        winner = edit_of(slot.pending)
        if slot.waits_for_token and before and winner.actor != before:
            self._set_going(slot)
        if not slot.in_flight and winner.text == slot.stored_text:
            self._drop_needless(slot, winner)
        return None

    # session tokens --------------------------------------------------------------------------------------------------

    def _bring_token(self, actor: str, token: str) -> None:
        """One that was not refused ends the wait of all slots of its actor."""
        if token in self.refused.get(actor, ()):
            return
        self.newest[actor] = token
        for slot in self.slots.values():
            if slot.waits_for_token and slot.pending and not slot.in_flight and slot.actor == actor:
                self._set_going(slot)

    def _set_going(self, slot: Slot) -> None:
        slot.waiting_since_ms = None
        if not slot.in_flight:
            self.due_ms[slot.name] = slot.pending_since_ms

    def token_for(self, slot: Slot) -> str | None:
        """The token that its pending half would be sent with: the actor's newest, else its own."""
        own = slot.pending.token if isinstance(slot.pending, EditHalf) else slot.token
        for token in (self.newest.get(slot.actor), own):
            if token and token not in self.refused.get(slot.actor, ()):
                return token
        return None

    def is_stopped(self, slot: Slot) -> bool:
        """Whether it can only be sent with a token that it does not have."""
        return is_session(slot.actor) and self.token_for(slot) is None

    def stop(self, name: str, now_ms: int) -> bool:
        """A due slot is looked at, and has no token: it waits; True when it has waited long enough, and is dead."""
        slot = self.slots[name]
        assert self.due_ms[name] <= now_ms
        assert self.is_stopped(slot), f"{name} was stopped, and could be sent with {self.token_for(slot)}"
        if slot.waiting_since_ms is not None and now_ms - slot.waiting_since_ms >= self.policy.token_wait_ms:
            del self.due_ms[name]
            slot.in_flight, slot.pending = slot.pending, None
            self._bury(slot, None, now_ms)
            return True
        self._await_token(slot, now_ms)
        return False

    def _await_token(self, slot: Slot, now_ms: int) -> None:
        if slot.waiting_since_ms is None:
            slot.waiting_since_ms = now_ms
        self.due_ms[slot.name] = min(slot.waiting_since_ms + self.policy.token_wait_ms, now_ms + LOOK_MS)

    def _refuse(self, actor: str, token: str) -> None:
        others = [each for each in self.refused.get(actor, ()) if each != token]
        self.refused[actor] = [token, *others][:REFUSED_MAX]
        if self.newest.get(actor) == token:
            del self.newest[actor]

    def _without_access(self, slot: Slot, delay_ms: int, now_ms: int) -> None:
        """The session token was refused, or there were no credentials to send it with."""
        slot.attempts = slot.crashes = 0
        slot.failing_since_ms = None
        edit = slot.in_flight if isinstance(slot.in_flight, EditHalf) else None
        token = edit.token if edit else slot.sent_token
        waited_ms = 0 if slot.waiting_since_ms is None else now_ms - slot.waiting_since_ms
        if token:
            self._refuse(edit.actor if edit else slot.actor, token)
        elif slot.waits_for_token and waited_ms >= self.policy.token_wait_ms:
            return self._bury(slot, None, now_ms)
        self._join_back(slot)
        if self.is_stopped(slot):
            self._await_token(slot, now_ms)
        elif is_session(slot.actor):
            self._set_going(slot)
        else:
            slot.waiting_since_ms = now_ms if slot.waiting_since_ms is None else slot.waiting_since_ms
            self.due_ms[slot.name] = now_ms + delay_ms
        return None

    # claim ---------------------------------------------------------------------------------------------------------

    def claimable(self, now_ms: int) -> set[str]:
        """Slots that are due, have a token, and need not wait until an earlier text can no longer be applied."""
        due = [self.slots[name] for name, due_ms in self.due_ms.items() if due_ms <= now_ms]
        ready = [slot for slot in due if not self._waits_for_landing(slot, now_ms)]
        return {slot.name for slot in ready if not self.is_stopped(slot)}

    def _waits_for_landing(self, slot: Slot, now_ms: int) -> bool:
        if now_ms >= slot.in_doubt_until_ms or not isinstance(slot.pending, EditHalf):
            return False
        return slot.pending.text != slot.in_doubt_text

    def _doubt(self, slot: Slot, now_ms: int) -> None:
        if isinstance(slot.in_flight, EditHalf):
            slot.in_doubt_until_ms, slot.in_doubt_text = now_ms + self.policy.lands_ms, slot.in_flight.text

    def claim(self, name: str, now_ms: int, failing_since_ms: int | None = None) -> Slot:
        """Pending → in flight.

        Args:
            name: the slot.
            now_ms: the clock.
            failing_since_ms: what the real slot says, for how much of the wait was an outage's hangs on the pace. None:
                none of it was, and all of it is forgiven.
        """
        slot = self.slots[name]
        assert slot.pending is not None
        slot.forgive_wait(now_ms - max(self.due_ms.pop(name), slot.claimed_ms), now_ms, failing_since_ms)
        if is_session(slot.actor):
            self._take_token(slot)
        slot.in_flight, slot.in_flight_since_ms, slot.pending = slot.pending, slot.pending_since_ms, None
        slot.sent_token, slot.stored_text = slot.token, None
        slot.generation += 1
        slot.claimed_ms = now_ms
        return slot

    def _take_token(self, slot: Slot) -> None:
        token = self.token_for(slot)
        slot.waiting_since_ms = None
        if isinstance(slot.pending, EditHalf):
            slot.pending = replace(slot.pending, token=token)
        else:
            slot.token = token

    # settle --------------------------------------------------------------------------------------------------------

    def settle(
        self,
        name: str,
        generation: int,
        outcome: Outcome,
        now_ms: int,
        remembered: Mapping[str, frozenset[str]] | None = None,
        *,
        of_outage: bool = False,
    ) -> bool:
        """The end of a claim; False for a stale one.

        Args:
            name: the slot.
            generation: the claim's.
            outcome: what became of it.
            now_ms: the clock.
            remembered: flag's letter → the covered names that the real slot kept. Which old ones it drops for want of
                room is its own affair; that it keeps those just covered is checked here. None: there is room for all.
            of_outage: the breaker is open, and was not when the claim was made.
        """
        slot = self.slots.get(name)
        if slot is None or not slot.in_flight or slot.generation != generation:
            return False
        actor = slot.in_flight.actor if isinstance(slot.in_flight, EditHalf) else slot.actor
        match outcome:
            case Done(part):
                self._accept(slot, part, remembered)
                self._close(slot, now_ms, accepted=True)
            case Dead(part=part):
                self._bury(slot, part, now_ms)
            case Again() | Back():
                self._again(slot, outcome, now_ms, of_outage=of_outage)
        if is_session(actor) and not slot.pending and not slot.in_flight:
            self.at_rest.add(actor)
        return True

    def end_settles(self) -> None:
        """After the settles of one call: with nothing left at all, newest tokens of sessions without trouble go."""
        if not self.due_ms and not any(slot.in_flight for slot in self.slots.values()):
            for actor in self.at_rest:
                if not self.refused.get(actor):
                    self.newest.pop(actor, None)
        self.at_rest.clear()

    def _accept(self, slot: Slot, part: Part, remembered: Mapping[str, frozenset[str]] | None) -> None:
        if isinstance(slot.in_flight, EditHalf):
            slot.sent_revision = max(slot.in_flight.revision, slot.sent_revision or 0)
            slot.stored_text, slot.dead_since_sent = slot.in_flight.text, False
        else:
            self._remember(slot, part, remembered)
        self._count(slot, "covered", self._take(slot, part).count)
        self._lengthen_list(slot, part)

    def _remember(self, slot: Slot, part: Part, remembered: Mapping[str, frozenset[str]] | None) -> None:
        # Only a PUT of the whole dialog covers what a name stands for: everything up to that message.
        for flag in "" if part.ids else part.flags:
            new = mark_of(slot.in_flight).whole(flag).names
            all_names = slot.covered_names[flag] | new
            kept = all_names if remembered is None else remembered[flag]
            assert new <= kept <= all_names, f"{slot.name} forgot what it has just covered: {new - kept}"
            assert len(kept) == min(len(all_names), NAMES_MAX)
            slot.covered_names[flag] = kept

    def _bury(self, slot: Slot, part: Part | None, now_ms: int) -> None:
        taken = self._take(slot, part)
        self._count(slot, "dead", taken.count)
        if isinstance(taken, EditHalf) and taken.revision == slot.sent_revision:
            slot.dead_since_sent = True
        self.letters.append(Letter(slot.name, as_in_letter(taken)))
        while len(self.letters) > self.policy.dead_keep_max:
            self._forget_letter(0, "expired")
        if part:
            self._lengthen_list(slot, part)
        self._close(slot, now_ms, accepted=False)

    def _take(self, slot: Slot, part: Part | None) -> Half:
        """Takes what a PUT carried (None: everything) out of the flight."""
        half = slot.in_flight
        assert half is not None
        if isinstance(half, EditHalf) or part is None:
            slot.in_flight = None
            return half
        taken, slot.in_flight = split_marks(half, part.flags, part.ids)
        return taken

    def _lengthen_list(self, slot: Slot, part: Part) -> None:
        if part.ids and slot.list_limit:
            slot.list_limit = min(slot.list_limit * 2, LIST_LIMIT_MAX)

    def _close(self, slot: Slot, now_ms: int, *, accepted: bool) -> None:
        slot.attempts = slot.crashes = 0
        slot.failing_since_ms = slot.waiting_since_ms = None
        if accepted and slot.pending:
            self._drop_covered(slot)
        if slot.in_flight and slot.in_flight.count:
            self._join_back(slot)
            self.due_ms[slot.name] = now_ms
            return
        slot.in_flight = slot.sent_token = None
        if slot.pending:
            self.due_ms[slot.name] = self.gather_due_ms(slot)
        else:
            slot.token = slot.list_limit = None

    def _drop_covered(self, slot: Slot) -> None:
        if isinstance(slot.pending, EditHalf):
            if is_needless(slot.pending, slot.sent_revision, slot.stored_text):
                self._drop_needless(slot, slot.pending)
            return
        half = mark_of(slot.pending)
        left = without_covered(half, slot.covered_names)
        self._absorb(slot, half.count - left.count)
        slot.pending = left if left.count else None

    def _drop_needless(self, slot: Slot, edit: EditHalf) -> None:
        self._absorb(slot, edit.count)
        slot.sent_revision = max(edit.revision, slot.sent_revision or 0)
        slot.pending = slot.waiting_since_ms = None
        self.due_ms.pop(slot.name, None)

    def _again(self, slot: Slot, outcome: Again | Back, now_ms: int, *, of_outage: bool) -> None:
        asked = outcome if isinstance(outcome, Again) else Again("", "")
        if asked.wants_token:
            return self._without_access(slot, asked.delay_ms, now_ms)
        if asked.in_doubt:
            self._doubt(slot, now_ms)
        if asked.costs_attempt:
            slot.failing_since_ms = now_ms if slot.failing_since_ms is None else slot.failing_since_ms
            if now_ms - slot.failing_since_ms >= self.policy.give_up_ms:
                return self._bury(slot, None, now_ms)
        self._join_back(slot)
        of_outage = of_outage and asked.verdict == "unavailable"
        slot.attempts += asked.costs_attempt and not of_outage
        slot.crashes = 0
        if isinstance(slot.pending, MarkHalf):
            slot.list_limit = asked.list_limit or slot.list_limit
        if asked.took_ms is not None:
            slot.waiting_since_ms = None
        keeps_place = of_outage or isinstance(outcome, Back) or asked.verdict == "throttled"
        self.due_ms[slot.name] = slot.pending_since_ms if keeps_place else now_ms + asked.delay_ms
        return None

    def _join_back(self, slot: Slot) -> None:
        assert slot.in_flight is not None
        slot.pending = slot.in_flight if slot.pending is None else join(slot.in_flight, slot.pending)
        slot.pending_since_ms = slot.in_flight_since_ms
        slot.in_flight = slot.sent_token = None

    # reap ----------------------------------------------------------------------------------------------------------

    def reap(self, now_ms: int) -> dict[str, tuple[int, bool]]:
        """All leases have run out, at the same time: slot → (crashes in a row, dead)."""
        fates = {}
        for slot in sorted((slot for slot in self.slots.values() if slot.in_flight), key=lambda slot: slot.name):
            slot.crashes += 1
            self._doubt(slot, now_ms)
            dead = slot.crashes >= self.policy.crashes_max
            fates[slot.name] = (slot.crashes, dead)
            if dead:
                self._bury(slot, None, now_ms)
            else:
                self._join_back(slot)
                self.due_ms[slot.name] = now_ms
        return fates

    # dead letters --------------------------------------------------------------------------------------------------

    def replay(self, at: int, now_ms: int) -> int:
        """The letter's receipts join under what its slot holds; answers how many need no PUT any more."""
        letter = self.letters.pop(at)
        slot, half = self._slot(letter.slot), letter.half
        absorbed = self.counts["absorbed"]
        self._count(slot, "dead", -half.count)
        self.counts["replayed"] += half.count
        if isinstance(half, EditHalf):
            self._replay_edit(slot, half, now_ms)
        else:
            self._replay_marks(slot, half, now_ms)
        if slot.pending and not slot.in_flight and slot.name not in self.due_ms:
            self.due_ms[slot.name] = self.gather_due_ms(slot)
        return self.counts["absorbed"] - absorbed

    def drop(self, at: int) -> None:
        """The letter goes; its receipts stay dead."""
        self._forget_letter(at, "dropped")

    def _forget_letter(self, at: int, counted_as: str) -> None:
        self.counts[counted_as] += self.letters.pop(at).half.count

    def _replay_marks(self, slot: Slot, half: MarkHalf, now_ms: int) -> None:
        left = without_covered(half, slot.covered_names)
        ids = {
            id_: {flag: n for flag, n in counts.items() if id_ not in slot.covered_names[flag]}
            for id_, counts in left.ids.items()
        }
        left = replace(left, ids={id_: counts for id_, counts in ids.items() if counts})
        self._absorb(slot, half.count - left.count)
        if left.count:
            self._sooner_ms = {}
            for flag in kinds_of(left):
                self._hurry(slot, flag, now_ms)
            self._wait(slot, left, now_ms)
            if slot.name in self._sooner_ms:
                self._bring_forward(slot)

    def _replay_edit(self, slot: Slot, edit: EditHalf, now_ms: int) -> None:
        sent = slot.sent_revision
        if sent is not None and (edit.revision < sent or (edit.revision == sent and not slot.dead_since_sent)):
            return self._absorb(slot, edit.count)
        if slot.in_flight and edit.revision <= edit_of(slot.in_flight).revision:
            slot.in_flight = replace(edit_of(slot.in_flight), count=slot.in_flight.count + edit.count)
            return None
        newcomers, slot.pending = slot.pending, None
        if newcomers is None:
            self._wait(slot, edit, now_ms)
        else:
            self.counts["joined"] += edit.count
            slot.pending = join(edit, newcomers)
            if slot.waits_for_token and edit_of(slot.pending).actor != edit_of(newcomers).actor:
                self._set_going(slot)
        if not slot.in_flight and edit_of(slot.pending).text == slot.stored_text:
            self._drop_needless(slot, edit_of(slot.pending))
        return None

    # what it says --------------------------------------------------------------------------------------------------

    def state(self) -> LedgerState:
        """Everything, in the words in which the real ledger is read."""
        halves = {
            "pending": sum(slot.pending.count for slot in self.slots.values() if slot.pending),
            "in_flight": sum(slot.in_flight.count for slot in self.slots.values() if slot.in_flight),
        }
        counts = {name: (halves if name in halves else self.counts)[name] for name in ACCOUNTS}
        in_letters = sum(letter.half.count for letter in self.letters)
        return LedgerState({name: self._state(slot) for name, slot in self.slots.items()}, counts, in_letters)

    def _state(self, slot: Slot) -> SlotState:
        copied = {name: getattr(slot, name) for name in SlotState.__dataclass_fields__ if hasattr(slot, name)}
        stored = None if slot.stored_text is None else text_digest(slot.stored_text)
        waits_for = "lease" if slot.in_flight else "due" if slot.name in self.due_ms else ""
        return SlotState(**copied, stored=stored, waits_for=waits_for)

    def _slot(self, name: str) -> Slot:
        return self.slots.setdefault(name, Slot(name))

    def _count(self, slot: Slot, name: str, n: int) -> None:
        setattr(slot, name, getattr(slot, name) + n)
        self.counts[name] += n

    def _wait(self, slot: Slot, half: Half, now_ms: int) -> None:
        """All but the one that opens the pending half need no PUT of their own."""
        self.counts["joined"] += half.count - (slot.pending is None)
        slot.wait(half, now_ms)

    def _absorb(self, slot: Slot, n: int) -> None:
        self._count(slot, "covered", n)
        self.counts["absorbed"] += n


def is_session(actor: str) -> bool:
    """Whether it acts through a session, and not by the API key."""
    return actor.startswith(("s", "t"))


def as_in_letter(half: Half) -> Half:
    """What a letter keeps: no token, and of messages marked more than once the sum alone; the first has the rest."""
    if isinstance(half, EditHalf):
        return replace(half, token=None)
    single = {id_: dict.fromkeys(counts, 1) for id_, counts in half.ids.items()}
    rest = half.count - replace(half, ids=single).count
    if rest:
        flag = READ if any(READ in counts for counts in single.values()) else DELIVERED
        single[min(id_ for id_, counts in single.items() if flag in counts)][flag] += rest
    return replace(half, ids=single)


def join(older: Half, newer: Half) -> Half:
    """The join of whichever kind."""
    if isinstance(older, EditHalf):
        return join_edits(older, edit_of(newer))
    return join_marks(older, mark_of(newer))


def flag_of(receipt: MarkRead | MarkDelivered) -> str:
    """A mark's letter."""
    return READ if isinstance(receipt, MarkRead) else DELIVERED


def kinds_of(half: Half | None) -> set[str]:
    """Which kinds of receipts wait in a half: letters of flags, or `EDIT`."""
    if half is None:
        return set()
    if isinstance(half, EditHalf):
        return {EDIT}
    listed = {flag for flags in half.ids.values() for flag in flags}
    return listed | {flag for flag in FLAGS if half.whole(flag).count}


def edit_of(half: Half | None) -> EditHalf:
    """The half of an edit slot."""
    assert isinstance(half, EditHalf)
    return half


def mark_of(half: Half | None) -> MarkHalf:
    """The half of a mark slot."""
    assert isinstance(half, MarkHalf)
    return half
