"""The checker: reads a history and says which promise was broken.

After Redis has lost its last writes some things cannot be promised, and only these are left out:
- receipts that were recorded within the lost writes, and what their edits had said at the API;
- PUTs whose claim was lost: Redis knows nothing of them, so they may overlap with others and land late;
- claims that were lost do not count for the rate: so does the token bucket forget them;
- session tokens whose refusal was lost are sent again.
A worker that slept between its last look at the clock and the socket sends whatever it held: such PUTs are excused from
the order and from "one in flight". An edit that was absorbed because the API held its text counts as covered although a
PUT excused here, or one whose claim was lost, had just replaced it: the ledger cannot know. Nothing else is excused.
"""

from __future__ import annotations

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.coverage import coverage
from tests.simulation.edit_order import edit_order
from tests.simulation.flights import one_in_flight, own_settles
from tests.simulation.history import History
from tests.simulation.reading import Reading
from tests.simulation.timing import hold, rate, wait
from tests.simulation.tokens import refused_tokens

_OF_EVERY_HISTORY = (one_in_flight, own_settles, refused_tokens, edit_order, rate, hold, wait)


def check(history: History) -> None:
    """Raises BrokenPromiseError where a promise was broken."""
    reading = Reading(history)
    for promise in _OF_EVERY_HISTORY:
        promise(reading)
    if not history.drained:
        raise BrokenPromiseError("liveness", "something still waits after a quiet time that is long enough")
    coverage(reading)
