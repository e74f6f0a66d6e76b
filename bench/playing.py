"""Playing arrivals in real time, as a web app would record them: one call each, or some that are due in one call."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from traffic.arrivals import Arrival
from traffic.waits import Recorded


@dataclass(slots=True)
class Played:
    """What was recorded when.

    Attributes:
        recorded: Every receipt with the unix time just before its call.
        late_s: By receipt, how much later than its time the call began.
        calls_s: By receipt, how long the call took.
    """

    recorded: list[Recorded] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    calls_s: list[float] = field(default_factory=list)


def text_of(arrival: Arrival) -> str:
    """An edit's text; recorded traces have none, so it is made from the revision."""
    return arrival.text or f"revision {arrival.revision}"


def receipt_of(arrival: Arrival, *, names: bool) -> Receipt:
    """The receipt that an arrival reports; a mark names its message if wanted."""
    if arrival.kind == "edit":
        return EditMessage(
            dialog_id=arrival.dialog,
            message_id=arrival.message,
            text=text_of(arrival),
            user_id=arrival.user,
            revision=arrival.revision,
        )
    mark = MarkRead if arrival.kind == "read" else MarkDelivered
    return mark(dialog_id=arrival.dialog, user_id=arrival.user, up_to=arrival.message if names else None)


def recorded_of(arrival: Arrival, at_s: float, *, names: bool) -> Recorded:
    """The log's line for a receipt that is recorded now."""
    edits = arrival.kind == "edit"
    return Recorded(
        recorded_s=at_s,
        kind=arrival.kind,
        dialog=arrival.dialog,
        user=arrival.user,
        message=arrival.message if names or edits else "",
        revision=arrival.revision,
        text=text_of(arrival) if edits else "",
    )


def play(queue: ReceiptQueue, arrivals: Sequence[Arrival], *, names: bool, together: int = 1) -> Played:
    """Record every arrival at its time, counted from now.

    Args:
        queue: Where.
        arrivals: In the order of their times.
        names: Whether marks name their messages.
        together: How many receipts one call may take; of those that are due when it begins, for none waits for another.

    Raises:
        redis.RedisError: A receipt could not be recorded.
    """
    receipts = [receipt_of(arrival, names=names) for arrival in arrivals]
    played, done, start_s = Played(), 0, time.monotonic()
    while done < len(arrivals):
        early_s = start_s + arrivals[done].t_s - time.monotonic()
        if early_s > 0:
            time.sleep(early_s)
        began_s, at_s = time.monotonic(), time.time()
        now = arrivals[done : done + together]
        now = now[: max(1, sum(start_s + arrival.t_s <= began_s for arrival in now))]
        queue.record_many(receipts[done : done + len(now)])
        played.recorded += [recorded_of(arrival, at_s, names=names) for arrival in now]
        played.calls_s += [time.monotonic() - began_s] * len(now)
        played.late_s += [began_s - start_s - arrival.t_s for arrival in now]
        done += len(now)
    return played
