"""How long every receipt waited, and whether one was lost: recordings held against the PUTs that the chat API accepted.

A receipt is **covered** by the first accepted PUT that arrives after its recording and carries it: a mark by a PUT of
the whole dialog with its flag, an edit by a PUT with its own or a higher edit's text. It is **absorbed** when it needs
no PUT any more: a mark that names a message covered before, an edit that is older than one sent before or says what the
API holds already. Anything else is **uncovered**.

Only times are known here: a PUT that left before a recording and arrived after it counts as covering. The ledger sends
another one in that case; that it does so is tested where PUTs can be held up.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from operator import itemgetter

from traffic.edit_waits import EditWalk
from traffic.evidence import Accepted, Recorded, accepted_put, accepted_puts, is_accepted
from traffic.fates import Fates, Wait, quantile
from traffic.mark_waits import MarkWalk

__all__ = [
    "Accepted",
    "Fates",
    "Recorded",
    "Wait",
    "accepted_put",
    "accepted_puts",
    "fates_of",
    "is_accepted",
    "quantile",
]

Moment = tuple[float, Recorded | Accepted]


def fates_of(recorded: Iterable[Recorded], accepted: Iterable[Accepted]) -> Fates:
    """What became of every receipt.

    Args:
        recorded: In any order; of edits with equal revision and time, the later one in this order arrived later.
        accepted: In any order. PUTs that mark single messages are left out: no receipt here asks for them.
    """
    fates = Fates()
    for stream, moments in _streams(recorded, accepted).items():
        _walk(EditWalk(fates) if stream[0] == "edit" else MarkWalk(fates), moments)
    return fates


def _walk(walk: EditWalk | MarkWalk, moments: list[Moment]) -> None:
    for _, event in sorted(moments, key=itemgetter(0)):  # stable: recordings stand first, so they win a tie
        if isinstance(event, Recorded):
            walk.record(event)
        else:
            walk.put(event)
    walk.end()


def _streams(
    recorded: Iterable[Recorded], accepted: Iterable[Accepted]
) -> dict[tuple[str, Hashable, Hashable], list[Moment]]:
    """What can share a PUT, and the PUTs that could be shared."""
    streams: dict[tuple[str, Hashable, Hashable], list[Moment]] = defaultdict(list)
    for receipt in recorded:
        edits = receipt.kind == "edit"
        stream = ("edit", receipt.dialog, receipt.message) if edits else ("mark", receipt.dialog, receipt.user)
        streams[stream].append((receipt.recorded_s, receipt))
    for put in accepted:
        if put.text is not None:
            streams["edit", put.dialog, ",".join(put.message_ids)].append((put.arrived_s, put))
        elif not put.message_ids:
            streams["mark", put.dialog, put.user].append((put.arrived_s, put))
    return streams
