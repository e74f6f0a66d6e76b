"""Mutants: bugs made on purpose, each of which the simulator must find.

A mutant replaces texts in the Lua or in one Python function. `mutants.json` holds for each the seed of a
schedule in which it breaks a promise; `python -m tests.simulation --mutants` looks for them anew and writes it.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.schedule import run_seed
from tests.simulation.store import LIBRARIES, Store

FOUND = Path(__file__).with_name("mutants.json")
SEARCHED_MOST = 6_000


@dataclass(frozen=True)
class Mutant:
    """A bug.

    Attributes:
        name: what the code does with it.
        edits: pairs of a text in the code, and what stands there instead.
        function: of a Python function, `module:name`; '' for the Lua.
    """

    name: str
    edits: tuple[tuple[str, str], ...]
    function: str = ""


def in_lua(name: str, *edits: tuple[str, str]) -> Mutant:
    """One in the Lua."""
    return Mutant(name, edits)


MUTANTS = (
    in_lua(
        "a receipt that arrives during the flight is dropped",
        ("  if s.pt then return schedule(s, gather_due(s)) end\n  -- A token", "  clear(s, 'p')\n  -- A token"),
    ),
    in_lua(
        "the PUT in flight covers what arrived meanwhile",
        (
            "  if s.pt and accepted then\n",
            """  if s.pt and accepted then
    local n = held(s, 'p')
    absorbed(s, n)
    count('pending', -n)
    clear(s, 'p')
    redis.call('DEL', ids_key(s, 'p'))
  end
  if s.pt and accepted then
""",
        ),
    ),
    in_lua(
        "a settle of any generation counts",
        ("s.ft and s.g == c.generation and", "s.ft and"),
        ("if s and s.ft and s.g == c.generation then", "if s and s.ft then"),
    ),
    in_lua(
        "the generation stays the same", ("put(s, 'g', now * TURNS + (number(s, 'g') + 1) % TURNS)", "put(s, 'g', 1)")
    ),
    in_lua(
        "the generation is counted on from what Redis remembers",
        (
            "put(s, 'g', now * TURNS + (number(s, 'g') + 1) % TURNS)",
            "put(s, 'g', number(s, 'g') + 1)",
        ),
    ),
    in_lua(
        "a lease that runs out loses what was in flight",
        ("      join_back(s)\n      put(s, 'w'", "      land(s)\n      put(s, 'w'"),
    ),
    in_lua("a claim has no lease", ("  redis.call('ZADD', leases_key, now + lease_ms, s.slot)\n", "")),
    in_lua(
        "a retry overwrites a newer edit",
        (
            "revision = s.fv, text = s.fx, actor = s.fu, token = s.fk}, false)",
            "revision = math.max(number(s, 'fv'), number(s, 'pv')), text = s.fx, actor = s.fu, token = s.fk}, true)",
        ),
    ),
    in_lua(
        "of equal revisions the retried one wins",
        ("actor = s.fu, token = s.fk}, false)", "actor = s.fu, token = s.fk}, true)"),
    ),
    in_lua(
        "the edit that arrives last wins",
        ("not s.pv or mine > other or (mine == other and later)", "not s.pv or later"),
    ),
    in_lua(
        "the revision that was sent is forgotten",
        ("    if number(s, 'fv') >= number(s, 'v') then put(s, 'v', s.fv) end\n", ""),
    ),
    in_lua("a claimed text still counts as stored", ("  if s.h then put(s, 'h', nil) end\n", "")),
    in_lua(
        "an edit does not wait for an earlier one that may still land",
        ("  if is_edit(slot) and lands_by(s) > now then return schedule(s, lands_by(s)) end\n", ""),
    ),
    in_lua("a lease that runs out leaves no doubt", ("    doubt(s)\n    local fate", "    local fate")),
    Mutant(
        "a timeout leaves no doubt",
        (("in_doubt=verdict.in_doubt", "in_doubt=False"),),
        "worker.acting:_unavailable",
    ),
    in_lua(
        "a permit never expires",
        ("spared('ZREMRANGEBYSCORE', permits_key, '-inf', now)\n", "\n"),
    ),
    in_lua(
        "a later receipt puts the due time off",
        ("  if not s.pt then fresh[s.slot] = s end\n", "  fresh[s.slot] = s\n"),
        ("asked_ms(s, kind, number(s, 'pt'))", "asked_ms(s, kind, now)"),
    ),
    in_lua("the pace is not spent", ("  spend(n)\n", "")),
    in_lua("a hold holds nobody", ("if pace.paused or law.held_ms(pace, now) > 0 then return 0 end", "")),
    in_lua("an open breaker lets everything through", ("pace.open and 1 or math.huge", "math.huge")),
    in_lua(
        "one bad message takes all of its slot along", ("bury(s, take(s, c.letters, c.ids), c)", "bury(s, take(s), c)")
    ),
    in_lua(
        "of several that fall due together the wrong one is asked for",
        (
            "if not next(call.scheduled) then return end",
            "local any = next(call.scheduled)\n  if not any then return end",
        ),
        (
            "call.scheduled[redis.call('ZRANGE', due_key, 0, 0)[1]]",
            "redis.call('ZRANGE', due_key, 0, 0)[1] == any and call.scheduled[any]",
        ),
    ),
    in_lua(
        "a refused token is sent again by the actor's other slots",
        (
            "if is_session(actor) and not token then return stop(s, actor, n) end",
            "if is_session(actor) and not token then token = is_edit(slot) and s.pk or s.k end",
        ),
    ),
    in_lua(
        "another token wakes only the slot that it came in",
        ("      if hints_of(actor).waits then wake_waiting(actor) end\n", ""),
        ("  if hints_of(actor).waits and token == newest_of(actor) then wake_waiting(actor) end\n", ""),
    ),
    in_lua(
        "the wait for a token ends as if the receipts had never been",
        (
            "    bury(s, take(s), {reason = 'no newer session token came'})\n",
            "    count('in_flight', -n)\n    clear(s, 'f')\n",
        ),
    ),
    Mutant(
        "an old claim is sent",
        (
            ("if now_s - claim.claimed_s > way.send_within_s or now_s - granted_s > way.late_s:", "if False:"),
            ("way.api.send(put, claim.claimed_s + way.send_within_s)", "way.api.send(put, now_s + 1)"),
        ),
        "worker.sending:send_claim",
    ),
)


@contextmanager
def mutated(store: Store, mutant: Mutant) -> Iterator[None]:
    """The code with this bug.

    Raises:
        LookupError: a text to replace is not there any more.
    """
    if mutant.function:
        with _mutated_function(mutant):
            yield
        return
    texts = {library.name: _replaced(library.source, mutant) for library in LIBRARIES}
    for old, _ in mutant.edits:
        if not any(old in library.source for library in LIBRARIES):
            raise LookupError(f"no function holds {old!r}, which the mutant {mutant.name!r} replaces")
    store.load(texts)
    try:
        yield
    finally:
        store.load({})


def _replaced(text: str, mutant: Mutant) -> str:
    for old, new in mutant.edits:
        text = text.replace(old, new)
    return text


@contextmanager
def _mutated_function(mutant: Mutant) -> Iterator[None]:
    module_name, name = mutant.function.split(":")
    module = importlib.import_module(module_name)
    real = getattr(module, name)
    source = inspect.getsource(real)
    for old, _ in mutant.edits:
        if old not in source:
            raise LookupError(f"{mutant.function} does not hold {old!r}, which the mutant {mutant.name!r} replaces")
    made: dict[str, object] = {}
    exec(compile(_replaced(source, mutant), mutant.function, "exec"), vars(module), made)  # noqa: S102 - its own source
    setattr(module, name, made[name])
    try:
        yield
    finally:
        setattr(module, name, real)


def find(store: Store, mutant: Mutant, first: int = 0) -> tuple[int, str] | None:
    """The first seed whose schedule breaks a promise with this bug, and that promise; None: not found."""
    with mutated(store, mutant):
        for seed in range(first, first + SEARCHED_MOST):
            broken = run_seed(store, seed).broken
            if broken is not None:
                return seed, broken.rule
    return None


def found() -> dict[str, dict[str, int | str]]:
    """By name: seed and promise broken."""
    known: dict[str, dict[str, int | str]] = json.loads(FOUND.read_text(encoding="utf-8"))
    return known
