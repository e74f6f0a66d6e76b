"""A real Prometheus scrapes a real exporter beside real workers, Redis and API: every query has data, and is right.

One scene for all tests; the last one spoils it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from receipt_sync import MarkDelivered, MarkRead
from stack.ports import free_port
from stack.prometheus import Prometheus
from stack.services import start_from_procfile
from tests.ledger_audit import Accounts
from tests.prometheus.queries import NAMES, dashboard_queries, selectors
from tests.running import System, until

USERS = tuple(range(1, 41))


@dataclass(frozen=True)
class Scene:
    """What has happened, and who has seen it.

    Attributes:
        accounts: the ledger's, audited, at rest.
        counts: all that it counts.
    """

    system: System
    prometheus: Prometheus
    accounts: Accounts
    counts: Mapping[str, int]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("scene")
    system, port = System(directory, {"QUICKBLOX_RATE_PER_S": "50"}), free_port()
    env = {"REDIS_URL": system.redis_server.url, "METRICS_PORT": str(port)}
    exporter = start_from_procfile("metrics", env, directory)
    try:
        exporter.wait_for_line("metrics.served")
        with Prometheus(directory / "prometheus", f"127.0.0.1:{port}") as prometheus:
            until(lambda: bool(prometheus.query("receipts_up == 1")), "a first scrape, before anything has happened")
            live_through_something(system)
            accounts, counts = system.wait_until_settled(), counted(system)
            until(lambda: total(prometheus, "receipts_covered_total") == accounts.covered, "the last of it scraped")
            yield Scene(system, prometheus, accounts, counts)
    finally:
        exporter.kill()
        system.stop()


def live_through_something(system: System) -> None:
    """Receipts of every kind by two workers, one of which is killed; failures, refusals, a dead letter."""
    dialog_id, message_ids = system.dialog(1, users=USERS)
    doomed, _ = system.start_worker(), system.start_worker()
    system.api.faults(first_n=5, outage=True)
    for user in USERS:
        system.receipts.record_many([MarkRead(dialog_id=dialog_id, user_id=user)] * 3)
        system.receipts.record_many([MarkDelivered(dialog_id=dialog_id, user_id=user)])
        if user == len(USERS) // 2:
            until(lambda: len(system.applied()) > 3, "the workers at work")
            doomed.kill()
    system.receipts.edit_message(dialog_id, message_ids[0], "another text", user_id=1)
    system.receipts.edit_message(dialog_id, "f" * 24, "of a message that there is not", user_id=1)


def counted(system: System) -> dict[str, int]:
    counts = system.redis.hgetall("rs:{default}:counts")
    return {name.decode(): int(n) for name, n in counts.items()}  # type: ignore[union-attr]  # not async


def total(prometheus: Prometheus, metric: str) -> float:
    return sum(value for _, value in prometheus.query(metric))


@cache
def _rule_queries(prometheus: Prometheus) -> dict[str, str]:
    return {rule["name"]: rule["query"] for rule in prometheus.rules()}


def test_sums_are_the_ledgers_also_when_a_worker_was_killed(scene: Scene) -> None:
    found, accounts = scene.prometheus, scene.accounts
    assert total(found, "receipts_recorded_total") == accounts.recorded == 4 * len(USERS) + 2
    assert total(found, "receipts_covered_total") == accounts.covered
    assert total(found, "receipts_died_total") == total(found, "receipts_dead") == accounts.dead == 1
    assert total(found, "receipts_joined_total") == scene.counts["joined"] > 0
    for verdict in ("sent", "unavailable", "rejected"):
        expected = scene.counts[f"puts_{verdict}"]
        assert total(found, f'receipts_puts_total{{verdict="{verdict}"}}') == expected > 0
    assert total(found, "receipts_put_duration_seconds_count") == total(found, "receipts_puts_total")
    waits = total(found, "receipts_wait_seconds_count")
    assert waits == scene.counts["puts_sent"] - scene.counts.get("stale_settles", 0)
    assert total(found, "receipts_unbalanced") == 0


def test_what_was_counted_was_seen_by_the_api(scene: Scene) -> None:
    """The killed worker may have sent PUTs whose answers nobody has seen: at most what it could have in flight."""
    assert 0 <= len(scene.system.puts()) - total(scene.prometheus, "receipts_puts_total") <= 16


@pytest.mark.parametrize("query", dashboard_queries())
def test_every_query_of_the_dashboard_has_data(scene: Scene, query: str) -> None:
    values = [value for _, value in scene.prometheus.query(query)]
    assert values
    assert not any(math.isnan(value) for value in values)


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_evaluated_on_series_that_there_are(scene: Scene, name: str) -> None:
    def healthy() -> bool:
        return any(rule["name"] == name and rule["health"] == "ok" for rule in scene.prometheus.rules())

    until(healthy, f"{name} evaluated")
    query = _rule_queries(scene.prometheus)[name]
    scene.prometheus.query(query)
    assert selectors(query)
    for selector in selectors(query):
        assert scene.prometheus.query(selector), selector


def test_nobody_is_called_when_nothing_is_wrong(scene: Scene) -> None:
    assert [rule["name"] for rule in scene.prometheus.rules() if rule["state"] == "firing"] == []


def test_a_scrape_is_quick_and_holds_nothing_private(scene: Scene) -> None:
    (target,) = scene.prometheus.targets()
    assert target["health"] == "up"
    labels = {
        (name, value) for each, _ in scene.prometheus.query('{job="receipt-sync"}') for name, value in each.items()
    }
    known = {"__name__", "instance", "job", "application", "kind", "verdict", "le", "why", "holder", "outcome"}
    assert {name for name, _ in labels} == known
    assert {value for name, value in labels if name == "application"} == {"default"}
    assert total(scene.prometheus, "scrape_duration_seconds") < 1


def test_a_ledger_that_is_lost_calls_somebody(scene: Scene) -> None:
    scene.system.redis.delete("rs:{default}:counts")

    def firing() -> bool:
        fired = {rule["name"] for rule in scene.prometheus.rules() if rule["state"] == "firing"}
        return "ReceiptsLedgerSetBack" in fired

    until(firing, "ReceiptsLedgerSetBack firing")
