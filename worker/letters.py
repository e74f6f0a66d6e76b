"""Dead letters for operators: which are wanted, and what becomes of many.

Letters are looked through from the newest to the oldest. Replayed in that order, of edits with one revision the later
stays on top (docs/decisions/0017); and one that dies again gets a new id, so that nothing is met twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import redis

from worker.ledger.letterbox import Letterbox, Replayed
from worker.ledger.letters import DeadLetter
from worker.ledger.replaying import NotReplayableError

_PAGE = 100
_DAMAGED = "LEDGER"  # how replay.lua's own error begins


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant; what is None asks for nothing.

    Attributes:
        reason: what the reason begins with.
        dialog_id: the dialog that it is about.
        message_id: a message that it is about.
        dead_before_ms: dead since then or longer, Redis' clock.
        dead_after_ms: dead since then or later.
    """

    reason: str | None = None
    dialog_id: str | None = None
    message_id: str | None = None
    dead_before_ms: int | None = None
    dead_after_ms: int | None = None

    def means(self, letter: DeadLetter) -> bool:
        """Whether this letter is meant."""
        return (
            (self.reason is None or letter.reason.startswith(self.reason))
            and (self.dialog_id is None or letter.dialog_id == self.dialog_id)
            and (self.message_id is None or self.message_id in letter.message_ids)
            and (self.dead_before_ms is None or letter.dead_ms <= self.dead_before_ms)
            and (self.dead_after_ms is None or letter.dead_ms >= self.dead_after_ms)
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one letter: `replayed`, or why it was `refused` and stays, or neither where it was gone."""

    letter: DeadLetter
    replayed: Replayed | None = None
    refused: str = ""


def find(box: Letterbox, wanted: Wanted, before: str | None = None) -> Iterator[DeadLetter]:
    """The letters that are meant, the newest first, `before` an id or all; read page by page."""
    pages = takewhile(bool, _pages(box, before))
    return (letter for page in pages for letter in page if wanted.means(letter))


def _pages(box: Letterbox, before: str | None) -> Iterator[list[DeadLetter]]:
    while True:
        page = box.newest(_PAGE, before)
        yield page
        if page:
            before = page[-1].id


def replay_all(box: Letterbox, letters: Iterable[DeadLetter]) -> Iterator[Fate]:
    """Replays letters one by one; one that cannot be replayed stays and stops no other.

    Raises:
        redis.RedisError: the ledger was not reached, or refuses; those before are replayed.
    """
    for letter in letters:
        try:
            yield Fate(letter, replayed=box.replay(letter))
        except NotReplayableError as error:
            yield Fate(letter, refused=str(error))
        except redis.ResponseError as error:
            if not str(error).startswith(_DAMAGED):
                raise
            yield Fate(letter, refused=str(error))


def drop_all(box: Letterbox, ids: Sequence[str]) -> list[str]:
    """Drops the letters of these ids, as many at once as a page holds; answers those that were not gone already."""
    pages = [ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE)]
    return [id_ for page in pages for id_, dropped in zip(page, box.drop(page), strict=True) if dropped]
