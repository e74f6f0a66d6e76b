from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

import pytest
import redis
from amqp.exceptions import ConnectionForced
from celery import Celery
from kombu.exceptions import OperationalError

import worker.ticker
from worker.ledger import Ledger, Reaped, Rung
from worker.ledger.keeping import EvictingRedisError
from worker.ticker import HEAD_START_S, TICK_S, Ticker, doorbell, ring_for, tick

SLOT = "m:53a99a7be4b094c7c6d31b41:u123"
QUIET = Rung([], None, policy_known=True)


class FakeLedger:
    """Answers rings and reaps as it is told."""

    def __init__(self, *rung: Rung, reaped: list[Reaped] | None = None, application: str = "default") -> None:
        self.application = application
        self.rung = list(rung)
        self.reaped = reaped or []
        self.returned: list[str] = []
        self.published = 0
        self.faded = 0
        self.expired_after: list[int] = []
        self.evicting = ""
        self.trouble: list[Exception] = []
        self.looks: list[bool] = []

    def rests(self) -> bool:
        return self.looks.pop(0) if self.looks else False

    def ring(self, returned_permit: str = "") -> Rung:
        self.returned.append(returned_permit)
        return self.rung.pop(0) if self.rung else QUIET

    def reap(self) -> list[Reaped]:
        if self.trouble:
            raise self.trouble.pop(0)
        return self.reaped

    def require_keeping(self) -> None:
        if self.evicting:
            raise EvictingRedisError(self.evicting)

    def expire_letters(self) -> int:
        self.expired_after.append(self.published)
        return 0

    def fade_tokens(self) -> int:
        self.faded += 1
        return 0

    def publish_policy(self) -> None:
        self.published += 1

    @property
    def ledger(self) -> Ledger:
        return cast("Ledger", self)


class Bells:
    """What has been rung."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    def __call__(self, application: str, permit: str) -> None:
        self.rung.append((application, permit))


# Ringing --------------------------------------------------------------------------------------------------------


def test_rings_once_for_each_permit() -> None:
    ledger, bells = FakeLedger(Rung(["p-1", "p-2"], 0, policy_known=True), application="shop"), Bells()
    assert ring_for(ledger.ledger, bells) == 0
    assert bells.rung == [("shop", "p-1"), ("shop", "p-2")]
    assert ledger.published == 0


def test_gives_its_permit_back() -> None:
    ledger = FakeLedger()
    assert ring_for(ledger.ledger, Bells(), "mine") is None
    assert ledger.returned == ["mine"]


def test_a_ledger_that_has_lost_the_policy_is_told_again() -> None:
    ledger = FakeLedger(Rung([], None, policy_known=False))
    ring_for(ledger.ledger, Bells())
    assert ledger.published == 1


@pytest.mark.parametrize(
    ("next_ms", "wait_s"), [(None, TICK_S), (0, TICK_S), (1, 0.001), (250, 0.25), (1000, 1.0), (60_000, TICK_S)]
)
def test_the_next_tick_comes_when_the_next_slot_is_due_and_at_the_latest_after_a_tick(
    next_ms: int | None, wait_s: float
) -> None:
    assert tick(FakeLedger(Rung([], next_ms, policy_known=True)).ledger, Bells()) == wait_s


def test_a_tick_says_what_it_has_reaped_and_names_no_slot(caplog: pytest.LogCaptureFixture) -> None:
    tick(FakeLedger(reaped=[Reaped(SLOT, 1, dead=False), Reaped(SLOT, 5, dead=True)]).ledger, Bells())
    again, dead = [record.getMessage() for record in caplog.records]
    assert "crashes=1 outcome=again" in again
    assert "crashes=5 outcome=dead" in dead
    assert SLOT not in caplog.text
    assert "u123" not in caplog.text


def test_a_doorbell_carries_application_and_permit_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    app = Celery("test", set_as_current=False)
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append((name, options)))
    doorbell(app)("shop", "p-1")
    [(name, options)] = sent
    assert name == "receipts.sync"
    assert options["kwargs"] == {"application": "shop", "permit": "p-1"}
    assert options["queue"] == "receipts.sync"
    assert options["retry"] is False
    assert not {"eta", "countdown", "args"} & options.keys()


# The thread -----------------------------------------------------------------------------------------------------


class Wakes:
    """A subscription whose every wait is one step of the test's script."""

    def __init__(self, steps: list[Callable[[], None]]) -> None:
        self.steps = steps
        self.channels: tuple[str, ...] = ()
        self.waited_s: list[float] = []
        self.waiting_messages = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def subscribe(self, *channels: str) -> None:
        self.channels = channels

    def get_message(self, timeout: float) -> dict[str, str] | None:
        self.waited_s.append(timeout)
        if self.waiting_messages:
            self.waiting_messages -= 1
            return {"type": "message"}
        self.steps.pop(0)()
        return None


class Client:
    """A Redis client that is out of reach as often as it is told."""

    def __init__(self, wakes: Wakes, failures: list[Exception]) -> None:
        self.wakes = wakes
        self.failures = failures
        self.subscriptions = 0

    def pubsub(self, **_: bool) -> Wakes:
        self.subscriptions += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.wakes


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure the thread waits a tick; here it does not."""
    monkeypatch.setattr(worker.ticker, "TICK_S", 0.0)


def ticker_of(
    ledger: FakeLedger, *steps: Callable[[], None], failures: list[Exception] | None = None
) -> tuple[Ticker, Client]:
    """A ticker that ends after the last step; `run` is called here, in the test's own thread."""
    script: list[Callable[[], None]] = list(steps)
    client = Client(Wakes(script), failures or [])
    ticker = Ticker(cast("redis.Redis", client), [ledger.ledger], Bells())
    script.append(ticker.end)
    return ticker, client


def nothing() -> None: ...


def test_listens_on_the_channel_of_each_application_and_publishes_the_policy() -> None:
    one, other = FakeLedger(), FakeLedger(application="shop")
    script: list[Callable[[], None]] = []
    client = Client(Wakes(script), [])
    ticker = Ticker(cast("redis.Redis", client), [one.ledger, other.ledger], Bells())
    script.append(ticker.end)
    ticker.run()
    assert client.wakes.channels == ("rs:{default}:wake", "rs:{shop}:wake")
    assert (one.published, other.published) == (1, 1)


def test_a_burst_of_wake_ups_is_one_tick() -> None:
    ledger = FakeLedger()
    ticker, client = ticker_of(ledger, nothing)
    client.wakes.waiting_messages = 5
    ticker.run()
    assert len(ledger.returned) == 2, "one tick at the start and one for the burst"
    assert client.wakes.waited_s[1:6] == [0] * 5


def test_a_tick_that_nobody_has_called_for_only_looks_where_nothing_waits() -> None:
    ledger = FakeLedger()
    ledger.looks = [True, False, True]
    ticker, client = ticker_of(ledger, nothing, nothing, nothing)
    ticker.run()
    assert ledger.returned == [""] * 2, "at the start, and when the ledger did not rest"
    assert client.wakes.waited_s == [TICK_S] * 4


def test_a_wake_up_is_answered_without_looking_first() -> None:
    ledger = FakeLedger()
    ledger.looks = [True]
    ticker, client = ticker_of(ledger, nothing)
    client.wakes.waiting_messages = 1
    ticker.run()
    assert (len(ledger.returned), ledger.looks) == (2, [True])


def test_a_sync_that_stays_claims_before_anybody_is_rung_for(monkeypatch: pytest.MonkeyPatch) -> None:
    head_starts_s: list[float] = []
    ledger, script, stays = FakeLedger(), [nothing, nothing], [True, False]
    client = Client(Wakes(script), [])
    ticker = Ticker(cast("redis.Redis", client), [ledger.ledger], Bells(), lambda: bool(stays and stays.pop(0)))
    script.append(ticker.end)
    monkeypatch.setattr(ticker._ended, "wait", head_starts_s.append)
    ticker.run()
    assert head_starts_s == [HEAD_START_S]
    assert client.wakes.waited_s == [TICK_S, 0, TICK_S], "what came meanwhile is the same tick"


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    "error",
    [redis.ConnectionError("x"), redis.TimeoutError("x"), OperationalError("x"), OSError("x"), ConnectionForced("x")],
)
def test_an_outage_is_waited_out_and_said_once(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ledger = FakeLedger()
    ticker, client = ticker_of(ledger, nothing, failures=[error] * 5)
    ticker.run()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"tick failed, ticking goes on: application=all error={type(error).__name__}"),
        (logging.WARNING, "ticks again: application=all"),
    ]
    assert client.subscriptions == 6


@pytest.mark.usefixtures("no_pause")
def test_an_outage_in_mid_life_is_said_and_a_second_one_again(caplog: pytest.LogCaptureFixture) -> None:
    ledger = FakeLedger()

    def trouble() -> None:
        ledger.trouble.append(redis.ConnectionError("x"))

    ticker, client = ticker_of(ledger, trouble, nothing, trouble, nothing)
    ticker.run()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING] * 2
    assert client.subscriptions == 1
    assert ledger.published == 3, "a Redis that comes back empty needs the policy"


@pytest.mark.parametrize("words", ["BROKENKEY rs:{app}:due should be a zset, and is a string", "VERSION rs:{app} is 2"])
def test_a_broken_or_newer_ledger_is_named_and_no_others_words_are_repeated(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    for said, shown in ((words, words), (f"secret {words}", "ResponseError")):
        caplog.clear()
        ledger = FakeLedger()
        ledger.trouble = [redis.ResponseError(said)] * 2
        script: list[Callable[[], None]] = [nothing]
        ticker = Ticker(cast("redis.Redis", Client(Wakes(script), [])), [ledger.ledger], Bells())
        script.append(ticker.end)
        ticker.run()
        assert [record.getMessage() for record in caplog.records] == [
            f"tick failed, ticking goes on: application={ledger.ledger.application} error={shown}"
        ]


def test_without_an_outage_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ticker, _ = ticker_of(FakeLedger(), nothing, nothing)
    ticker.run()
    assert caplog.records == []


@pytest.mark.usefixtures("no_pause")
def test_ends_while_the_ledger_is_out_of_reach() -> None:
    ledger = FakeLedger()
    ticker, client = ticker_of(ledger)

    def refuse(**_: bool) -> Wakes:
        ticker.end()
        raise redis.ConnectionError

    client.pubsub = refuse  # type: ignore[method-assign]
    ticker.run()
    assert ledger.returned == []


def test_one_application_that_fails_does_not_stop_the_others() -> None:
    damaged, sound = FakeLedger(), FakeLedger(application="shop")
    damaged.trouble = [redis.ResponseError("WRONGTYPE")] * 2
    script: list[Callable[[], None]] = [nothing]
    ticker = Ticker(cast("redis.Redis", Client(Wakes(script), [])), [damaged.ledger, sound.ledger], Bells())
    script.append(ticker.end)
    ticker.run()
    assert len(sound.returned) == 2
    assert damaged.returned == []


def test_a_redis_that_may_evict_ends_the_worker_with_exit_code_1(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("worker.ticker.end_worker", ended.append)
    ledger = FakeLedger()
    ledger.evicting = "allkeys-lru"
    ticker, _ = ticker_of(ledger)
    ticker.run()
    assert ended == [1]
    assert (ledger.published, ledger.returned) == (0, [])
    assert "'allkeys-lru'" in caplog.text
    assert "CONFIG SET maxmemory-policy noeviction" in caplog.text


def test_a_redis_is_looked_at_again_now_and_then_for_a_failover_may_go_unnoticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("worker.ticker.end_worker", ended.append)
    monkeypatch.setattr("worker.ticker.LOOK_EVERY_S", 0.0)
    ledger = FakeLedger()
    ticker, _ = ticker_of(ledger, lambda: setattr(ledger, "evicting", "allkeys-lru"))
    ticker.run()
    assert (ended, ledger.published) == ([1], 1)


@pytest.mark.parametrize(("every_s", "times"), [(0.0, 3), (30.0, 1)])
def test_letters_expire_now_and_then_when_the_policy_says_how_long_they_are_kept(
    monkeypatch: pytest.MonkeyPatch, every_s: float, times: int
) -> None:
    monkeypatch.setattr("worker.ticker.LOOK_EVERY_S", every_s)
    ledger = FakeLedger()
    ticker, _ = ticker_of(ledger, lambda: None, lambda: None)
    ticker.run()
    assert ledger.expired_after == [1] * times


@pytest.mark.usefixtures("no_pause")
def test_a_redis_is_looked_at_again_after_an_outage_of_its_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("worker.ticker.end_worker", ended.append)
    ledger = FakeLedger()

    def lost() -> None:
        ledger.evicting = "allkeys-lru"
        raise redis.ConnectionError

    ticker, _ = ticker_of(ledger, lost)
    ticker.run()
    assert ended == [1]
