"""Where users and their dialogs are kept: what the job needs of it, and SQLite as one that has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol


class Undelivered(NamedTuple):
    """The newest message of a dialog, which a user has not received as far as we know."""

    user_id: int
    dialog_id: str
    message_id: str


class Chats(Protocol):
    """What the job asks of your database."""

    def undelivered(self, unseen_since_s: float, after: Undelivered | None, most: int) -> list[Undelivered]:
        """The next of them, of users who were last seen before a time.

        Args:
            unseen_since_s: unix seconds.
            after: the last one of the page before; None for the first page. Pages are ordered by user and dialog.
            most: how many at most; fewer only at the end.
        """

    def note(self, delivered: Iterable[Undelivered]) -> None:
        """Remembers that these were recorded. A message that has come since is undelivered all the same."""


_TABLES = """
create table if not exists users (user_id integer primary key, seen_s real not null);
create table if not exists memberships (
    user_id integer not null references users,
    dialog_id text not null,
    newest_message_id text not null,
    delivered_up_to text not null default '',
    primary key (user_id, dialog_id)
) without rowid;
"""
_NEXT = """
select user_id, dialog_id, newest_message_id from memberships join users using (user_id)
where seen_s < ? and newest_message_id <> delivered_up_to and (user_id, dialog_id) > (?, ?)
order by user_id, dialog_id limit ?
"""
_NOTE = "update memberships set delivered_up_to = :message_id where user_id = :user_id and dialog_id = :dialog_id"


class SqliteChats:
    """The tables `users` and `memberships` of a file, made unless they are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as database:
            database.executescript(_TABLES)

    def undelivered(self, unseen_since_s: float, after: Undelivered | None, most: int) -> list[Undelivered]:
        """As of `Chats`. By where the last page ended, not by `offset`: each page costs the same."""
        user_id, dialog_id, _ = after or (0, "", "")
        with self._open() as database:
            rows = database.execute(_NEXT, (unseen_since_s, user_id, dialog_id, most))
            return [Undelivered(*row) for row in rows]

    def note(self, delivered: Iterable[Undelivered]) -> None:
        """As of `Chats`."""
        with self._open() as database:
            database.executemany(_NOTE, [each._asdict() for each in delivered])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as database, database:
            yield database
