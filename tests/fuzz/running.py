"""Running the doors: so many inputs each, counted where they are checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy as copy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase

from stack.redis_server import RedisServer
from tests.contract.scripted_server import ScriptedServer
from tests.fuzz import doors
from tests.fuzz.doors import Door

_PER_MILLE = 1000
_VARIANTS = 24


class Checked(NamedTuple):
    """What has gone through a door.

    Attributes:
        inputs: how many.
        different: how many of them were not there before.
    """

    inputs: int
    different: int


def run(door: Door, inputs: int, seed: int) -> Checked:
    """Sends so many inputs through one door.

    Raises:
        Exception: whatever came out that must not; Hypothesis has added the smallest input that brings it out.
    """
    checked = 0
    seen: set[int] = set()

    def check(value: Any) -> None:
        nonlocal checked
        random = Random(seed)  # anew, so that Hypothesis sees the same again when it shrinks
        seen.add(hash(repr(value)))
        door.check(copy(value))
        checked += 1
        for _ in range(_VARIANTS):
            variant = door.vary(copy(value), random)
            seen.add(hash(repr(variant)))
            _check_variant(door, variant)
            checked += 1

    options = hypothesis.settings(
        max_examples=-(-inputs // (1 + _VARIANTS)),
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    hypothesis.seed(seed)(options(hypothesis.given(door.inputs)(check)))()
    door.end()
    return Checked(checked, len(seen))


def _check_variant(door: Door, variant: Any) -> None:
    shown = repr(variant)
    try:
        door.check(variant)
    except Exception as error:
        error.add_note(f"{door.name}: the variant was {shown}")
        raise


def run_all(directory: Path, inputs: int, seed: int) -> Iterator[tuple[str, Checked]]:
    """All doors, with a Redis and a scripted API of their own; so many inputs in all.

    Yields:
        Each door's name, and what was checked.
    """
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer(directory / "redis", append_only=False))
        api = stack.enter_context(ScriptedServer())
        client = stack.enter_context(server.client())
        made = (
            doors.library(client),
            doors.library_many(client),
            doors.broker(client, server.url),
            doors.queue_items(),
            doors.redis_answers(),
            doors.api_words(),
            doors.api_answers(api),
        )
        for door in made:
            yield door.name, run(door, max(1, inputs * door.share // _PER_MILLE), seed)
