"""The exporter on a real ledger: what it serves, that it agrees with the ledger, and what it does without one."""

from __future__ import annotations

import logging
import math
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from receipt_sync import MarkRead, ReceiptQueue
from stack.ports import free_port
from stack.process import Process
from stack.redis_server import RedisServer
from stack.services import PROJECT, environment, start_from_procfile
from tests.law.law import START_MS, Law
from tests.shorthand import USER, delivered, dialogs, edit, read
from worker.ledger import Again, Dead, Done, Ledger, Part, RingSize
from worker.metrics.collector import LedgerCollector
from worker.metrics.declared import DECLARED
from worker.metrics.values import tokens_left

POLICY = {"gather_min_ms": "0", "gather_max_ms": "0", "rate_per_s": "100", "breaker_calls_min": "1000"}
Samples = dict[tuple[str, ...], float]


class Application:
    """One application's ledger, and what somebody does to it."""

    def __init__(self, client: redis.Redis, name: str = "default", **policy: str) -> None:
        self.queue = ReceiptQueue(client=client, application=name)
        size = RingSize(syncs_max=3, permit_ms=60_000, side_by_side=2)
        self.ledger = Ledger(client, name, policy=POLICY | policy, lease_ms=60_000, size=size)
        self.ledger.publish_policy()

    def live_through_something(self) -> None:
        """Receipts of every kind; PUTs of every kind of end; a doorbell; something in flight, something pending."""
        self.queue.record_many([read(), read(), delivered(), edit("text", 1)])
        self.queue.record_many([MarkRead(dialog_id=dialog, user_id=USER) for dialog in dialogs(4)])
        (permit, *_) = self.ledger.ring().permits
        done, again, dead, *_ = self.ledger.claim(4, permit).claims
        self.ledger.settle(
            [
                (done.slot, done.generation, Done(Part("rd"), took_ms=80)),
                (again.slot, again.generation, Again("status 503", "unavailable", took_ms=30_500)),
                (dead.slot, dead.generation, Dead("rejected: status 404", "rejected", took_ms=20)),
            ]
        )
        self.ledger.bury_invalid("receipts.mark_dialog_read", "{}", "invalid: no user")


def samples_of(text: str) -> Samples:
    """By the sample's name, then its labels' values in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def rising(samples: Samples) -> Samples:
    """What does not fall with time."""
    return {name: value for name, value in samples.items() if name[0].endswith(("_total", "_bucket", "_sum"))}


def scraped(collector: LedgerCollector) -> Samples:
    registry = CollectorRegistry()
    registry.register(collector)
    return samples_of(generate_latest(registry).decode())


def counted(client: redis.Redis, application: str = "default") -> dict[str, int]:
    counts: Any = client.hgetall(f"rs:{{{application}}}:counts")
    return {name.decode(): int(n) for name, n in counts.items()}


def test_every_metric_that_is_declared_is_served_and_no_other(redis_client: redis.Redis) -> None:
    Application(redis_client).live_through_something()
    served = {name for name, *_ in scraped(LedgerCollector(redis_client, ["default"]))}
    suffixes = {"histogram": ("_bucket", "_count", "_sum")}
    assert served == {metric.name + suffix for metric in DECLARED for suffix in suffixes.get(metric.kind, ("",))}


def test_every_value_of_every_label_is_served_from_the_beginning(redis_client: redis.Redis) -> None:
    """A counter that appears with its first event has not risen in Prometheus' eyes."""
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    for metric in DECLARED:
        for name, values in metric.labels.items():
            for value in values:
                labels = dict(sorted({"application": "default", name: value}.items()))
                assert samples[metric.name, *labels.values()] == 0


def test_what_is_served_is_what_the_ledger_says(redis_client: redis.Redis) -> None:
    application = Application(redis_client)
    application.live_through_something()
    counts, samples = counted(redis_client), scraped(LedgerCollector(redis_client, ["default"]))
    kinds = {
        kind: samples["receipts_recorded_total", "default", kind] for kind in ("read", "delivered", "edit", "invalid")
    }
    assert kinds == {"read": 6, "delivered": 1, "edit": 1, "invalid": 1}
    for name in ("joined", "covered"):
        assert samples[f"receipts_{name}_total", "default"] == counts[name] > 0
    for name in ("pending", "in_flight", "dead"):
        assert samples[f"receipts_{name}", "default"] == counts[name] > 0
    for verdict, n in {"sent": 1, "unavailable": 1, "rejected": 1, "throttled": 0}.items():
        assert samples["receipts_puts_total", "default", verdict] == n
    assert samples["receipts_unbalanced", "default"] == 0
    assert samples["receipts_dead_letters", "default"] == 2
    assert samples["receipts_put_duration_seconds_count", "default"] == 3
    assert samples["receipts_put_duration_seconds_sum", "default"] == 30.6
    assert samples["receipts_put_duration_seconds_bucket", "default", "30.0"] == 2
    assert samples["receipts_wait_seconds_count", "default"] == 1
    assert samples["receipts_doorbells_total", "default"] == counts["doorbells"] > 0
    assert samples["receipts_permits", "default", "doorbell"] == counts["doorbells"] - 1
    assert samples["receipts_permits", "default", "sync"] == 1
    assert samples["receipts_rate_limit", "default"] == samples["receipts_rate_configured", "default"] == 100
    assert samples["receipts_calls_last_second", "default"] == 4


def test_dead_receipts_never_become_fewer_in_a_counter(redis_client: redis.Redis) -> None:
    redis_client.hset("rs:{default}:counts", mapping={"recorded": 9, "dead": 2, "replayed": 7, "covered": 7})
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    assert samples["receipts_died_total", "default"] == 9
    assert samples["receipts_dead", "default"] == 2


def test_what_an_earlier_release_has_recorded_is_of_no_kind(redis_client: redis.Redis) -> None:
    redis_client.hset("rs:{default}:counts", mapping={"recorded": 9, "recorded_edit": 2, "pending": 9})
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    assert samples["receipts_recorded_total", "default", "unknown"] == 7


def test_what_is_overdue_is_told_and_what_is_to_come_is_not(redis_client: redis.Redis) -> None:
    Application(redis_client).queue.record_many([read()])
    client: Any = redis_client
    now_ms = client.time()[0] * 1000
    (slot,) = client.zrange("rs:{default}:due", 0, -1)
    for due_ms, least_s in ((now_ms - 90_000, 90), (now_ms + 90_000, 0)):
        client.zadd("rs:{default}:due", {slot: due_ms})
        overdue_s = scraped(LedgerCollector(redis_client, ["default"]))["receipts_overdue_seconds", "default"]
        assert least_s <= overdue_s <= 2 * least_s


def test_accounts_that_do_not_balance_show(redis_client: redis.Redis) -> None:
    redis_client.hset("rs:{default}:counts", mapping={"recorded": 9, "pending": 7})
    assert scraped(LedgerCollector(redis_client, ["default"]))["receipts_unbalanced", "default"] == 2


def test_without_a_limit_the_rate_is_infinite_and_no_calls_are_told(redis_client: redis.Redis) -> None:
    Application(redis_client, rate_per_s="0")
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    assert samples["receipts_rate_limit", "default"] == math.inf
    assert ("receipts_calls_last_second", "default") not in samples
    assert ("receipts_call_tokens", "default") not in samples


def test_holds_breaker_and_pause_show(redis_client: redis.Redis) -> None:
    application = Application(redis_client)
    now_ms = redis_client.time()[0] * 1000
    redis_client.hset(
        "rs:{default}:pace",
        mapping={"hold": now_ms + 60_000, "open": now_ms - 1000, "till": now_ms + 5000, "why": "key"},
    )
    application.ledger.pause("for the test")
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    assert 55 < samples["receipts_hold_seconds", "default"] <= 60
    assert samples["receipts_breaker_open", "default", "key"] == 1
    assert samples["receipts_breaker_open", "default", "outage"] == 0
    assert samples["receipts_paused", "default"] == 1


def test_garbage_in_the_ledger_hides_nothing_else(redis_client: redis.Redis) -> None:
    Application(redis_client).live_through_something()
    redis_client.hset("rs:{default}:counts", mapping={"dead": "many", "put_ms": "\xff", "put_le_x": "1"})
    redis_client.set("rs:{default}:broken", "garbage")
    samples = scraped(LedgerCollector(redis_client, ["default"]))
    assert samples["receipts_up", "default"] == 1
    assert samples["receipts_dead", "default"] == 0
    assert samples["receipts_unreadable_keys", "default"] == 1


@pytest.mark.parametrize("calls", [0, 1, 5, 40])
def test_tokens_are_the_laws_own(calls: int) -> None:
    law = Law(cap=100)
    law.claimed(0, firsts=calls, retries=0, lease_ms=60_000)
    pace = {name.encode(): repr(value).encode() for name, value in law.state.items()}
    for later_ms in (0, 7, 30, 5_000):
        assert tokens_left(pace, 100, START_MS + later_ms) == pytest.approx(law.look(later_ms).tokens)


# Ledgers that cannot be read -------------------------------------------------------------------------------------


@pytest.fixture
def half_blind(redis_server: RedisServer, redis_client: redis.Redis) -> Iterator[redis.Redis]:
    """May read what belongs to `seen`, and nothing of `hidden`."""
    redis_client.acl_setuser("half-blind", enabled=True, passwords=["+p"], keys=["rs:{seen}:*"], categories=["+@all"])
    with redis.Redis(port=redis_server.port, username="half-blind", password="p") as client:
        yield client
    redis_client.acl_deluser("half-blind")


def test_an_application_that_cannot_be_read_hides_no_other_and_is_said_once(
    redis_client: redis.Redis, half_blind: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("seen", "hidden"):
        Application(redis_client, name).live_through_something()
    collector = LedgerCollector(half_blind, ["hidden", "seen"])
    for _ in range(2):
        samples = scraped(collector)
        assert (samples["receipts_up", "hidden"], samples["receipts_up", "seen"]) == (0, 1)
        assert samples["receipts_dead_letters", "seen"] == 2
        assert ("receipts_dead_letters", "hidden") not in samples
    [line] = caplog.messages
    assert line == "the ledger cannot be read: application=hidden reason=NoPermissionError"
    redis_client.acl_setuser("half-blind", keys=["rs:{hidden}:*"], reset_keys=False)
    assert scraped(collector)["receipts_up", "hidden"] == 1
    assert caplog.messages[1:] == ["the ledger can be read again: application=hidden"]


def test_a_bug_of_ours_hides_no_other_application_and_is_told_whole(
    redis_client: redis.Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: redis.Redis, application: str) -> list[Any]:
        if application == "bad":
            raise ZeroDivisionError
        return []

    monkeypatch.setattr("worker.metrics.collector.read_values", broken)
    samples = scraped(LedgerCollector(redis_client, ["bad", "good"]))
    assert samples == {("receipts_up", "bad"): 0, ("receipts_up", "good"): 1}
    assert caplog.records[0].levelno == logging.ERROR
    assert caplog.records[0].exc_info


def test_a_redis_that_hangs_bounds_the_time_of_an_answer(redis_client: redis.Redis) -> None:
    collector = LedgerCollector(redis_client, [f"a{n}" for n in range(30)], within_s=0.3)
    redis_client.config_resetstat()
    redis_client.client_pause(1_500, all=True)
    begun_s = time.monotonic()
    samples = scraped(collector)
    assert time.monotonic() - begun_s < 1.2
    assert samples == {("receipts_up", f"a{n}"): 0.0 for n in range(30)}
    collector._threads.shutdown()
    assert redis_client.info("commandstats")["cmdstat_time"]["calls"] == 8, "what has not begun never begins"
    assert scraped(LedgerCollector(redis_client, ["a0"]))["receipts_up", "a0"] == 1


# The process -----------------------------------------------------------------------------------------------------


@pytest.fixture
def start_exporter(redis_server: RedisServer, tmp_path: Path) -> Iterator[Callable[..., tuple[Process, str]]]:
    started: list[Process] = []

    def start(**settings: str) -> tuple[Process, str]:
        port = free_port()
        env = {"REDIS_URL": redis_server.url, "METRICS_PORT": str(port), **settings}
        started.append(start_from_procfile("metrics", env, tmp_path, label=f"metrics-{len(started)}"))
        started[-1].wait_for_line("metrics.served", 30)
        return started[-1], f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.kill()


def get(url: str) -> str:
    answer = requests.get(url, timeout=20)
    answer.raise_for_status()
    return answer.text


def test_the_procfiles_exporter_serves_all_applications_until_it_is_told_to_end(
    redis_client: redis.Redis, start_exporter: Callable[..., tuple[Process, str]]
) -> None:
    Application(redis_client).live_through_something()
    exporter, url = start_exporter(RECEIPTS_APPLICATIONS="default,shop")
    samples = samples_of(get(f"{url}/metrics"))
    assert samples["receipts_dead_letters", "default"] == 2
    assert samples["receipts_up", "shop"] == 1
    assert get(f"{url}/healthz") == "ok\n"
    with pytest.raises(requests.HTTPError, match="404"):
        get(f"{url}/")
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):  # says nothing, and holds nobody up
        assert rising(samples_of(get(f"{url}/metrics"))) == rising(samples)
    exporter.signal(signal.SIGTERM)
    assert exporter.wait(10) == 0


def test_another_exporter_shows_the_same_after_the_first_was_killed(
    redis_client: redis.Redis, start_exporter: Callable[..., tuple[Process, str]]
) -> None:
    Application(redis_client).live_through_something()
    first, url = start_exporter()
    before = rising(samples_of(get(f"{url}/metrics")))
    first.kill()
    _, url = start_exporter()
    assert rising(samples_of(get(f"{url}/metrics"))) == before


def test_a_port_that_is_taken_is_a_sentence(redis_server: RedisServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "worker", "metrics", "--port", port]
        env = environment({"REDIS_URL": redis_server.url})
        ended = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        f"Error: cannot listen at 127.0.0.1 port {port}: Address already in use\n",
    )
