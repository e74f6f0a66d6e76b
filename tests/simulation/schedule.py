"""One schedule from beginning to end: lived, compared with the model, audited, checked."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.ledger_audit import audit
from tests.simulation.beside import BrokenPromiseError
from tests.simulation.checker import check
from tests.simulation.clocks import replaced_clocks
from tests.simulation.decisions import Decisions
from tests.simulation.store import Store
from tests.simulation.watched import APPLICATION
from tests.simulation.world import World


@dataclass
class Outcome:
    """What came of a schedule.

    Attributes:
        taken: its decisions.
        broken: the promise that it broke, None for a good one.
        world: how it ended.
    """

    taken: list[int]
    broken: BrokenPromiseError | None
    world: World


def run(store: Store, draw: Decisions, *, compare: bool = True, tell: bool = False) -> Outcome:
    """Runs a schedule. With `compare` the whole state is compared with the model and audited at its end."""
    with replaced_clocks() as clocks:
        world = World(store, clocks, draw, tell=tell)
        try:
            history = world.run()
            if compare:
                world.chronicle.beside.compare(store, APPLICATION)
                _audit(store)
            check(history)
        except BrokenPromiseError as broken:
            return Outcome(draw.taken, broken, world)
        except Exception as error:  # noqa: BLE001 - whatever it is, its seed must be told, and it must be made shorter
            return Outcome(draw.taken, _crash(error), world)
    return Outcome(draw.taken, None, world)


def _crash(error: Exception) -> BrokenPromiseError:
    """What nobody may raise, as a promise of its own: the place tells one crash from another while it is shrunk."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    broken = BrokenPromiseError(
        f"crash {type(error).__name__}", f"{error} ({Path(place.filename).name}:{place.lineno})"
    )
    broken.__cause__ = error
    return broken


def run_seed(store: Store, seed: int, *, compare: bool = True, tell: bool = False) -> Outcome:
    """Runs the schedule of a seed."""
    return run(store, Decisions.of_seed(seed), compare=compare, tell=tell)


def replay(store: Store, taken: Sequence[int], *, tell: bool = False) -> Outcome:
    """Runs the schedule of these decisions."""
    return run(store, Decisions(taken), tell=tell)


def _audit(store: Store) -> None:
    try:
        audit(store.client, APPLICATION)
    except BrokenPromiseError:
        raise
    except AssertionError as error:
        raise BrokenPromiseError("accounts", str(error)) from None
