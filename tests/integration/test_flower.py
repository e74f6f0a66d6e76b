"""Flower on a real worker: what it shows is what the ledger says, and nothing private; and who may look."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from stack.ports import free_port
from stack.services import PROJECT, environment
from tests.flower import (
    NEVER_A_TOKEN,
    PASSWORD,
    QUICK_SYNCS,
    REJECTED,
    TEXT,
    THROTTLED,
    TOKEN,
    USER,
    Flower,
    bad_hour,
    flower_of,
)
from tests.running import API_KEY, StartSystem, System, until

EDIT = "receipts.edit_message"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is not bound: that is what is tested


def test_a_bad_hour_on_flower(start_system: StartSystem, tmp_path: Path) -> None:
    """One run for all: it takes as long as an outage."""
    system = start_system(**QUICK_SYNCS)
    with flower_of(system, tmp_path) as flower:
        system.start_worker()
        until(lambda: "worker-1@test" in flower.get("/api/workers?status=1").text, "the worker on Flower")
        bad_hour(system, flower)
        an_outage_stands_there_as_failed_as_long_as_it_lasts(system, flower)
        rejected_receipts_are_failed_tasks_that_say_why_and_where_to_look(flower)
        what_is_sent_again_is_a_retry_that_says_why(flower)
        a_wrong_call_is_a_failed_task(flower)
        the_counts_add_up_to_the_ledgers(system, flower)
        nothing_private_stands_on_any_page_and_in_no_answer(system, flower)
        it_is_for_those_with_the_password_and_for_looking_alone(flower)


def shown_puts(flower: Flower) -> Counter[str]:
    """The API's answers by verdict, as the results of the syncs count them."""
    puts: Counter[str] = Counter()
    for sync in flower.tasks("receipts.sync"):
        puts.update({verdict: int(n) for verdict, n in re.findall(r"(\w+)=(\d+)", sync["result"] or "")})
    return puts


def an_outage_stands_there_as_failed_as_long_as_it_lasts(system: System, flower: Flower) -> None:
    [outage] = flower.tasks("receipts.outage")
    assert outage["exception"].startswith("calls are held, receipts are kept and joined: the chat API fails")
    assert outage["kwargs"] == "application=default why=outage"
    system.api.clear_faults()
    until(lambda: flower.states("receipts.outage") == {"SUCCESS": 1}, "the outage's end on Flower")
    [outage] = flower.tasks("receipts.outage")
    assert outage["result"] == "calls go out again"
    assert 1 < outage["runtime"] < 60


def rejected_receipts_are_failed_tasks_that_say_why_and_where_to_look(flower: Flower) -> None:
    failed = [put for put in flower.tasks("receipts.put") if put["state"] == "FAILURE"]
    assert len(failed) == REJECTED
    for put in failed:
        assert re.fullmatch(r"application=default slot=[0-9a-f]{12} kind=marks attempt=1", put["kwargs"])
        assert re.match(
            r"rejected: status 422; a dead letter: python -m worker dead list --application default \(request id \S+\)",
            put["exception"],
        )
    assert len({put["kwargs"] for put in failed}) == REJECTED


def what_is_sent_again_is_a_retry_that_says_why(flower: Flower) -> None:
    said = Counter(put["exception"].split(":")[0] for put in flower.tasks("receipts.put") if put["state"] == "RETRY")
    assert said["throttled"] == THROTTLED
    assert said["unavailable"] >= 8


def a_wrong_call_is_a_failed_task(flower: Flower) -> None:
    assert flower.states(EDIT) == {"SUCCESS": 1, "FAILURE": 2, "PENDING": 1}


def the_counts_add_up_to_the_ledgers(system: System, flower: Flower) -> None:
    accounts = system.wait_until_settled()
    stored: Any = system.redis.hgetall("rs:{default}:counts")
    counts = {name.decode(): int(count) for name, count in stored.items()}
    puts = {name.removeprefix("puts_"): n for name, n in counts.items() if name.startswith("puts_")}
    # A sync tells what it has sent when it ends.
    until(lambda: shown_puts(flower) == puts, f"{puts} on Flower, which has {shown_puts(flower)}", timeout_s=20)
    states = flower.states("receipts.put")
    assert states["FAILURE"] == puts["rejected"]
    assert states["RETRY"] == puts["throttled"] + puts["unavailable"]
    assert sum(states.values()) == sum(puts.values()) - puts["sent"]
    assert accounts.dead == states["FAILURE"] + flower.states(EDIT)["FAILURE"] == len(system.dead_letters())


def nothing_private_stands_on_any_page_and_in_no_answer(system: System, flower: Flower) -> None:
    pages = ["/", "/workers", "/tasks", "/broker", "/metrics", "/worker/worker-1@test", "/api/tasks", "/api/task/types"]
    pages += ["/api/workers?refresh=1", *(f"/task/{task['uuid']}" for task in flower.tasks())]
    pages += [
        f"/tasks/datatable?draw=1&start=0&length=999&order[0][column]=0&columns[0][data]=name&search[value]={TEXT}"
    ]
    everything = ""
    for page in pages:
        answer = flower.get(page)
        assert answer.status_code == 200, page
        everything += answer.text
    assert EDIT in everything, "nothing was shown at all"
    ids = {part for slot in system.redis.scan_iter("rs:{default}:[me]:*") for part in str(slot, "utf-8").split(":")[3:]}
    assert len(ids) > REJECTED
    for private in (TEXT, TOKEN, NEVER_A_TOKEN, API_KEY, PASSWORD, *ids):
        assert private not in everything.replace(f"search[value]={TEXT}", "")


def it_is_for_those_with_the_password_and_for_looking_alone(flower: Flower) -> None:
    for page in ("/", "/tasks", "/metrics", "/api/tasks", "/worker/worker-1@test", "/broker"):
        assert flower.get(page, as_somebody=True).status_code == 401, page
    assert flower.get("/healthcheck", as_somebody=True).text == "OK"
    assert "flower_events_total" in flower.get("/metrics").text
    for path in ("/api/worker/shutdown/worker-1@test", f"/api/task/send-task/{EDIT}", f"/api/task/apply/{EDIT}"):
        answer = post(flower, path)
        assert answer == 403, path


def post(flower: Flower, path: str) -> int:
    return requests.post(flower.url + path, auth=(USER, PASSWORD), json={"kwargs": {}}, timeout=10).status_code


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"FLOWER_ADDRESS": EVERYWHERE},
            "Flower on 0.0.0.0 needs a password: set FLOWER_BASIC_AUTH or FLOWER_BASIC_AUTH_FILE",
        ),
        ({"FLOWER_ADDRESS": "10.0.0.1"}, "Flower on 10.0.0.1 needs a password"),
        ({"FLOWER_BASIC_AUTH": "a-private-password"}, "FLOWER_BASIC_AUTH: expected user:password"),
        ({"FLOWER_BASIC_AUTH_FILE": "/never"}, "FLOWER_BASIC_AUTH_FILE: expected a readable file"),
    ],
)
def test_where_others_could_look_it_does_not_start_without_a_password(settings: dict[str, str], words: str) -> None:
    command = [sys.executable, "-m", "worker.flower", f"--address={settings.get('FLOWER_ADDRESS', '127.0.0.1')}"]
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment(settings), capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "a-private-password" not in ended.stderr


def test_the_password_may_stand_in_a_file(system: System, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{USER}:{PASSWORD}\n")
    settings = {
        "FLOWER_BASIC_AUTH": "",
        "FLOWER_BASIC_AUTH_FILE": str(file),
        "FLOWER_PORT": "",
        "PORT": str(free_port()),
    }
    with flower_of(system, tmp_path, **settings) as flower:
        of_port = Flower(f"http://127.0.0.1:{settings['PORT']}", flower.process)
        assert of_port.get("/", as_somebody=True).status_code == 401
        assert of_port.get("/").status_code == 200
        assert json.loads(of_port.get("/api/tasks").text) == {}
