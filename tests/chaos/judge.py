"""The judge: the producers' journals against the API's. Pure; every finding is a list that can be looked into.

`lost`: acknowledged receipts without an accepted PUT that arrived after their recording had begun, and not dead.
`backwards`: PUTs of an edit carried out after one of a higher revision; `stale_texts`: messages that say an older
revision in the end than one acknowledged. `doubled`: two calls of one slot open at once (see the package's story).
`duplicates`: pairs of PUTs carried out, the second though nothing new had been recorded since the first was claimed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.incidents import CLAIM_TO_ARRIVAL_S
from tests.chaos.journal import Attempt
from tests.chaos.puts import Put
from tests.chaos.town import revision_of
from traffic.evidence import Recorded
from traffic.waits import Fates, fates_of

# A call that failed has reached Redis within this time, or never: the producer's timeouts, and a margin.
UNKNOWN_CALL_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the judge has to know of the run.

    Attributes:
        request_s: the longest request: a living client has given up after it.
        cuts: by proxy port, ascending: when its connections were reset.
        dead_slots: slots with dead letters.
    """

    request_s: float
    cuts: Mapping[int, Sequence[float]] = field(default_factory=dict)
    dead_slots: frozenset[str] = frozenset()


@dataclass(slots=True)
class Findings:
    """What was found."""

    lost: list[Recorded] = field(default_factory=list)
    dead: list[Recorded] = field(default_factory=list)
    backwards: list[tuple[Put, Put]] = field(default_factory=list)
    stale_texts: list[str] = field(default_factory=list)
    doubled: list[tuple[Put, Put]] = field(default_factory=list)
    duplicates: list[tuple[Put, Put]] = field(default_factory=list)
    groundless: list[Put] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    unknown: int = 0


def judge(attempts: Iterable[Attempt], puts: Sequence[Put], texts: Mapping[str, str], limits: Limits) -> Findings:
    """Everything.

    Args:
        attempts: of all producers.
        puts: all that the API has seen.
        texts: what each message says in the end.
        limits: of the run.
    """
    found = Findings()
    attempts = list(attempts)
    _coverage(attempts, puts, limits, found)
    found.backwards = backwards(puts)
    found.stale_texts = stale_texts(attempts, texts, limits)
    found.doubled = doubled(puts, limits)
    found.duplicates = duplicates(attempts, puts)
    found.groundless = groundless(attempts, puts)
    return found


def _coverage(attempts: Sequence[Attempt], puts: Sequence[Put], limits: Limits, found: Findings) -> None:
    """Attempts of unknown end are shown to the walks, since the API may know them, but nothing is owed for them."""
    owed = {id(receipt) for attempt in attempts if attempt.acknowledged_s is not None for receipt in attempt.receipts}
    every = [receipt for attempt in attempts for receipt in attempt.receipts]
    fates: Fates = fates_of(every, [put.said for put in puts if put.accepted])
    uncovered = [receipt for receipt in fates.uncovered if id(receipt) in owed]
    found.dead = [receipt for receipt in uncovered if slot_of(receipt) in limits.dead_slots]
    found.lost = [receipt for receipt in uncovered if slot_of(receipt) not in limits.dead_slots]
    found.waits_s = fates.waits_s
    found.acknowledged, found.unknown = len(owed), len(every) - len(owed)


def slot_of(receipt: Recorded) -> str:
    """The slot, by the ledger's name."""
    if receipt.kind == "edit":
        return f"e:{receipt.dialog}:{receipt.message}"
    return f"m:{receipt.dialog}:u{receipt.user}"


def backwards(puts: Iterable[Put]) -> list[tuple[Put, Put]]:
    """Pairs (highest before, lower after) of carried out edits of one message."""
    pairs = []
    highest: dict[str, Put] = {}
    for put in sorted(puts, key=lambda put: put.landed_s):
        if put.said.text is None or not put.applied:
            continue
        before = highest.get(put.slot)
        if before is not None and _revision(put) < _revision(before):
            pairs.append((before, put))
        else:
            highest[put.slot] = put
    return pairs


def stale_texts(attempts: Iterable[Attempt], texts: Mapping[str, str], limits: Limits) -> list[str]:
    """Messages whose text is older than the highest edit acknowledged; those of dead slots left out."""
    highest: dict[str, Recorded] = {}
    for attempt in attempts:
        for receipt in attempt.receipts if attempt.acknowledged_s is not None else ():
            known = highest.get(receipt.message)
            if receipt.kind == "edit" and (known is None or receipt.revision > known.revision):
                highest[receipt.message] = receipt
    owed = [edit for edit in highest.values() if slot_of(edit) not in limits.dead_slots]
    return sorted(edit.message for edit in owed if revision_of(texts[edit.message]) < edit.revision)


def doubled(puts: Iterable[Put], limits: Limits) -> list[tuple[Put, Put]]:
    """Pairs (open, arriving) of calls of one slot."""
    pairs = []
    last: dict[str, tuple[float, Put]] = {}
    for put in sorted(puts, key=lambda put: put.arrived_s):
        open_until_s, before = last.get(put.slot, (0.0, put))
        if put.arrived_s < open_until_s:
            pairs.append((before, put))
        ends_s = _open_until_s(put, limits)
        if ends_s >= open_until_s:
            last[put.slot] = (ends_s, put)
    return pairs


def _open_until_s(put: Put, limits: Limits) -> float:
    until_s = min(put.ended_s, put.arrived_s + limits.request_s)
    cuts = limits.cuts.get(put.port, ())
    at = bisect_left(cuts, put.arrived_s)
    return min(until_s, cuts[at]) if at < len(cuts) else until_s


def duplicates(attempts: Iterable[Attempt], puts: Iterable[Put]) -> list[tuple[Put, Put]]:
    """Pairs (before, duplicate) carried out: nothing that the one before did not know could have been in the second."""
    calls: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for attempt in attempts:
        for receipt in attempt.receipts:
            until_s = attempt.acknowledged_s or receipt.recorded_s + UNKNOWN_CALL_S
            calls[slot_of(receipt)].append((receipt.recorded_s, until_s))
    begun = {slot: sorted(began_s for began_s, _ in spans) for slot, spans in calls.items()}
    ended = {slot: sorted(until_s for _, until_s in spans) for slot, spans in calls.items()}
    needless = []
    last: dict[str, Put] = {}
    for put in sorted((put for put in puts if put.applied), key=lambda put: put.arrived_s):
        before = last.get(put.slot)
        # What a PUT carries was recorded before its claim, which was as long before its arrival at most.
        before_s = before.arrived_s - CLAIM_TO_ARRIVAL_S if before else 0.0
        # Calls that had begun when this one came, less those over before the last one can have been claimed.
        began = bisect_right(begun.get(put.slot, []), put.arrived_s)
        over = bisect_left(ended.get(put.slot, []), before_s)
        if before and began <= over:
            needless.append((before, put))
        last[put.slot] = put
    return needless


def groundless(attempts: Iterable[Attempt], puts: Iterable[Put]) -> list[Put]:
    """PUTs of slots for which no receipt's call had begun when they came."""
    first_s: dict[str, float] = {}
    for attempt in attempts:
        for receipt in attempt.receipts:
            slot = slot_of(receipt)
            first_s[slot] = min(first_s.get(slot, receipt.recorded_s), receipt.recorded_s)
    return [put for put in puts if put.arrived_s < first_s.get(put.slot, float("inf"))]


def peak(puts: Iterable[Put], window_s: float) -> int:
    """The most PUTs that arrived within any so many seconds."""
    times = sorted(put.arrived_s for put in puts)
    return max((bisect_left(times, at_s + window_s) - i for i, at_s in enumerate(times)), default=0)


def _revision(put: Put) -> int:
    return revision_of(put.said.text or "")
