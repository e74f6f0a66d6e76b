"""What reaches Sentry, over HTTP, from real workers and a real beat: every kind of event, and nothing private."""

from __future__ import annotations

import json
import shelve
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import celery
import pytest
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import crontab

from receipt_sync import MarkRead
from stack.services import PROJECT, environment, start_from_procfile
from tests.running import API_KEY, StartSystem, System, until
from tests.sentry import BUGGY, CRASHING, DEADLY, Listening, listening

TEXT, TOKEN, READER = "a-private-text", "a-private-token", 7_123_456_789
RECORDED_IN = f"{0xABC:032x}", f"{0xDEF:016x}"
TRACE = f"00-{RECORDED_IN[0]}-{RECORDED_IN[1]}-01"
SLOT = {"application", "slot"}
TOLD = {
    "dead letter: rejected 422",
    "dead letter: invalid",
    "dead letter: refused",  # what a bug of ours kept from being recorded
    "calls are held: the chat API fails: most calls of the last seconds had no good answer",
    "RuntimeError",
    "LookupError",
    "WorkerLostError",
}
REJECTED, WITH_TRACE, OUTAGE = range(10, 14), range(20, 22), range(30, 42)

# The private words are put together at run time: events quote lines of source, from 3.13 on those of `-c` as well.
PROGRAM = """
import sentry_sdk
from settings import load
from worker.sentry import start_sentry

start_sentry(load())
for n in range(3):
    try:
        text, token = "-".join(["a", "private", "text"]), "-".join(["a", "private", "token"])
        raise RuntimeError(f"a bug on {text}")
    except RuntimeError as error:
        scope = sentry_sdk.get_current_scope()
        job = {"task_name": "receipts.edit_message", "args": [text], "kwargs": {"token": token}}
        scope.set_extra("celery-job", job)
        scope.set_extra("another", text)
        scope.set_context("another", {"text": text})
        scope.set_user({"id": token})
        sentry_sdk.capture_exception(error)
sentry_sdk.flush(10)
"""


@pytest.fixture
def sentry() -> Iterator[Listening]:
    with listening() as heard:
        yield heard


def run(**settings: str) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, env=environment(settings), check=True, timeout=60)


def test_without_a_dsn_nothing_is_sent(sentry: Listening) -> None:
    run()
    assert sentry.raw == []


def test_an_error_is_told_once_whole_and_without_anything_private(sentry: Listening) -> None:
    """An SDK that adds a field fails here: somebody has to look whether it is private."""
    run(SENTRY_DSN=sentry.dsn, SENTRY_RELEASE="1.2.3", SENTRY_ENVIRONMENT="test")
    [event] = sentry.items("event")
    [error] = event.pop("exception")["values"]
    frames = error.pop("stacktrace")["frames"]
    assert {key for frame in frames for key in frame} <= {
        "abs_path", "context_line", "filename", "function", "in_app", "lineno", "module", "post_context", "pre_context",
    }  # fmt: skip
    assert error == {
        "mechanism": {"type": "generic", "handled": True},
        "module": None,
        "type": "RuntimeError",
        "value": "(not told: it may quote a receipt)",
    }
    volatile = {"event_id", "timestamp", "server_name", "modules", "sdk"}
    assert {key: value for key, value in event.items() if key not in volatile} == {
        "contexts": {"trace": event["contexts"]["trace"]},
        "environment": "test",
        "extra": {"celery-job": {"task_name": "receipts.edit_message"}},
        "level": "error",
        "platform": "python",
        "release": "1.2.3",
        "transaction_info": {},
    }
    assert volatile <= event.keys()
    assert set(event["contexts"]["trace"]) == {"trace_id", "span_id", "parent_span_id"}
    assert b"a-private" not in b"".join(sentry.raw)


def test_everything_that_a_bad_day_sends(start_system: StartSystem, sentry: Listening, tmp_path: Path) -> None:
    """One run for all: it takes as long as an outage."""
    system = start_system(
        SENTRY_DSN=sentry.dsn,
        SENTRY_RELEASE="1.2.3",
        SENTRY_ENVIRONMENT="test",
        SENTRY_TRACES_SAMPLE_RATE="0.000001",
        RECEIPTS_BREAKER_CALLS_MIN="8",
        RECEIPTS_CONNECTIONS="4",
        RECEIPTS_SYNC_TIME_S="1",
    )
    for _ in range(2):
        system.start_worker("--include tests.integration.breaking")
    everything_goes_wrong(system, sentry, tmp_path)
    until(lambda: {kind_of(event) for event in sentry.items("event")} >= TOLD, "an event of each kind")
    until(lambda: len(puts_of(sentry)) == len(WITH_TRACE), "the transactions of the PUTs")

    events = sentry.items("event")
    assert Counter(kind_of(event) for event in events) == Counter(TOLD)
    for event in events:
        assert (event["release"], event["environment"]) == ("1.2.3", "test")
    of = {kind_of(event): event for event in events}
    for kind in ("dead letter: rejected 422", "LookupError", "RuntimeError"):
        assert of[kind]["tags"].keys() >= SLOT
        assert of[kind]["tags"]["application"] == "default"
        assert len(of[kind]["tags"]["slot"]) == 12
    assert of["dead letter: rejected 422"]["fingerprint"] == ["dead letter", "default", "rejected 422"]
    puts_are_linked_to_the_traces_of_their_receipts(sentry)
    jobs_of_beat_are_monitored(sentry)
    assert {"event", "transaction", "check_in"} <= sentry.kinds()
    told_to_the_api = {name for call in system.puts() for name in call.headers}
    assert "content-type" in told_to_the_api
    assert not {"sentry-trace", "baggage", "traceparent"} & told_to_the_api
    nothing_private_was_sent(system, sentry)


def kind_of(event: dict[str, Any]) -> str:
    if "exception" in event:
        return str(event["exception"]["values"][-1]["type"])
    return str(event.get("message") or event["logentry"]["message"])


def everything_goes_wrong(system: System, sentry: Listening, tmp_path: Path) -> None:
    world = [*(f"d{n:023x}" for n in (*REJECTED, *WITH_TRACE, *OUTAGE)), BUGGY, CRASHING, DEADLY]
    system.api.build_world(
        users=(7, READER), dialogs=[{"_id": id_, "type": 2, "occupants_ids": [7, READER]} for id_ in world]
    )
    system.api.session(READER, token=TOKEN)
    system.api.faults(rejected_dialogs=[f"d{n:023x}" for n in REJECTED], rejected_status=422)
    system.receipts.record_many(marks(*REJECTED))
    system.receipts.record_many(marks(*WITH_TRACE), trace=TRACE)
    system.receipts.mark_dialog_read(BUGGY, user_id=READER, token=TOKEN)
    call_by_the_broker(system)
    run_beat(system, sentry, tmp_path)
    until(lambda: system.accounts().pending + system.accounts().in_flight == 0, "the quiet part")
    system.api.faults(outage=True)
    system.receipts.record_many(marks(*OUTAGE))
    until(lambda: any("calls are held" in kind_of(event) for event in sentry.items("event")), "the outage's event")
    system.api.clear_faults()
    system.wait_until_settled()


def marks(*numbers: int) -> list[MarkRead]:
    return [MarkRead(dialog_id=f"d{n:023x}", user_id=READER) for n in numbers]


def call_by_the_broker(system: System) -> None:
    client = Celery(broker=system.redis_server.url, set_as_current=False)
    for dialog_id in (CRASHING, DEADLY):
        kwargs = {"dialog_id": dialog_id, "user_id": READER, "token": TOKEN}
        client.send_task("receipts.mark_dialog_read", kwargs=kwargs, queue="receipts")
    edit = {"dialog_id": "d" * 24, "message_id": "e" * 24, "text": TEXT, "user_id": -READER, "token": TOKEN}
    for _ in range(2):
        client.send_task("receipts.edit_message", kwargs=edit, queue="receipts")
    client.close()


def run_beat(system: System, sentry: Listening, tmp_path: Path) -> None:
    """A job that is due now: beat remembers that it last ran two minutes ago."""
    kwargs = {"dialog_id": f"d{WITH_TRACE[0]:023x}", "user_id": READER}
    job = {"task": "receipts.mark_dialog_read", "crontab": {"minute": "*"}, "kwargs": kwargs}
    (tmp_path / "schedule.json").write_text(json.dumps({"read-it": job}))
    ago = datetime.now(UTC) - timedelta(minutes=2)
    entry = ScheduleEntry(name="read-it", task=job["task"], schedule=crontab(), last_run_at=ago, app=Celery())
    with shelve.open(str(tmp_path / "beat")) as state:  # noqa: S301 - our own file
        state.update(entries={"read-it": entry}, __version__=celery.__version__, tz="UTC", utc_enabled=True)
    settings = {"RECEIPTS_SCHEDULE_FILE": str(tmp_path / "schedule.json"), "BEAT_STATE": str(tmp_path / "beat")}
    with start_from_procfile("beat", system.environment(settings), tmp_path):
        until(lambda: {check["status"] for check in sentry.items("check_in")} >= {"in_progress", "ok"}, "check-ins")


def puts_of(sentry: Listening) -> list[dict[str, Any]]:
    return [each for each in sentry.items("transaction") if each["contexts"]["trace"]["op"] == "receipts.put"]


def puts_are_linked_to_the_traces_of_their_receipts(sentry: Listening) -> None:
    """Those alone are sampled."""
    for put in puts_of(sentry):
        trace_id, span_id = RECORDED_IN
        assert put["contexts"]["trace"]["links"] == [{"trace_id": trace_id, "span_id": span_id, "sampled": True}]
        assert put["contexts"]["receipts"].keys() == {"attempt", "waited_ms"}
        assert put["tags"].keys() == {*SLOT, "verdict", *(put["tags"].keys() & {"celery_task_id"})}
        assert put["transaction"] == "PUT marks"


def jobs_of_beat_are_monitored(sentry: Listening) -> None:
    for check in sentry.items("check_in"):
        assert check["monitor_slug"] == "read-it"
        assert check["monitor_config"]["schedule"] == {"type": "crontab", "value": "* * * * *"}


def nothing_private_was_sent(system: System, sentry: Listening) -> None:
    everything = b"\n".join(sentry.raw).decode()
    slots = [str(slot, "utf-8").split(":")[3:] for slot in system.redis.scan_iter("rs:{default}:[me]:*")]
    assert len(slots) > len(REJECTED)
    for private in (TEXT, TOKEN, API_KEY, str(READER), "e" * 24, *(part for slot in slots for part in slot)):
        assert private not in everything
