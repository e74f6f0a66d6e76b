"""What producers report: receipts that meet in few slots."""

from __future__ import annotations

from dataclasses import dataclass, field

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt
from tests.simulation.decisions import Decisions

DIALOGS = ("a" * 24, "b" * 24)
MESSAGES = tuple(f"{n:024x}" for n in range(1, 5))
TOKENS = ("t1", "t2", "t3")
ACTORS: tuple[dict[str, object], ...] = ({"user_id": 1}, *({"user_id": 2, "token": token} for token in TOKENS))
# Whose session is new: it ends the wait of all that TOKENS have left.
LOGIN = MarkRead(dialog_id="c" * 24, user_id=2, token="fresh")


@dataclass
class Reports:
    """Draws receipts. Every text is new, but for some that say again what another said."""

    draw: Decisions
    texts: list[str] = field(default_factory=list)
    revision: int = 0

    def some(self, most: int = 3) -> tuple[Receipt, ...]:
        """Those of one recording."""
        return tuple(self.one() for _ in range(1 + self.draw.below(most)))

    def one(self) -> Receipt:
        """A receipt; edits half of the time, for they have an order to lose."""
        if self.draw.below(2):
            return self._edit()
        return self._mark()

    def _edit(self) -> EditMessage:
        draw = self.draw
        # Revisions mostly rise; a producer whose clock is behind, or who is late, brings an older or an equal one.
        self.revision += 1
        revision = max(0, self.revision - draw.one_of((0, 0, 0, 1, 1, 3)))
        if self.texts and draw.once_in(4):
            text = draw.one_of(self.texts[-3:])
        else:
            text = f"text {len(self.texts) + 1}"
            self.texts.append(text)
        return EditMessage(
            dialog_id=DIALOGS[0],
            message_id=MESSAGES[draw.one_of((0, 0, 1))],
            text=text,
            revision=revision,
            **draw.one_of(ACTORS),  # type: ignore[arg-type]  # the keys are arguments of it
        )

    def _mark(self) -> MarkRead | MarkDelivered:
        draw = self.draw
        which = draw.below(4)
        only: dict[str, object] = {}
        if which == 1:
            only = {"message_ids": [MESSAGES[draw.below(4)] for _ in range(1 + draw.below(3))]}
        elif which > 1:
            only = {"up_to": MESSAGES[draw.below(2)]}
        kinds: tuple[type[MarkRead | MarkDelivered], ...] = (MarkRead, MarkRead, MarkDelivered)
        dialog_id = draw.one_of((DIALOGS[0], DIALOGS[0], DIALOGS[1]))
        return draw.one_of(kinds)(dialog_id=dialog_id, **draw.one_of((ACTORS[0], *ACTORS)), **only)  # type: ignore[arg-type]
