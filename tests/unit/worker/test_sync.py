from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
import redis

import worker.sync
from tests.unit.worker.examples import DIALOG, PATIENCE, edit_claim, mark_claim
from worker.chat_api import ChatApi
from worker.deadline import TooLateError
from worker.flights import POLL_S, SLOW_S, Flights
from worker.ledger import Again, Back, Claimed, Dead, Done, Ledger, MarkClaim, Outcome, Part
from worker.plan import Limits, Put
from worker.sending import AnyClaim, Settlement, Way, send_claim
from worker.staying import Stay
from worker.sync import Sync
from worker.verdicts import Rejected, Sent, Unavailable, Unsent, Verdict

NOTHING = Claimed([], None)
LEASE_MS = 60_000


def claim_of(user: int, **more: Any) -> MarkClaim:
    fields = {"slot": f"m:{DIALOG}:u{user}", "actor": f"u{user}", "read_all": 1, "claimed_s": time.monotonic()}
    return mark_claim(**(fields | more))


class FakeLedger:
    """Hands out what it is given, claim by claim, and keeps what it is told."""

    application = "default"

    def __init__(self, *answers: Claimed | Exception, lease_ms: int = LEASE_MS) -> None:
        self.answers = deque(answers)
        self.lease_ms = lease_ms
        self.asked: list[tuple[int, str]] = []
        self.batches: list[list[Settlement]] = []
        self.extended: list[tuple[str, int]] = []

    def claim(self, most: int, permit: str = "") -> Claimed:
        self.asked.append((most, permit))
        answer = self.answers.popleft() if self.answers else NOTHING
        if isinstance(answer, Exception):
            raise answer
        assert len(answer.claims) <= most
        return answer

    def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        self.batches.append(list(settlements))
        return [True] * len(settlements)

    def extend(self, claims: Sequence[tuple[str, int]]) -> list[bool]:
        self.extended += claims
        return [True] * len(claims)

    @property
    def settled(self) -> dict[str, Outcome]:
        return {slot: outcome for batch in self.batches for slot, _, outcome in batch}


class FakeApi:
    """Answers each PUT as it is told, and keeps what was sent."""

    def __init__(self, answer: Callable[[Put], Verdict] = lambda _: Sent()) -> None:
        self._answer = answer
        self.sent: list[Put] = []

    def send(self, put: Put, start_by_s: float) -> Verdict:
        if time.monotonic() > start_by_s:
            raise TooLateError
        self.sent.append(put)
        return self._answer(put)

    def end_overdue(self) -> int:
        return 0

    def end_all(self) -> int:
        raise AssertionError("nobody is late")


class SilentApi(FakeApi):
    """Answers nothing until its requests are ended."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        super().__init__(self._no_answer)

    def _no_answer(self, _: Put) -> Verdict:
        assert self._ended.wait(60)
        return Unavailable("no answer: ConnectionError")

    def end_all(self) -> int:
        self._ended.set()
        return 1


class AtOnce(Executor):
    """A pool that has done everything by the time it is asked for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def way_of(
    ledger: FakeLedger,
    api: FakeApi,
    *,
    send_within_s: float = 3600.0,
    late_s: float = 3600.0,
    connections: int = 4,
    together_s: float = 0.0,
) -> Way:
    return Way(
        cast("Ledger", ledger),
        cast("ChatApi", api),
        Limits(list_max_ids=50, both_flags=True),
        PATIENCE,
        send_within_s=send_within_s,
        late_s=late_s,
        connections=connections,
        together_s=together_s,
    )


def run(
    way: Way, pool: Executor | None = None, *, stopping: Callable[[], bool] = lambda: False, time_s: float = 60
) -> Sync:
    sync = Sync(way, pool or AtOnce(), "permit-1", time_s, stopping)
    sync.run()
    return sync


@pytest.fixture(autouse=True)
def slept_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody sleeps here; how long it would have been is kept."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


# Claiming -------------------------------------------------------------------------------------------------------


def test_goes_on_claiming_in_batches_until_nothing_waits() -> None:
    ledger = FakeLedger(Claimed([claim_of(1), claim_of(2)], 0), Claimed([claim_of(3)], 0), NOTHING)
    api = FakeApi()
    sync = run(way_of(ledger, api))
    assert [put.actor for put in api.sent] == ["u1", "u2", "u3"]
    assert set(ledger.settled) == {claim_of(n).slot for n in (1, 2, 3)}
    assert (sync.sent, sync.settled) == (3, 3)
    assert {permit for _, permit in ledger.asked} == {"permit-1"}


def test_every_claim_is_settled_once_with_its_generation_and_outcome() -> None:
    ledger = FakeLedger(Claimed([claim_of(1, generation=11), claim_of(2, generation=22, delivered_all=1)], None))
    run(way_of(ledger, FakeApi()))
    [first, second] = [settlement for batch in ledger.batches for settlement in batch]
    assert {first, second} == {
        (claim_of(1).slot, 11, Done(Part("r"))),
        (claim_of(2).slot, 22, Done(Part("rd"))),
    }


def test_what_finished_together_is_settled_in_one_call() -> None:
    ledger = FakeLedger(Claimed([claim_of(n) for n in range(4)], None))
    run(way_of(ledger, FakeApi()))
    assert [len(batch) for batch in ledger.batches] == [4]


# Gathering claims and settles -------------------------------------------------------------------------------------


class Clocked(FakeLedger):
    """Keeps when it was asked."""

    def __init__(self, *answers: Claimed) -> None:
        super().__init__(*answers)
        self.asked_s: list[float] = []

    def claim(self, most: int, permit: str = "") -> Claimed:
        self.asked_s.append(time.monotonic())
        return super().claim(most, permit)


def test_while_most_connections_are_free_claims_are_some_time_apart() -> None:
    ledger = Clocked(Claimed([claim_of(1)], 0), Claimed([claim_of(2)], 0), NOTHING)
    sync = run(way_of(ledger, FakeApi(), together_s=POLL_S))
    assert sync.settled == 2
    assert len(ledger.asked_s) == 3
    assert all(later - earlier >= POLL_S for earlier, later in pairwise(ledger.asked_s))


def test_where_connections_run_short_nothing_is_gathered() -> None:
    ledger = FakeLedger(Claimed([claim_of(3)], 0))
    flights = Flights(way_of(ledger, FakeApi(), connections=4, together_s=3600.0), AtOnce(), "")
    flights.flying = {Future(): (claim_of(n), 0.0) for n in (1, 2)}
    flights._claimed_s = flights._settled_s = time.monotonic()
    assert flights.settles_in_s() == 0
    assert flights.claim() == 0
    assert ledger.asked == [(2, "")]


def test_what_is_answered_waits_for_the_others_to_be_settled_with_them(pool: ThreadPoolExecutor) -> None:
    first_answered = threading.Event()

    def answer(put: Put) -> Verdict:
        if put.actor == "u1":
            first_answered.set()
        else:
            assert first_answered.wait(30)
        return Sent()

    ledger = FakeLedger(Claimed([claim_of(1), claim_of(2)], 0))
    sync = Sync(way_of(ledger, FakeApi(answer), connections=8, together_s=60.0), pool, "permit-1", 60, lambda: False)
    sync._own._settled_s = time.monotonic()
    sync.run()
    assert [len(batch) for batch in ledger.batches] == [2]


def test_a_claim_that_brought_all_it_asked_for_is_followed_at_once() -> None:
    answers = [Claimed([claim_of(n)], 0) for n in range(3)]
    ledger = Clocked(*answers, NOTHING)
    began_s = time.monotonic()
    flights = Flights(way_of(ledger, FakeApi(), connections=1, together_s=3600.0), AtOnce(), "")
    for _ in range(3):
        assert flights.claim() == 0
        flights.settle(list(flights.flying))
    assert (flights.settled, len(ledger.asked_s)) == (3, 3)
    assert time.monotonic() - began_s < 3600


def test_somebodys_turn_to_claim_comes_before_a_settle_that_gathers(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_again = threading.Event()

    class Watching(FakeLedger):
        def claim(self, most: int, permit: str = "") -> Claimed:
            if len(self.asked) == 1:
                asked_again.set()
            return super().claim(most, permit)

    ledger = Watching(Claimed([claim_of(1), claim_of(2)], 1), Claimed([], None))
    api = FakeApi(lambda put: Sent() if put.actor == "u1" or asked_again.wait(30) else Unavailable("nobody asked"))
    sync = Sync(way_of(ledger, api, connections=8), pool, "permit-1", 60, lambda: False)
    monkeypatch.setattr(Flights, "settles_in_s", lambda _: 0.0 if asked_again.is_set() else 60.0)
    sync.run()
    assert len(ledger.settled) == 2
    assert all(isinstance(outcome, Done) for outcome in ledger.settled.values())


def test_after_a_settle_the_next_one_is_gathered_for() -> None:
    done: Future[Settlement] = Future()
    done.set_result((claim_of(1).slot, 1, Done(Part("r"))))
    flights = Flights(way_of(FakeLedger(), FakeApi(), together_s=60.0), AtOnce(), "")
    flights.flying = {done: (claim_of(1), 0.0)}
    flights.settle([done])
    assert 0 < flights.settles_in_s() <= 60


def test_the_first_that_is_answered_is_settled_at_once(pool: ThreadPoolExecutor) -> None:
    settled = threading.Event()

    class Watching(FakeLedger):
        def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
            settled.set()
            return super().settle(settlements)

    ledger = Watching(Claimed([claim_of(1), claim_of(2)], 0))
    api = FakeApi(lambda put: Sent() if put.actor == "u1" or settled.wait(30) else Unavailable("nobody settled"))
    run(way_of(ledger, api, connections=8, together_s=60.0), pool)
    assert [[slot for slot, _, _ in batch] for batch in ledger.batches] == [[claim_of(1).slot], [claim_of(2).slot]]


def test_only_one_put_of_a_plan_is_sent() -> None:
    ledger, api = FakeLedger(Claimed([claim_of(1, ids={"a" * 24: "d"})], None)), FakeApi()
    run(way_of(ledger, api))
    [sent] = api.sent
    assert ledger.settled == {claim_of(1).slot: Done(sent.part)}


def test_asks_for_as_many_as_there_are_free_connections(pool: ThreadPoolExecutor) -> None:
    three_fly, release = threading.Barrier(4), threading.Event()

    def answer(_: Put) -> Verdict:
        three_fly.wait(30)
        release.wait(30)
        return Sent()

    class Watching(FakeLedger):
        def claim(self, most: int, permit: str = "") -> Claimed:
            if len(self.asked) == 1:
                three_fly.wait(30)
                release.set()
            return super().claim(most, permit)

    ledger = Watching(Claimed([claim_of(n) for n in range(3)], 0))
    run(way_of(ledger, FakeApi(answer), connections=5), pool)
    assert [most for most, _ in ledger.asked[:2]] == [5, 2]
    assert len(ledger.settled) == 3


def test_claims_no_more_while_every_connection_is_busy(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, waited = threading.Event(), []

    def answer(_: Put) -> Verdict:
        release.wait(30)
        return Sent()

    def wait(futures: Any, timeout_s: float, _: str) -> tuple[set[Any], set[Any]]:
        waited.append(timeout_s)
        if len(waited) < 3:
            return set(), set(futures)
        release.set()
        return futures_wait(futures)

    monkeypatch.setattr(worker.sync, "wait", wait)
    ledger = FakeLedger(Claimed([claim_of(1)], 0))
    run(way_of(ledger, FakeApi(answer), connections=1), pool)
    assert [most for most, _ in ledger.asked] == [1, 1], "asked while its only connection was busy"
    assert len(waited) == 3


def test_waits_for_what_is_due_soon_and_leaves_what_is_due_later(slept_s: list[float]) -> None:
    ledger = FakeLedger(Claimed([], 20), Claimed([claim_of(1)], None), Claimed([], 51), Claimed([claim_of(2)], None))
    run(way_of(ledger, FakeApi()))
    assert slept_s == [0.02]
    assert list(ledger.settled) == [claim_of(1).slot]
    assert len(ledger.asked) == 3


def test_leaves_when_its_place_has_been_taken() -> None:
    ledger = FakeLedger(Claimed([], None, leave=True), Claimed([claim_of(1)], None))
    api = FakeApi()
    run(way_of(ledger, api))
    assert (len(ledger.asked), api.sent) == (1, [])


def test_ends_when_its_time_is_up() -> None:
    ledger = FakeLedger(Claimed([claim_of(1)], 0))
    run(way_of(ledger, FakeApi()), time_s=0)
    assert ledger.asked == []


def test_claims_no_more_once_the_worker_stops_and_settles_what_flies(pool: ThreadPoolExecutor) -> None:
    stopping = threading.Event()

    def answer(_: Put) -> Verdict:
        stopping.set()
        return Sent()

    ledger = FakeLedger(Claimed([claim_of(1)], 0), Claimed([claim_of(2)], 0))
    run(way_of(ledger, FakeApi(answer), connections=1), pool, stopping=stopping.is_set)
    assert list(ledger.settled) == [claim_of(1).slot]
    assert len(ledger.asked) == 1


def test_a_lost_ledger_ends_the_sync() -> None:
    ledger = FakeLedger(redis.ConnectionError("gone"))
    with pytest.raises(redis.ConnectionError):
        run(way_of(ledger, FakeApi()))


def test_a_request_that_takes_long_keeps_its_lease(pool: ThreadPoolExecutor) -> None:
    release = threading.Event()

    def answer(_: Put) -> Verdict:
        release.wait(30)
        return Sent()

    class Watching(FakeLedger):
        def extend(self, claims: Sequence[tuple[str, int]]) -> list[bool]:
            release.set()
            return super().extend(claims)

    ledger = Watching(Claimed([claim_of(1, generation=5)], None), lease_ms=0)
    run(way_of(ledger, FakeApi(answer)), pool)
    assert (claim_of(1).slot, 5) in ledger.extended
    assert list(ledger.settled) == [claim_of(1).slot]


# Staying --------------------------------------------------------------------------------------------------------

ITS_TIME_S = pytest.approx(60, abs=20)


class FakeStay:
    """Listens as often as it is told; what is said to it stands in `told`."""

    def __init__(self, listens: int = 1, *, seat: bool = True) -> None:
        self.listens = listens
        self.seat = seat
        self.told: list[object] = []

    def begin(self) -> bool:
        return self.seat and self.listens > 0

    def listen(self, most_s: float | None) -> None:
        self.listens -= 1
        self.told.append(most_s)

    def is_busy(self) -> None:
        self.told.append("busy")

    def end(self) -> None:
        self.told.append("end")


def stayed(ledger: FakeLedger, stay: FakeStay, *, time_s: float = 60) -> list[object]:
    Sync(way_of(ledger, FakeApi()), AtOnce(), "permit-1", time_s, lambda: False, stay=cast("Stay", stay)).run()
    return stay.told


def test_one_that_has_sent_stays_and_claims_after_each_wake_up() -> None:
    ledger = FakeLedger(Claimed([claim_of(1)], None), NOTHING, NOTHING, Claimed([claim_of(2)], 700), Claimed([], 700))
    assert stayed(ledger, FakeStay(3)) == ["busy", ITS_TIME_S, ITS_TIME_S, "busy", 0.7, "end"]
    assert list(ledger.settled) == [claim_of(1).slot, claim_of(2).slot]


def test_one_that_was_rung_in_vain_does_not_stay() -> None:
    assert stayed(FakeLedger(NOTHING), FakeStay()) == ["end"]


def test_one_whose_place_has_been_taken_does_not_stay() -> None:
    leave = Claimed([], None, leave=True)
    assert stayed(FakeLedger(Claimed([claim_of(1)], None), leave), FakeStay()) == ["busy", "end"]


def test_one_without_the_seat_does_not_stay() -> None:
    assert stayed(FakeLedger(Claimed([claim_of(1)], None)), FakeStay(seat=False)) == ["busy", "end"]


def test_nobody_stays_longer_than_a_sync_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])

    class Slow(FakeStay):
        def listen(self, most_s: float | None) -> None:
            super().listen(most_s)
            now_s[0] += 4

    ledger = FakeLedger(Claimed([claim_of(1)], None))
    assert stayed(ledger, Slow(9), time_s=10) == ["busy", 10, 6, 2, "end"]


def test_a_lost_ledger_ends_the_stay() -> None:
    ledger, stay = FakeLedger(Claimed([claim_of(1)], None), NOTHING, redis.ConnectionError("gone")), FakeStay()
    with pytest.raises(redis.ConnectionError):
        stayed(ledger, stay)
    assert stay.told[-1] == "end"


# One slot's trouble ---------------------------------------------------------------------------------------------


def test_a_claim_too_old_for_its_lease_is_handed_back_unsent() -> None:
    old = claim_of(1, claimed_s=time.monotonic() - 3.1)
    ledger, api = FakeLedger(Claimed([old, claim_of(2)], None)), FakeApi()
    run(way_of(ledger, api, send_within_s=3.0))
    assert [put.actor for put in api.sent] == ["u2"]
    assert isinstance(ledger.settled[old.slot], Back)
    assert ledger.settled[claim_of(2).slot] == Done(Part("r"))


def test_a_put_that_can_no_longer_leave_is_handed_back_unsent() -> None:
    def stopped_while_connecting(_: Put) -> Verdict:
        raise TooLateError

    ledger = FakeLedger(Claimed([claim_of(1)], None))
    run(way_of(ledger, FakeApi(stopped_while_connecting)))
    assert list(ledger.settled.values()) == [Back("claimed too long ago to be sent")]


def test_a_bug_in_one_slot_is_again_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    def answer(put: Put) -> Verdict:
        if put.actor == "u1":
            raise ZeroDivisionError("a private text")
        return Sent()

    ledger = FakeLedger(Claimed([claim_of(1), claim_of(2)], 0), Claimed([claim_of(3)], None))
    run(way_of(ledger, FakeApi(answer)))
    assert ledger.settled == {
        claim_of(1).slot: Again("bug: ZeroDivisionError", "", delay_ms=300_000, costs_attempt=True, in_doubt=True),
        claim_of(2).slot: Done(Part("r")),
        claim_of(3).slot: Done(Part("r")),
    }
    assert "bug while sending a slot" in caplog.text
    assert "private" not in caplog.text
    assert DIALOG not in caplog.text


def test_a_claim_without_content_is_a_bug_of_that_slot_alone() -> None:
    ledger = FakeLedger(Claimed([claim_of(1, read_all=0), claim_of(2)], None))
    run(way_of(ledger, FakeApi()))
    assert isinstance(ledger.settled[claim_of(1).slot], Again)
    assert isinstance(ledger.settled[claim_of(2).slot], Done)


def test_each_verdict_is_acted_on() -> None:
    verdicts: dict[str, Verdict] = {"u1": Rejected(404, "words", "id"), "u2": Unavailable("status 503"), "u3": Sent()}
    ledger = FakeLedger(Claimed([claim_of(n) for n in (1, 2, 3)], None))
    run(way_of(ledger, FakeApi(lambda put: verdicts[put.actor])))
    kinds = [type(ledger.settled[claim_of(n).slot]) for n in (1, 2, 3)]
    assert kinds == [Dead, Again, Done]


# Stopping --------------------------------------------------------------------------------------------------------


def test_a_worker_that_stops_too_long_ends_what_is_under_way_and_settles_it(pool: ThreadPoolExecutor) -> None:
    ledger = FakeLedger(Claimed([claim_of(1), claim_of(2)], None))
    sync = Sync(way_of(ledger, SilentApi()), pool, "permit-1", 60, stopping=lambda: False, too_late=lambda: True)
    sync.run()
    assert {type(outcome) for outcome in ledger.settled.values()} == {Again}
    assert set(ledger.settled) == {claim_of(1).slot, claim_of(2).slot}


def test_what_is_in_flight_is_noted_when_it_is_claimed_and_when_it_is_settled() -> None:
    notes: list[dict[str, list[tuple[str, int]]]] = []
    ledger = FakeLedger(Claimed([claim_of(1), claim_of(2)], None))
    Sync(way_of(ledger, FakeApi()), AtOnce(), "permit-1", 60, stopping=lambda: False, note=notes.append).run()
    assert notes == [{"default": [(claim.slot, claim.generation) for claim in (claim_of(1), claim_of(2))]}, {}]


# What is said ---------------------------------------------------------------------------------------------------


def lines_of(caplog: pytest.LogCaptureFixture, claim: AnyClaim, verdict: Verdict) -> list[logging.LogRecord]:
    caplog.set_level(logging.DEBUG)
    now_s = time.monotonic()
    send_claim(way_of(FakeLedger(), FakeApi(lambda _: verdict)), replace(claim, claimed_s=now_s), now_s)
    return caplog.records


def test_an_accepted_put_is_a_line_for_those_who_debug(caplog: pytest.LogCaptureFixture) -> None:
    [line] = lines_of(caplog, claim_of(1), Sent(status=200, request_id="id-1"))
    assert line.levelno == logging.DEBUG
    assert line.event == "put.accepted"  # type: ignore[attr-defined]
    assert "verdict=sent outcome=done ids=0 attempt=1 duration_ms=0 waited_ms=" in line.getMessage()
    assert line.getMessage().endswith("status=200 request_id=id-1")


def test_a_put_that_was_not_accepted_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    [line] = lines_of(caplog, claim_of(1, attempts=2), Unavailable("status 503"))
    assert line.levelno == logging.WARNING
    assert "application=default" in line.getMessage()
    assert "verdict=unavailable outcome=again ids=0 attempt=3 duration_ms=0" in line.getMessage()
    assert line.getMessage().endswith("reason=status 503")


def test_a_dead_letter_is_one_line_without_anything_private(caplog: pytest.LogCaptureFixture) -> None:
    claim = edit_claim(text="a private text", token="a-private-token")
    [line] = lines_of(caplog, claim, Rejected(422, "a private text", "id"))
    assert line.levelno == logging.INFO  # it is kept; that they become many is for an alert to say
    assert "private" not in line.getMessage()
    assert DIALOG not in line.getMessage()
    assert "123" not in line.getMessage().replace("slot=", "").split("verdict=")[1]


def test_a_claim_that_is_late_for_its_pace_is_handed_back_unsent() -> None:
    api, now_s = FakeApi(), time.monotonic()
    claim = replace(claim_of(1), claimed_s=now_s)
    assert isinstance(send_claim(way_of(FakeLedger(), api, late_s=1), claim, now_s - 2)[2], Back)
    assert api.sent == []


def test_a_ledger_that_answers_slowly_makes_no_claim_late_for_its_pace() -> None:
    api, now_s = FakeApi(), time.monotonic()
    claim = replace(claim_of(1), claimed_s=now_s - 2)  # asked for so long ago, granted just now
    assert isinstance(send_claim(way_of(FakeLedger(), api, late_s=1), claim, now_s)[2], Done)


def test_what_was_not_sent_is_handed_back_without_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """While there is no service session a line for each would bury the one that says why."""
    way = way_of(FakeLedger(), FakeApi(lambda _: Unsent("no service session", 0.25)))
    outcome = send_claim(way, claim_of(1), time.monotonic())[2]
    assert outcome == Again("no service session", "", delay_ms=250)
    assert outcome.took_ms is None
    assert caplog.records == []


@pytest.mark.parametrize("verdict", [Sent(), Unavailable("status 503"), Rejected(404, "", "")])
def test_every_put_is_timed(verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = [100.0]
    monkeypatch.setattr("worker.sending.time.monotonic", lambda: clock_s[0])

    def quarter_of_a_second(_: Put) -> Verdict:
        clock_s[0] += 0.25
        return verdict

    way = way_of(FakeLedger(), FakeApi(quarter_of_a_second))
    outcome = send_claim(way, claim_of(1, claimed_s=100.0), 100.0)[2]
    assert isinstance(outcome, (Done, Again, Dead))
    assert outcome.took_ms == 250


# Other applications ----------------------------------------------------------------------------------------------


class Named(FakeLedger):
    """A ledger of another application."""

    def __init__(self, application: str, *answers: Claimed | Exception) -> None:
        super().__init__(*answers)
        self.application = application


def beside(own: Way, pool: Executor, *others: Way, time_s: float = 60) -> Sync:
    sync = Sync(own, pool, "permit-1", time_s, lambda: False, others=[(other, AtOnce()) for other in others])
    sync.run()
    return sync


class Held:
    """An API that answers when it is let go, and a watch that lets it go once another application has been served."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def answer(self, _: Put) -> Verdict:
        assert self.released.wait(30)
        return Sent()

    def release(self, _: Put) -> Verdict:
        self.released.set()
        return Sent()


def test_a_sync_that_lasts_serves_the_other_applications(pool: ThreadPoolExecutor) -> None:
    held = Held()
    own = FakeLedger(Claimed([claim_of(1)], None))
    other = Named("shop", Claimed([claim_of(2)], None))
    sync = beside(way_of(own, FakeApi(held.answer)), pool, way_of(other, FakeApi(held.release)))
    assert set(own.settled) == {claim_of(1).slot}
    assert set(other.settled) == {claim_of(2).slot}
    assert [ledger.application for ledger in sync.guests] == ["shop"]
    assert {permit for _, permit in other.asked} == {"permit-1"}
    assert (sync.sent, sync.settled) == (2, 2)


def test_an_application_that_is_never_done_does_not_keep_the_others_waiting() -> None:
    other = Named("shop", Claimed([claim_of(2)], None))

    class NeverDone(FakeLedger):
        def claim(self, most: int, permit: str = "") -> Claimed:
            self.answers.append(NOTHING if other.settled else Claimed([claim_of(1)], 0))
            return super().claim(most, permit)

    beside(way_of(NeverDone(), FakeApi()), AtOnce(), way_of(other, FakeApi()))
    assert set(other.settled) == {claim_of(2).slot}


def test_a_broken_ledger_of_another_application_harms_nobody_else(pool: ThreadPoolExecutor) -> None:
    held = Held()
    own, last = FakeLedger(Claimed([claim_of(1)], None)), Named("last", Claimed([claim_of(3)], None))
    broken = Named("broken", *[redis.ResponseError("BROKENKEY")] * 1000)
    beside(way_of(own, FakeApi(held.answer)), pool, way_of(broken, FakeApi()), way_of(last, FakeApi(held.release)))
    assert set(own.settled) == {claim_of(1).slot}
    assert set(last.settled) == {claim_of(3).slot}
    assert len(broken.asked) == 1, "asked again at once"


def test_a_ledger_of_another_application_that_breaks_later_harms_nobody_else(pool: ThreadPoolExecutor) -> None:
    held = Held()

    class Breaks(Named):
        def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
            super().settle(settlements)
            raise redis.ResponseError("BROKENKEY")

    own, last = FakeLedger(Claimed([claim_of(1)], None)), Named("last", Claimed([claim_of(3)], None))
    breaks = Breaks("breaks", Claimed([claim_of(2)], None))
    beside(way_of(own, FakeApi(held.answer)), pool, way_of(breaks, FakeApi()), way_of(last, FakeApi(held.release)))
    assert set(own.settled) == {claim_of(1).slot}
    assert set(last.settled) == {claim_of(3).slot}
    assert len(breaks.batches) == 1


def test_a_quick_sync_costs_the_other_applications_nothing() -> None:
    other = Named("shop", Claimed([claim_of(2)], None))
    sync = beside(way_of(FakeLedger(Claimed([claim_of(1)], 0), NOTHING), FakeApi()), AtOnce(), way_of(other, FakeApi()))
    assert other.asked == []
    assert sync.guests == []


def test_an_application_that_hangs_is_not_served_past_the_time_and_the_quick_ones_are(pool: ThreadPoolExecutor) -> None:
    held = Held()
    own = FakeLedger(Claimed([claim_of(1)], None), *[NOTHING] * 10_000)
    late = [Claimed([], None)] * 20 + [Claimed([claim_of(2)], None)]
    other = Named("shop", *late)
    begun_s = time.monotonic()
    sync = beside(way_of(own, FakeApi(held.answer)), pool, way_of(other, FakeApi(held.release)), time_s=0.3)
    assert time.monotonic() - begun_s > SLOW_S
    assert set(other.settled) == {claim_of(2).slot}
    assert sync.settled == 2
