"""The yardstick: the fewest PUTs that any scheduler could send, even one that knows the future.

A receipt that arrives at t must be covered by a PUT sent in [t, t + window]. One PUT covers every mark of one
(dialog, user) that arrived before it, for read and delivered travel in one body; or every edit of one message.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from math import inf

from traffic.arrivals import Arrival


def fewest_puts(arrivals: Iterable[Arrival], window_s: float) -> int:
    """Count the PUTs of the best possible schedule.

    A second device that repeats a mark counts like any other: the yardstick does not know that a mark naming a message
    already covered may cost nothing, so a scheduler that uses this can come out below it.

    Args:
        arrivals: In any order.
        window_s: How long a receipt may wait for its PUT, in seconds.
    """
    return sum(_fewest_of_one_stream(times, window_s) for times in _streams(arrivals).values())


def _streams(arrivals: Iterable[Arrival]) -> dict[Hashable, list[float]]:
    """The times of what can share a PUT."""
    streams: dict[Hashable, list[float]] = defaultdict(list)
    for arrival in arrivals:
        streams[stream_of(arrival)].append(arrival.t_s)
    return streams


def stream_of(arrival: Arrival) -> Hashable:
    """What shares a PUT with this receipt: all marks of one user in one dialog, or all edits of one message."""
    if arrival.kind == "edit":
        return ("edit", arrival.dialog, arrival.message)
    return ("mark", arrival.dialog, arrival.user)


def _fewest_of_one_stream(times_s: list[float], window_s: float) -> int:
    """Sending at the deadline of the oldest receipt not yet covered is optimal: no PUT may be later and serve it."""
    puts, covered_until_s = 0, -inf
    for t_s in sorted(times_s):
        if t_s > covered_until_s:
            puts, covered_until_s = puts + 1, t_s + window_s
    return puts
