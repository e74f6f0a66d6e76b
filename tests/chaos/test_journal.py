"""A producer's journal says what happened, whatever ended the producer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.journal import Attempt, Journal, read
from tests.chaos.town import dialog_id, edit, message_id
from traffic.evidence import Recorded

MARK = Recorded(5.25, "read", dialog_id(1), 101)
NAMED = Recorded(5.25, "delivered", dialog_id(1), 102, message_id(1, 3))
EDIT = edit(5.25, dialog_id(2), message_id(2, 0), 17)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "producer.journal"


def test_acknowledged_and_unknown_attempts(path: Path) -> None:
    with Journal(path) as journal:
        first = journal.about_to([MARK, NAMED, EDIT], 5.25)
        journal.acknowledged(first, 5.5)
        journal.about_to([MARK], 5.25)
        third = journal.about_to([EDIT], 5.25)
        journal.acknowledged(third, 6.0)
        journal.about_to([NAMED], 5.25)
    assert list(read(path)) == [
        Attempt((MARK, NAMED, EDIT), 5.5),
        Attempt((MARK,), None),
        Attempt((EDIT,), 6.0),
        Attempt((NAMED,), None),
    ]


def test_line_without_an_end_does_not_count(path: Path) -> None:
    with Journal(path) as journal:
        attempt = journal.about_to([MARK], 5.25)
        journal.acknowledged(attempt, 5.5)
    path.write_bytes(path.read_bytes()[:-1])
    assert list(read(path)) == [Attempt((MARK,), None)]


def test_lines_stand_before_the_call(path: Path) -> None:
    journal = Journal(path)
    journal.about_to([MARK], 5.25)
    assert list(read(path)) == [Attempt((MARK,), None)]
    journal.__exit__(None, None, None)
