"""What a worker's looks mean: stuck only when it lasts, when the servers answer, and when it was watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from worker.health.judging import Judge, Judgement
from worker.health.seeing import Probed, Seen

STUCK_AFTER_S = 25.0
ANSWERING = Probed(redis=True, broker=True, waiting=0)
QUIET = Seen(connection=1, processes=2, probed=ANSWERING, ticks=0, turns=0)

Change = Callable[[int], Seen]


def moving(number: int, **changes: object) -> Seen:
    """A worker at rest: its loop turns, its ticker ticks."""
    return replace(replace(QUIET, ticks=number, turns=2 * number), **changes)  # type: ignore[arg-type]


def judged(looks: Iterable[Seen], every_s: float = 1.0, judge: Judge | None = None) -> list[Judgement]:
    judge = judge or Judge(STUCK_AFTER_S, 1.0)
    return [judge.judge(seen, 1000 + number * every_s) for number, seen in enumerate(looks)]


def stuck_after(change: Change, looks: int = 120) -> int | None:
    """The number of the first look that found it stuck."""
    return next((number for number, each in enumerate(judged(map(change, range(looks)))) if not each.live), None)


SYMPTOMS: dict[str, Change] = {
    "the ticker hangs": lambda n: moving(n, ticks=5),
    "the ticker's thread has died": lambda n: moving(n, ticker_lives=False),
    "event loop stands still": lambda n: moving(n, turns=9),
    "none is consumed": lambda n: moving(n, messages=3, probed=replace(ANSWERING, waiting=4)),
    "hangs in its task": lambda n: moving(n, working={11: 7.0, 12: float(n)}, held=2),
    "does not begin": lambda n: moving(n, handed=frozenset({"a"}), held=1),
}


@pytest.mark.parametrize("words", SYMPTOMS)
def test_what_stands_still_is_found_within_the_time_and_not_before(words: str) -> None:
    assert stuck_after(SYMPTOMS[words]) == STUCK_AFTER_S
    last = judged(map(SYMPTOMS[words], range(40)))[30]
    assert words in last.why
    assert not last.ready


@pytest.mark.parametrize("words", SYMPTOMS)
@pytest.mark.parametrize("probed", [Probed(redis=False, broker=True), Probed(redis=True, broker=False), Probed()])
def test_nothing_is_stuck_while_a_server_does_not_answer_or_nobody_knows(words: str, probed: Probed) -> None:
    assert stuck_after(lambda n: replace(SYMPTOMS[words](n), probed=probed)) is None


@pytest.mark.parametrize("words", SYMPTOMS)
def test_a_server_that_was_away_in_between_begins_it_anew(words: str) -> None:
    def change(number: int) -> Seen:
        seen = SYMPTOMS[words](number)
        return replace(seen, probed=Probed(redis=False, broker=True)) if number == 20 else seen

    assert stuck_after(change) == 20 + STUCK_AFTER_S


@pytest.mark.parametrize("words", SYMPTOMS)
def test_one_move_begins_it_anew(words: str) -> None:
    assert stuck_after(lambda n: moving(n) if n % 20 == 0 else SYMPTOMS[words](n)) is None


@pytest.mark.parametrize("words", SYMPTOMS)
def test_a_worker_that_stops_is_not_stuck(words: str) -> None:
    assert stuck_after(lambda n: replace(SYMPTOMS[words](n), stopping=True)) is None


@pytest.mark.parametrize("words", SYMPTOMS)
def test_a_pause_of_the_machine_does_not_count(words: str) -> None:
    """Looks an hour apart: suspended, stopped by a signal, or a virtual machine that was."""
    assert all(each.live for each in judged(map(SYMPTOMS[words], range(60)), every_s=3600))


def test_what_lasted_before_a_pause_is_forgotten() -> None:
    judge = Judge(STUCK_AFTER_S, 1.0)
    hangs = SYMPTOMS["the ticker hangs"]
    assert all(judge.judge(hangs(n), float(n)).live for n in range(24))
    assert all(judge.judge(hangs(n), 1000.0 + n).live for n in range(24))


QUIET_DAYS: dict[str, Change] = {
    "at rest": moving,
    "no broker's connection: it waits for the broker": lambda n: moving(n, connection=None, turns=9),
    "reconnects again and again": lambda n: moving(n, connection=n, turns=0, probed=replace(ANSWERING, waiting=9)),
    "long syncs that live, and tasks that wait for them": lambda n: moving(
        n, working={11: float(n), 12: float(n)}, handed=frozenset({"a"}), held=3, probed=replace(ANSWERING, waiting=9)
    ),
    "others take the messages, more come": lambda n: moving(n, messages=n, probed=replace(ANSWERING, waiting=100)),
    "a pool of threads has neither loop nor processes, and its tasks wait": lambda n: moving(
        n, turns=None, processes=0, handed=frozenset({"a"}), held=3
    ),
    "messages wait, for its hands are full": lambda n: moving(
        n, held=2, working={11: float(n), 12: float(n)}, probed=replace(ANSWERING, waiting=9)
    ),
}


@pytest.mark.parametrize("name", QUIET_DAYS)
def test_no_false_alarm(name: str) -> None:
    assert stuck_after(QUIET_DAYS[name]) is None


def test_the_processes_that_hang_are_named_and_no_others() -> None:
    looks = [moving(n, working={11: 7.0, 12: float(n), 13: 3.0}, held=3, processes=3) for n in range(30)]
    assert judged(looks)[-1].pids == (11, 13)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"connection": None}, "not connected to the broker"),
        ({"failing": True}, "Redis is not reached, or the broker refuses"),
        ({"probed": Probed(redis=False, broker=True)}, "Redis is not reached, or the broker refuses"),
        ({"probed": Probed(redis=True, broker=False)}, "the broker is not reached"),
        ({"stopping": True}, "the worker stops"),
        ({"ticks": None}, "the ticker has not ticked yet"),
    ],
)
def test_ready_is_who_does_its_work_now(changes: dict[str, object], why: str) -> None:
    last = judged([moving(n, **changes) for n in range(5)])[-1]
    assert (last.live, last.ready, last.why) == (True, not why, why)


def test_the_first_look_says_nothing() -> None:
    assert judged([moving(0)]) == [Judgement(live=True, ready=False, why="not watched for a moment")]
