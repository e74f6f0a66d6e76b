"""Incidents: what befell a worker so that it may not know, or not tell the ledger, how its PUTs ended.

A PUT may be sent a second time for two reasons only: nobody heard how it ended, or an incident struck its worker while
the PUT was in flight. What troubles nobody's memory is none, and excuses nothing: a warm shutdown, a deleted queue, a
lost broker, a slow network, an API that answers with errors.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.puts import Put

# From a PUT's claim to its arrival, and from its answer to the settle in the ledger, on a machine with too few cores.
CLAIM_TO_ARRIVAL_S = 0.5
ANSWER_TO_SETTLE_S = 1.5
# A connection that an incident has killed is found dead by the next call on it: its timeout, once again, and a login.
AFTERMATH_S = 4.0


@dataclass(slots=True)
class Incident:
    """One of them.

    Attributes:
        words: what it was.
        ports: of the proxies between its victims and the API; they tell whose PUT one is.
        in_flight: slots that were in flight, of all workers, when it began.
        aftermath_s: for how long it goes on to strike when it has ended: of a process that was killed none is left.
        began_s: Unix seconds.
        ended_s: Unix seconds.
    """

    words: str
    ports: frozenset[int]
    in_flight: int
    aftermath_s: float = AFTERMATH_S
    began_s: float = field(default_factory=time.time)
    ended_s: float = float("inf")

    def end(self) -> None:
        """It is over, unless it was before."""
        self.ended_s = min(self.ended_s, time.time())

    def struck(self, put: Put) -> bool:
        """Whether the PUT was in flight, by a victim, while it lasted."""
        return (
            put.port in self.ports
            and put.arrived_s - CLAIM_TO_ARRIVAL_S <= self.ended_s + self.aftermath_s
            and put.ended_s + ANSWER_TO_SETTLE_S >= self.began_s
        )


def unexplained(duplicates: Iterable[tuple[Put, Put]], incidents: Sequence[Incident]) -> list[tuple[Put, Put]]:
    """Of pairs (PUT, its duplicate), those whose first was heard, and struck by nothing."""
    return [
        (before, put)
        for before, put in duplicates
        if before.status is not None and not any(incident.struck(before) for incident in incidents)
    ]


def struck_share(puts: Sequence[Put], incidents: Sequence[Incident]) -> float:
    """Of the PUTs that were heard, how many an incident would excuse: the fewer, the more the rule says."""
    heard = [put for put in puts if put.status is not None]
    struck = sum(any(incident.struck(put) for incident in incidents) for put in heard)
    return struck / len(heard) if heard else 0.0


def duplicates_at_most(puts: Iterable[Put], incidents: Iterable[Incident]) -> int:
    """One for each PUT carried out and not heard of, one for each incident and slot that its victims had in flight.

    What the victims had in flight is not written down anywhere; it is no more than what all had, and no more than the
    PUTs that it struck.
    """
    applied = sorted((put for put in puts if put.applied), key=lambda put: put.arrived_s)
    arrivals = [put.arrived_s for put in applied]
    longest_s = max((put.ended_s - put.arrived_s for put in applied), default=0.0)
    most = sum(put.status is None for put in applied)
    for incident in incidents:
        first = bisect_left(arrivals, incident.began_s - longest_s - ANSWER_TO_SETTLE_S)
        last = bisect_right(arrivals, incident.ended_s + incident.aftermath_s + CLAIM_TO_ARRIVAL_S)
        most += min(incident.in_flight, sum(incident.struck(put) for put in applied[first:last]))
    return most
