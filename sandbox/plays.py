"""The letterbox between the page and whoever plays receipts: buttons one way, figures the other.

The sandbox knows calls, not receipts: those are recorded elsewhere. A player offers what it can play, takes the buttons
that were pressed, and says how the receipts stand.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST_WAITING = 20

Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Receipts = Annotated[int, Field(ge=0)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Play(_Told):
    """Something that can be played: the button's name, its label, and what it does."""

    name: Name
    label: Words
    does: Words


class Standing(_Told):
    """How the receipts stand, by the ledger."""

    recorded: Receipts = 0
    covered: Receipts = 0
    dead: Receipts = 0
    pending: Receipts = 0
    in_flight: Receipts = 0


class Offer(_Told):
    """The body of `PUT /_sandbox/plays`: a whole new set; what is left out is forgotten."""

    plays: Annotated[list[Play], Field(max_length=12)] = []
    playing: Annotated[list[Name], Field(max_length=12)] = []
    receipts: Standing | None = None


class Press(_Told):
    """The body of `POST /_sandbox/plays`: a button."""

    play: Name


class Plays:
    """What is offered, what was pressed, and how the receipts stand."""

    def __init__(self) -> None:
        self.offer = Offer()
        self._pressed: list[str] = []

    def press(self, name: str) -> bool:
        """Note a button; False where nobody offers it, or too many wait already."""
        known = any(play.name == name for play in self.offer.plays)
        if known and len(self._pressed) < MOST_WAITING:
            self._pressed.append(name)
            return True
        return False

    def take(self) -> list[str]:
        """Return the buttons pressed since the last call, and forget them."""
        pressed, self._pressed = self._pressed, []
        return pressed

    def document(self) -> dict[str, Any]:
        """Return what the page shows."""
        shown = self.offer.model_dump(mode="json")
        return {"plays": shown["plays"], "playing": shown["playing"], "receipts": shown["receipts"]}
