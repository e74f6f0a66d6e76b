"""The second door: a Celery client without our code, a real broker, a real worker. Events are what Flower would see."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from celery import Celery

from tests.running import PATIENCE_S, System, until

READ, DELIVERED, EDIT = "receipts.mark_dialog_read", "receipts.mark_dialog_delivered", "receipts.edit_message"
USER = 123
PAST = datetime(2020, 1, 1, tzinfo=UTC)
TEXT = "a-private-text"
TOKEN = "a-private-token"
# Wherever one of these turns up, a text or a token has got out.
PRIVATE = ("a-private", "a\\x2dprivate", "4815162342")


class Events:
    """The worker's Celery events, collected from the moment that the `with` block begins."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._changed = threading.Condition()
        self.seen: list[dict[str, Any]] = []
        self._receiver: Any = None
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        # The receiver asks the worker for a heartbeat: once it is here, nothing later is missed.
        self.wait_for(lambda event: event["type"] == "worker-heartbeat")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.should_stop = True
        self._thread.join(PATIENCE_S)

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event of this kind, past or to come."""
        with self._changed:
            found = self._changed.wait_for(lambda: next(filter(wanted, self.seen), None), PATIENCE_S)
        assert found, f"no such event among {[event['type'] for event in self.seen]}"
        return found

    def end_of(self, task_id: str) -> dict[str, Any]:
        """The event with which a task ended."""
        ends = ("task-succeeded", "task-failed", "task-rejected", "task-retried")
        return self.wait_for(lambda event: event.get("uuid") == task_id and event["type"] in ends)

    def _listen(self) -> None:
        with self._app.connection_for_read() as connection:
            self._receiver = self._app.events.Receiver(connection, handlers={"*": self._take})
            self._receiver.capture(limit=None, timeout=None, wakeup=True)

    def _take(self, event: dict[str, Any]) -> None:
        with self._changed:
            self.seen.append(event)
            self._changed.notify_all()


@dataclass
class Door:
    """A running system, and a stranger's Celery client before it."""

    system: System
    client: Celery
    events: Events
    dialogs: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def send(self, name: str, *args: object, **kwargs: object) -> dict[str, Any]:
        """Sends a task as any client would; answers the event with which it ended."""
        sent = self.client.send_task(name, args=args, kwargs=kwargs, queue="receipts", ignore_result=True)
        return self.events.end_of(sent.id)

    def dialog(self) -> tuple[str, list[str]]:
        """A new dialog in which the user has sent two messages."""
        return self.system.dialog(next(self.dialogs), users=(USER, 7), messages=2)

    def log(self) -> str:
        return "".join(worker.log.text() for worker in self.system.workers)

    def everything_seen(self) -> str:
        return repr(self.events.seen) + self.log()


@pytest.fixture(scope="module", params=["INFO", "DEBUG"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    directory: Path = tmp_path_factory.mktemp("door")
    system = System(directory, {"RECEIPTS_LOG_LEVEL": request.param})
    try:
        system.start_worker()
        client = Celery("a-stranger", broker=system.redis_server.url_of("default"), set_as_current=False)
        with Events(client) as events:
            yield Door(system, client, events)
        client.close()
        for worker in system.workers:
            worker.stop()
            assert not [marker for marker in PRIVATE if marker in worker.log.text()]
    finally:
        system.stop()


@pytest.fixture(autouse=True)
def nothing_private_is_seen(door: Door) -> Iterator[None]:
    """After every test: no text and no token in any event, nor in the worker's log."""
    yield
    seen = door.everything_seen()
    assert not [marker for marker in PRIVATE if marker in seen]


def put_of(door: Door, dialog_id: str) -> Any:
    """The PUT that the API has seen for a dialog; waits for it."""
    until(lambda: any(dialog_id in call.body for call in door.system.puts()), f"a PUT for {dialog_id}")
    return next(call for call in door.system.puts() if dialog_id in call.body)


# Right calls ----------------------------------------------------------------------------------------------------


def test_an_edit_that_is_sent_twice_under_one_id_goes_under_the_one_between(door: Door) -> None:
    dialog_id, (message_id, _) = door.dialog()

    def times_recorded(id_: str) -> int:
        return sum(event["type"] == "task-succeeded" and event["uuid"] == id_ for event in door.events.seen)

    def edit(id_: str, text: str) -> None:
        before = times_recorded(id_)
        arguments = {"dialog_id": dialog_id, "message_id": message_id, "text": text, "user_id": USER}
        door.client.send_task(EDIT, kwargs=arguments, task_id=id_, queue="receipts", ignore_result=True)
        until(lambda: times_recorded(id_) > before, "the edit is recorded")

    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    edit(first, "older")
    edit(second, "newer")
    until(lambda: "newer" in put_of_last(door, dialog_id), "the newer edit is sent")
    edit(first, "older")
    slot = door.system.redis.hgetall(f"rs:{{default}}:e:{dialog_id}:{message_id}")
    assert (slot[b"R"], slot[b"C"]) == (b"00000003", b"00000003")
    assert b"pt" not in slot


def put_of_last(door: Door, dialog_id: str) -> str:
    """What the last PUT for a dialog says."""
    return next((call.body for call in reversed(door.system.puts()) if dialog_id in call.body), "")


@pytest.mark.parametrize(("name", "flag"), [(READ, "read"), (DELIVERED, "delivered")])
def test_a_mark_becomes_a_put(door: Door, name: str, flag: str) -> None:
    dialog_id, _ = door.dialog()
    assert door.send(name, dialog_id=dialog_id, user_id=USER)["type"] == "task-succeeded"
    put = put_of(door, dialog_id)
    assert (put.method, put.path, put.user_id) == ("PUT", "/chat/Message.json", USER)
    assert f'"{flag}": "1"' in put.body


def test_a_receipt_whose_message_has_expired_is_recorded_all_the_same(door: Door) -> None:
    dialog_id, _ = door.dialog()
    sent = door.client.send_task(
        READ, kwargs={"dialog_id": dialog_id, "user_id": USER}, queue="receipts", ignore_result=True, expires=PAST
    )
    assert door.events.end_of(sent.id)["type"] == "task-succeeded"
    assert put_of(door, dialog_id).user_id == USER


def test_an_edit_becomes_a_put_and_its_text_is_seen_by_nobody(door: Door) -> None:
    dialog_id, [message_id, _] = door.dialog()
    sent = door.send(EDIT, dialog_id, message_id, TEXT, user_id=USER, revision=1)
    assert sent["type"] == "task-succeeded"
    assert put_of(door, dialog_id).path == f"/chat/Message/{message_id}.json"
    until(lambda: door.system.api.message(message_id)["message"] == TEXT, "the edited text at the API")


def test_a_session_token_travels_and_is_seen_by_nobody(door: Door) -> None:
    dialog_id, message_ids = door.dialog()
    door.system.api.session(USER, token=TOKEN)
    sent = door.send(READ, dialog_id=dialog_id, token=TOKEN, message_ids=message_ids)
    assert sent["type"] == "task-succeeded"
    put = put_of(door, dialog_id)
    assert put.headers["qb-token"] == TOKEN
    assert put.path == f"/chat/Message/{','.join(message_ids)}.json"


def test_what_a_client_says_about_its_arguments_is_not_passed_on(door: Door) -> None:
    dialog_id, [message_id, _] = door.dialog()
    arguments = {"dialog_id": dialog_id, "message_id": message_id, "text": TEXT, "user_id": USER}
    sent = door.client.send_task(EDIT, kwargs=arguments, queue="receipts", argsrepr=TEXT, kwargsrepr=TOKEN)
    assert door.events.end_of(sent.id)["type"] == "task-succeeded"
    received = door.events.wait_for(lambda event: event["type"] == "task-received" and event["uuid"] == sent.id)
    assert (received["args"], received["kwargs"]) == ("(hidden)", "(hidden)")


# Wrong calls ----------------------------------------------------------------------------------------------------

D, M = "53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3"
WRONG: dict[str, tuple[str, tuple[object, ...], dict[str, object], str]] = {
    "missing": (READ, (), {"user_id": USER}, "dialog_id"),
    "nothing at all": (DELIVERED, (), {}, "dialog_id"),
    "no text": (EDIT, (), {"dialog_id": D, "message_id": M, "user_id": USER}, "text"),
    "nobody": (READ, (), {"dialog_id": D}, "user_id"),
    "upper case": (READ, (), {"dialog_id": D.upper(), "user_id": USER}, "dialog_id"),
    "a flag for a user": (DELIVERED, (), {"dialog_id": D, "user_id": True}, "user_id"),
    "65 bits": (DELIVERED, (), {"dialog_id": D, "user_id": 2**64}, "user_id"),
    "unknown": (READ, (), {"dialog_id": D, "user_id": USER, "message": TEXT}, "argument"),
    "misspelt token": (READ, (), {"dialog_id": D, "session_token": TOKEN}, "argument"),
    "token by place": (READ, (D, USER, TOKEN), {}, "arguments"),
    "token beside a mistake": (READ, (), {"dialog_id": "d", "token": TOKEN}, "dialog_id"),
    "token of another type": (READ, (), {"dialog_id": D, "token": 4815162342}, "token"),
    "token with a space": (READ, (), {"dialog_id": D, "token": f"{TOKEN} "}, "token"),
    "bad id in a list": (READ, (), {"dialog_id": D, "user_id": USER, "message_ids": [M, "latest"]}, "message_ids[1]"),
    "ids and up_to": (READ, (), {"dialog_id": D, "user_id": USER, "message_ids": [M], "up_to": M}, "up_to"),
    "control character": (EDIT, (D, M, f"{TEXT}\x00"), {"user_id": USER}, "text"),
    "half a character": (EDIT, (D, M, f"{TEXT}\ud800"), {"user_id": USER}, "text"),
    "too long": (EDIT, (D, M, TEXT * 5000), {"user_id": USER}, "text"),
    "no revision": (EDIT, (D, M, TEXT), {"user_id": USER, "revision": "latest"}, "revision"),
    "twice": (EDIT, (D, M, TEXT), {"text": TEXT, "user_id": USER}, "text"),
    "unknown application": (READ, (), {"dialog_id": D, "user_id": USER, "application": "nowhere"}, "application"),
    "no application": (READ, (), {"dialog_id": D, "user_id": USER, "application": None}, "application"),
    "odd application": (READ, (), {"dialog_id": D, "user_id": USER, "application": {"a": 1}}, "application"),
}


@pytest.mark.parametrize(("name", "args", "kwargs", "argument"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_call_fails_by_name_stands_among_the_dead_and_stops_nobody(
    door: Door, name: str, args: tuple[object, ...], kwargs: dict[str, object], argument: str
) -> None:
    before, letters = door.system.accounts(), len(door.system.dead_letters())

    failed = door.send(name, *args, **kwargs)

    assert failed["type"] == "task-failed"
    assert failed["exception"].startswith(f"InvalidReceipt('{argument}', ")
    assert len(door.system.dead_letters()) == letters + 1
    letter = door.system.dead_letters()[-1]
    assert (letter["task"], letter["receipts"]) == (name, "1")
    assert letter["reason"].startswith(f"invalid: {argument}: expected ")
    assert TOKEN not in repr(letter)
    assert "4815162342" not in repr(letter)
    after = door.system.accounts()
    assert (after.recorded, after.dead) == (before.recorded + 1, before.dead + 1)

    dialog_id, _ = door.dialog()
    assert door.send(READ, dialog_id=dialog_id, user_id=USER)["type"] == "task-succeeded"
    assert put_of(door, dialog_id).status == 200


def test_a_dead_letter_keeps_what_is_needed_to_send_it_again(door: Door) -> None:
    door.send(EDIT, D, M, TEXT, user_id=USER, token=TOKEN, revision=-1)
    arguments = door.system.dead_letters()[-1]["arguments"]
    for kept in (D, M, TEXT, "-1", str(USER), '"token": "(secret)"'):
        assert kept in arguments


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({}, f'{{"text": "{TEXT}"}}', "thrown away: reason=it names no task"),
        ({"task": READ, "id": "1", "lang": "py"}, f'[["{TEXT}"', "reason=it cannot be decoded"),
        (
            {"task": READ, "id": "2", "lang": "py", "eta": TOKEN},
            f'[["{TEXT}"], {{}}, {{}}]',
            "reason=an eta, a time limit",
        ),
    ],
)
def test_a_message_that_celery_cannot_take_stops_nobody_and_is_not_quoted(
    door: Door, headers: dict[str, str], body: str, said: str
) -> None:
    with door.client.producer_pool.acquire(block=True) as producer:
        producer.publish(
            body, routing_key="receipts", content_type="application/json", content_encoding="utf-8", headers=headers
        )
    [worker] = door.system.workers
    worker.wait_for_line(said)
    dialog_id, _ = door.dialog()
    assert door.send(READ, dialog_id=dialog_id, user_id=USER)["type"] == "task-succeeded"


def test_a_task_that_nobody_knows_stops_nobody_and_is_not_quoted(door: Door) -> None:
    assert door.send("receipts.edit_mesage", D, M, TEXT, token=TOKEN)["type"] == "task-failed"
    [worker] = door.system.workers
    worker.wait_for_line("reason=unknown task")
    letter = door.system.dead_letters()[-1]
    assert (letter["task"], letter["reason"]) == ("receipts.edit_mesage", "refused: unknown task")
    assert TOKEN not in repr(letter)
    assert TEXT not in repr(letter)
    dialog_id, _ = door.dialog()
    assert door.send(READ, dialog_id=dialog_id, user_id=USER)["type"] == "task-succeeded"


def test_a_damaged_slot_ends_as_a_failed_task_and_a_dead_letter_and_not_in_a_loop(door: Door) -> None:
    dialog_id, _ = door.dialog()
    slot = f"rs:{{default}}:m:{dialog_id}:u{USER}"
    door.system.redis.set(slot, "garbage")
    before = len(door.system.dead_letters())
    ended = door.send(READ, dialog_id=dialog_id, user_id=USER)
    door.system.redis.delete(slot)
    assert ended["type"] == "task-failed"
    assert "should be a slot" in ended["exception"]
    [letter] = door.system.dead_letters()[before:]
    assert dialog_id in letter["arguments"]
    assert "should be a slot" in letter["reason"]


def test_what_any_client_publishes_to_the_queues_exchange_is_recorded_once(door: Door) -> None:
    dialog_id, _ = door.dialog()
    recorded = int(door.system.redis.hget("rs:{default}:counts", "recorded") or 0)
    sent = door.client.send_task(
        READ,
        kwargs={"dialog_id": dialog_id, "user_id": USER},
        exchange="receipts",
        routing_key="receipts",
        ignore_result=True,
    )
    door.events.end_of(sent.id)
    put_of(door, dialog_id)
    assert door.system.wait_until_settled().recorded == recorded + 1
