"""The edits of one message: which PUT covered which, told by walking through both in order of time.

A PUT carries a text and no revision. Its rank is that of the highest edit with that text which was recorded before it
arrived; of equal revisions the later arrival ranks higher.
"""

from dataclasses import dataclass, field
from operator import itemgetter

from traffic.evidence import Accepted, Recorded
from traffic.fates import Fates

Rank = tuple[int, int]
_LEAST: Rank = (-1, -1)


@dataclass(slots=True)
class EditWalk:
    """One walk; `record` and `put` are called in order of time, `end` last."""

    fates: Fates
    _known: list[tuple[Rank, Recorded]] = field(default_factory=list)
    _pending: list[tuple[Rank, Recorded]] = field(default_factory=list)
    _needless: list[tuple[Rank, Recorded]] = field(default_factory=list)
    _sent: Rank = _LEAST
    _sent_text: str | None = None

    def record(self, edit: Recorded) -> None:
        """An edit was recorded."""
        ranked = ((edit.revision, len(self._known)), edit)
        self._known.append(ranked)
        if edit.revision < self._sent[0]:
            self.fates.absorbed.append(edit)
            return
        self._pending.append(ranked)
        if max(self._pending, key=itemgetter(0))[1].text == self._sent_text:
            # The API holds that text already. Final only if no PUT of another text is under way: see `put`.
            self._needless += self._pending
            self._pending.clear()

    def put(self, put: Accepted) -> None:
        """A PUT of this message's text was accepted."""
        rank = max((rank for rank, edit in self._known if edit.text == put.text), default=_LEAST)
        if rank < self._sent:
            self.fates.backwards.append(put)
        self._judge_needless(rank)
        self.fates.cover([edit for mine, edit in self._pending if mine <= rank], put)
        self._pending = [ranked for ranked in self._pending if ranked[0] > rank]
        self._sent, self._sent_text = max(self._sent, rank), put.text

    def end(self) -> None:
        """Nothing more comes."""
        self._judge_needless(None)
        self.fates.uncovered += [edit for _, edit in self._pending]

    def _judge_needless(self, next_put: Rank | None) -> None:
        """Held to be needless; unless the next PUT is of a lower rank: it was under way, and brought another text."""
        if next_put is not None and self._needless and max(rank for rank, _ in self._needless) > next_put:
            self._pending += self._needless
        else:
            self.fates.absorbed += [edit for _, edit in self._needless]
        self._needless.clear()
