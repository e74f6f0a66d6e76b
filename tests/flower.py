"""Flower by the Procfile's command, on a running system: asked by its API, and opened in a browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from celery import Celery

from receipt_sync import MarkRead
from stack.ports import free_port
from stack.process import Process
from stack.services import start_from_procfile
from tests.running import PATIENCE_S, System, until

READER = 123
USER, PASSWORD = "ann", "a-private-password"


@dataclass(frozen=True)
class Flower:
    """A running Flower."""

    url: str
    process: Process

    def get(self, path: str, *, as_somebody: bool = False) -> requests.Response:
        """Asks with the password, or without."""
        auth = None if as_somebody else (USER, PASSWORD)
        return requests.get(self.url + path, auth=auth, timeout=10, allow_redirects=False)

    def tasks(self, name: str = "") -> list[dict[str, Any]]:
        """Every task that it knows, or those of a name; what its API says."""
        answer = self.get("/api/tasks")
        assert answer.status_code == 200, answer.text
        return [task for task in answer.json().values() if not name or task["name"] == name]

    def states(self, name: str) -> Counter[str]:
        """How many tasks of a name are in which state."""
        return Counter(task["state"] for task in self.tasks(name))


@contextmanager
def flower_of(system: System, directory: Path, **settings: str) -> Iterator[Flower]:
    """Flower on the system's broker, behind a password; ready once it has said so and listens to the workers."""
    port = free_port()
    env = system.environment({"FLOWER_BASIC_AUTH": f"{USER}:{PASSWORD}", "FLOWER_PORT": str(port), **settings})
    with start_from_procfile("flower", env, directory) as process:
        process.wait_for_line("Visit me at", PATIENCE_S)
        yield Flower(f"http://127.0.0.1:{port}", process)


TEXT, TOKEN, NEVER_A_TOKEN = "a-private-text", "a-private-token", "a-private-misspelt-token"
QUICK_SYNCS = {"RECEIPTS_SYNC_TIME_S": "1", "RECEIPTS_BREAKER_CALLS_MIN": "8", "RECEIPTS_CONNECTIONS": "4"}
REJECTED, THROTTLED, SENT = 3, 4, 20


def dialogs(system: System, first: int, count: int) -> list[str]:
    """So many dialogs of the readers', from a number on."""
    ids = [f"d{number:023x}" for number in range(first, first + count)]
    system.api.build_world(
        users=(7, READER), dialogs=[{"_id": id_, "type": 2, "occupants_ids": [7, READER]} for id_ in ids]
    )
    return ids


def bad_hour(system: System, flower: Flower) -> None:
    """Marks that are sent, some that are rejected, some throttled first, wrong calls by the broker, and an outage.

    Returns while calls are held: `system.api.clear_faults()` ends it.
    """
    good, rejected = dialogs(system, 1000, SENT), dialogs(system, 2000, REJECTED)
    system.api.faults(throttle=True, first_n=THROTTLED, rejected_dialogs=rejected, rejected_status=422)
    system.receipts.record_many([MarkRead(dialog_id=id_, user_id=READER) for id_ in good + rejected])
    call_wrongly(system)
    until(lambda: settled(system), "the good hour is over")
    system.api.faults(outage=True)
    system.receipts.record_many([MarkRead(dialog_id=id_, user_id=READER) for id_ in dialogs(system, 3000, 12)])
    until(lambda: flower.states("receipts.outage")["FAILURE"] == 1, "the outage on Flower")


def call_wrongly(system: System) -> None:
    """A foreign client that publishes events of its own, with the arguments' text in them; one call is wrong."""
    client = Celery(broker=system.redis_server.url, set_as_current=False)
    client.conf.task_send_sent_event = True
    dialog_id, (message_id, *_) = system.dialog(1)
    right = {"dialog_id": dialog_id, "message_id": message_id, "text": TEXT, "user_id": 7}
    for kwargs in (right, right | {"user_id": -1, "token": TOKEN}, right | {"tokn": NEVER_A_TOKEN}):
        client.send_task("receipts.edit_message", kwargs=kwargs, queue="receipts")
    # No worker takes it, so nobody but the client tells Flower of it.
    client.send_task("receipts.edit_message", kwargs=right, queue="receipts.read-by-nobody")
    client.close()


def settled(system: System) -> bool:
    """Whether nothing waits and nothing is in flight, and the calls by the broker have come."""
    counts = [
        int(count or 0) for count in system.redis.hmget("rs:{default}:counts", ["recorded", "pending", "in_flight"])
    ]
    return counts[0] >= SENT + REJECTED + 3 and counts[1:] == [0, 0]
