"""Sessions: a token that the API has refused is not sent again for its actor."""

from __future__ import annotations

from tests.simulation.beside import BrokenPromiseError
from tests.simulation.history import Claimed, Settled
from tests.simulation.reading import Reading
from worker.ledger import Again


def refused_tokens(reading: Reading) -> None:
    """Once a refusal has been settled, no claim of the actor is granted with that token, in whichever slot."""
    refused: set[tuple[str, str]] = set()
    for at, event in enumerate(reading.events):
        if at in reading.lost:
            continue
        if isinstance(event, Claimed) and (event.claim.actor, event.claim.token) in refused:
            raise BrokenPromiseError("refused tokens", f"{event.claim.slot} is sent with a token that was refused")
        if isinstance(event, Settled) and event.accepted and isinstance(event.outcome, Again):
            of_claim = reading.events[event.of_claim]
            if event.outcome.wants_token and isinstance(of_claim, Claimed) and of_claim.claim.token:
                refused.add((of_claim.claim.actor, of_claim.claim.token))
