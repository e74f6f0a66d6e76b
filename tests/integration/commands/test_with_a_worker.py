"""The commands beside a real worker: what somebody on call does from the first look to the last receipt."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from receipt_sync import MarkRead
from tests.integration.operating import Commands
from tests.running import API_KEY, System, until

READER = 123
RECEIPTS = 60


def commands_of(system: System) -> Commands:
    # An operator's user looks at the ledger; who looks at the broker, too, does it as the worker's.
    redis_url, broker_url = system.redis_server.url_of("operator"), system.redis_server.url_of("worker")
    return Commands(**system.environment({"REDIS_URL": redis_url, "CELERY_BROKER_URL": broker_url}))


def faults(result: Result) -> list[str]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return [f"{each['about']}: {each['found']}" for each in found if each["level"] == "fault"]


def test_on_call(system: System) -> None:
    commands = commands_of(system)
    worker = system.start_worker(RECEIPTS_CONNECTIONS="4")
    healthy = commands.run("doctor", "--json", "--user", str(READER))
    assert (healthy.exit_code, faults(healthy)) == (0, []), healthy.output
    assert "1 worker answering through the broker" in healthy.stdout

    # Slow enough that calls are still made when `top` looks first.
    system.api.faults(latency_ms=1_000)

    # Somebody pauses it; receipts come, and wait.
    commands.run("pause", "the API moves")
    ids = [system.dialog(number)[0] for number in range(RECEIPTS)]
    system.receipts.record_many([MarkRead(dialog_id=id_, user_id=READER) for id_ in ids])
    held = commands.json("inspect", ids[0])["slots"][0]["why_not_sent"]
    assert "pause" in [each["name"] for each in held]
    assert commands.run("drain", "--timeout", "1s").exit_code == 6

    # It goes on, and is watched.
    before = commands.json("top", "--every", "0.2")["applications"][0]
    assert (before["state"], before["standing"]["pending"]) == ("paused", RECEIPTS)
    commands.run("resume")
    [during] = commands.json("top", "--every", "2")["applications"]
    assert during["per_s"]["puts"] > 0
    system.api.faults(latency_ms=0)
    assert commands.run("drain", "--timeout", "60s").exit_code == 0
    assert system.wait_until_settled().covered == RECEIPTS
    [slot] = commands.json("inspect", ids[0], "--user", str(READER))["slots"]
    assert (slot["covered"], [each["name"] for each in slot["why_not_sent"]]) == (1, ["nothing"])

    # A worker that is connected, and consumes nothing.
    worker.pause()
    try:
        watch = commands.json("record", "read", ids[0], "--user", str(READER))["watch"].split()
        until(lambda: "no worker: due for" in commands.run(*watch[3:]).stdout, "inspect says that nobody takes it")
        stuck = faults(commands.run("doctor", "--json"))
        assert any("none answers through the broker" in each for each in stuck), stuck
        assert any("and no call was made" in each for each in stuck), stuck
    finally:
        worker.resume()
    assert commands.run("drain", "--timeout", "60s").exit_code == 0
    assert API_KEY not in commands.run("doctor").output
