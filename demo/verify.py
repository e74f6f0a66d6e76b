"""What must hold after the play. Pure: evidence in, findings out; a finding without cases is a check that held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from demo import chat_state
from demo.accounts import Accounts
from demo.chat_state import Document, ExpectedMessage
from demo.puts import Put
from demo.weather import Past
from sandbox.client import Call
from traffic.waits import Fates

WINDOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known after the play.

    Attributes:
        expected: How each message must stand.
        documents: The messages as the sandbox has them.
        puts: The PUTs that the sandbox saw, in order of their arrival.
        strange: Calls that are nothing the play can cause.
        past: The bad weather there was.
        cap_per_s: The calls that the plan allows in any second.
        fates: What became of the receipts that the producers recorded.
        recorded: How many receipts the producers recorded.
        jobs: How many times beat sent its job.
        accounts: The ledger's.
        dead: The ledger's dead letters.
        set_aside: Slots that the ledger could not read.
    """

    expected: Mapping[str, ExpectedMessage]
    documents: Sequence[Document]
    puts: Sequence[Put]
    strange: Sequence[Call]
    past: Sequence[Past]
    cap_per_s: int
    fates: Fates
    recorded: int
    jobs: int
    accounts: Accounts
    dead: Sequence[str] = ()
    set_aside: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and what speaks against it.

    Attributes:
        promise: What should hold.
        cases: One line for each case in which it does not.
    """

    promise: str
    cases: tuple[str, ...]


def verify(evidence: Evidence) -> list[Finding]:
    """Make every check."""
    return [Finding(promise, tuple(check(evidence))) for promise, check in CHECKS.items()]


def _messages(evidence: Evidence) -> list[str]:
    return chat_state.missing_messages(evidence.expected, evidence.documents)


def _missing_marks(evidence: Evidence) -> list[str]:
    return chat_state.missing_marks(evidence.expected, evidence.documents)


def _surplus_marks(evidence: Evidence) -> list[str]:
    return chat_state.surplus_marks(evidence.expected, evidence.documents)


def _texts(evidence: Evidence) -> list[str]:
    return chat_state.wrong_texts(evidence.expected, evidence.documents)


def _covered(evidence: Evidence) -> list[str]:
    return [
        f"dialog {one.dialog}, user {one.user}: {one.kind} for message {one.message}, "
        f"recorded at {one.recorded_s:.3f}: no PUT accepted since then"
        for one in evidence.fates.uncovered
    ]


def _edits_forward(evidence: Evidence) -> list[str]:
    return [
        f"dialog {put.dialog}, message {','.join(put.message_ids)}: a PUT that arrived at {put.arrived_s:.3f} brought "
        f"{put.text!r}, and a later edit had been accepted before"
        for put in evidence.fates.backwards
    ]


def _job(evidence: Evidence) -> list[str]:
    recorded = evidence.accounts.recorded - evidence.recorded
    if recorded == evidence.jobs > 0:
        return []
    return [f"beat sent its job {evidence.jobs} time(s), the ledger recorded {recorded} receipt(s) of it"]


def _balance(evidence: Evidence) -> list[str]:
    accounts = evidence.accounts
    parts = accounts.covered + accounts.dead + accounts.pending + accounts.in_flight
    if accounts.recorded == parts:
        return []
    found = f"covered {accounts.covered} + dead {accounts.dead} + pending {accounts.pending}"
    return [f"recorded {accounts.recorded}, but {found} + in flight {accounts.in_flight} = {parts}"]


def _nothing_left(evidence: Evidence) -> list[str]:
    accounts = evidence.accounts
    left = {"pending": accounts.pending, "in flight": accounts.in_flight, "slots waiting": accounts.slots_waiting}
    return [f"{name}: {n}" for name, n in left.items() if n] + [f"set aside: {slot}" for slot in evidence.set_aside]


def _no_dead_letters(evidence: Evidence) -> list[str]:
    if evidence.accounts.dead and not evidence.dead:
        return [f"the ledger counts {evidence.accounts.dead} dead receipt(s), and has no letter of them"]
    return list(evidence.dead)


def _rate(evidence: Evidence) -> list[str]:
    peak, at_s = peak_per_s([put.arrived_s for put in evidence.puts])
    if peak <= evidence.cap_per_s:
        return []
    return [f"{peak} calls within the second before {at_s:.3f}, and the plan allows {evidence.cap_per_s}"]


def _answers(evidence: Evidence) -> list[str]:
    return [
        f"{put.slot}: a PUT that arrived at {put.arrived_s:.3f} was answered {put.status or 'not at all'}"
        for put in evidence.puts
        if not put.accepted and not any(past.from_s <= put.arrived_s <= past.until_s for past in evidence.past)
    ]


def _one_in_flight(evidence: Evidence) -> list[str]:
    by_slot: dict[object, list[Put]] = {}
    for put in evidence.puts:
        by_slot.setdefault(put.slot, []).append(put)
    return [
        f"{late.slot}: a PUT arrived at {late.arrived_s:.3f}, while that of {early.arrived_s:.3f} was "
        + ("still open" if early.ended_s is None else f"open until {early.ended_s:.3f}")
        for puts in by_slot.values()
        for early, late in pairwise(puts)
        if early.ended_s is None or late.arrived_s < early.ended_s
    ]


def _known_calls(evidence: Evidence) -> list[str]:
    return [f"{call.method} {call.path}, arrived at {call.arrived:.3f}" for call in evidence.strange]


def peak_per_s(times_s: Sequence[float]) -> tuple[int, float]:
    """The most events within any one second (half open), and the last of them; the times are in order."""
    peak, at_s, first = 0, 0.0, 0
    for index, time_s in enumerate(times_s):
        while times_s[first] <= time_s - WINDOW_S:
            first += 1
        if index - first + 1 > peak:
            peak, at_s = index - first + 1, time_s
    return peak, at_s


CHECKS: Mapping[str, Callable[[Evidence], list[str]]] = {
    "every message is where it was said": _messages,
    "everybody who should has read and received": _missing_marks,
    "nobody else has": _surplus_marks,
    "every edited message has its last text": _texts,
    "every receipt has a PUT that was accepted after its recording": _covered,
    "no edit went backwards": _edits_forward,
    "every run of beat's job was recorded": _job,
    "recorded = covered + dead + pending + in flight": _balance,
    "nothing is left in the ledger": _nothing_left,
    "nothing is dead": _no_dead_letters,
    "never more calls in a second than the plan allows": _rate,
    "outside the bad weather every call was accepted": _answers,
    "no slot was in flight twice": _one_in_flight,
    "no call but the PUTs of these receipts": _known_calls,
}
