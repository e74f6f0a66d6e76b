"""A note: one receipt as far as counting PUTs needs it."""

from __future__ import annotations

from dataclasses import dataclass

READ, DELIVERED, EDIT = "r", "d", "e"


@dataclass(frozen=True, slots=True)
class Note:
    """One receipt.

    Attributes:
        t_s: when it came, in seconds from any beginning.
        kind: `r` read, `d` delivered, `e` edit.
        slot: what it could share a PUT with: marks of one actor in one dialog, or edits of one message.
        name: the message that caused a mark of the whole dialog; "" for none, and for edits.
        ids: messages marked one by one; none for the whole dialog.
    """

    t_s: float
    kind: str
    slot: str
    name: str = ""
    ids: tuple[str, ...] = ()

    @property
    def receipts(self) -> int:
        """Every listed message counts as one."""
        return len(self.ids) or 1
