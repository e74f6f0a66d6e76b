"""What a night records, without Redis, Celery or a clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
import redis

from receipt_sync import MarkDelivered, Receipt
from receipt_sync.testing import FakeReceiptQueue

from .chats import SqliteChats, Undelivered
from .delivered import mark_delivered

A_MONTH_AGO_S, LONG_AGO_S, LATELY_S = 1_000.0, 10.0, 2_000.0


def dialog(number: int) -> str:
    return f"d{number:023x}"


def message(number: int) -> str:
    return f"e{number:023x}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Users 1 and 3 are inactive, 2 is not; each is in three dialogs."""
    path = tmp_path / "chats.sqlite3"
    SqliteChats(path)
    with closing(sqlite3.connect(path)) as database, database:
        seen = ((1, LONG_AGO_S), (2, LATELY_S), (3, LONG_AGO_S))
        database.executemany("insert into users values (?, ?)", seen)
        rows = [(user_id, dialog(number), message(number)) for user_id, _ in seen for number in range(3)]
        database.executemany("insert into memberships values (?, ?, ?, '')", rows)
    return path


def expected(*users: int) -> list[Receipt]:
    return [
        MarkDelivered(dialog_id=dialog(number), user_id=user_id, up_to=message(number))
        for user_id in users
        for number in range(3)
    ]


@pytest.mark.parametrize("batch", [1, 2, 3, 6, 1_000])
def test_every_dialog_of_inactive_users_once(path: Path, receipt_queue: FakeReceiptQueue, batch: int) -> None:
    chats = SqliteChats(path)
    assert mark_delivered(chats, receipt_queue, A_MONTH_AGO_S, batch=batch) == 6
    assert receipt_queue.recorded == expected(1, 3)
    assert mark_delivered(chats, receipt_queue, A_MONTH_AGO_S, batch=batch) == 0


def test_a_run_takes_so_many_and_the_next_goes_on(path: Path, receipt_queue: FakeReceiptQueue) -> None:
    chats = SqliteChats(path)
    runs = [mark_delivered(chats, receipt_queue, A_MONTH_AGO_S, most=3, batch=2) for _ in range(3)]
    assert runs == [4, 2, 0]
    assert receipt_queue.recorded == expected(1, 3)


def test_a_message_that_comes_meanwhile_is_next(path: Path, receipt_queue: FakeReceiptQueue) -> None:
    class Busy(SqliteChats):
        def note(self, delivered: Iterable[Undelivered]) -> None:
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("update memberships set newest_message_id = ? where user_id = 3", (message(9),))
            super().note(delivered)

    mark_delivered(Busy(path), receipt_queue, A_MONTH_AGO_S)
    assert receipt_queue.recorded == expected(1, 3)
    receipt_queue.recorded.clear()
    assert mark_delivered(SqliteChats(path), receipt_queue, A_MONTH_AGO_S) == 3
    assert {each.up_to for each in receipt_queue.recorded if isinstance(each, MarkDelivered)} == {message(9)}


def test_a_night_that_breaks_off_is_gone_on_with(path: Path, receipt_queue: FakeReceiptQueue) -> None:
    class Breaking(SqliteChats):
        def note(self, delivered: Iterable[Undelivered]) -> None:
            receipt_queue.error = redis.ConnectionError()
            super().note(delivered)

    with pytest.raises(redis.ConnectionError):
        mark_delivered(Breaking(path), receipt_queue, A_MONTH_AGO_S, batch=2)
    receipt_queue.error = None
    assert mark_delivered(SqliteChats(path), receipt_queue, A_MONTH_AGO_S, batch=2) == 4
    assert receipt_queue.recorded == expected(1, 3)


def test_what_was_not_recorded_is_not_noted(path: Path, receipt_queue: FakeReceiptQueue) -> None:
    receipt_queue.error = redis.ConnectionError()
    with pytest.raises(redis.ConnectionError):
        mark_delivered(SqliteChats(path), receipt_queue, A_MONTH_AGO_S)
    receipt_queue.error = None
    assert mark_delivered(SqliteChats(path), receipt_queue, A_MONTH_AGO_S) == 6


def test_a_wrong_row_keeps_no_other_from_its_turn(
    path: Path, receipt_queue: FakeReceiptQueue, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update memberships set newest_message_id = 'none' where user_id = 1")
    assert mark_delivered(SqliteChats(path), receipt_queue, A_MONTH_AGO_S, batch=2) == 3
    assert receipt_queue.recorded == expected(3)
    assert caplog.text.count("left out a dialog of user 1: up_to: expected 24 lower-case hex digits") == 3
