"""A small office that chats: its people, its dialogs, and what they say. For the page's players."""

from dataclasses import dataclass
from random import Random
from typing import Any

from traffic.day import GROUP, PRIVATE, Dialog
from traffic.town import object_id

PEOPLE = tuple(range(1, 15))
# What is said first, and what it becomes when it is edited.
SENTENCES = (
    ("Lunch at then?", "Lunch at ten past twelve?"),
    ("The build is red again.", "The build is green again."),
    ("Who has the key to the roof?", "Who has the key to the roof terrace?"),
    ("On my way.", "On my way, ten minutes."),
    ("I will bring a cake on Firday.", "I will bring a cake on Friday."),
    ("Can you look at my branch?", "Can you look at my branch today?"),
    ("Thanks!", "Thanks a lot!"),
    ("The train is late.", "The train is late, start without me."),
    ("Room 4 is taken, come to room 6.", "Room 4 is taken, come to room 7."),
    ("Yes.", "Yes, please."),
)
_NAMED = (
    ("Everybody", PEOPLE),
    ("Release day", PEOPLE[:6]),
    ("Lunch", PEOPLE[2:7]),
    ("Support", PEOPLE[8:12]),
    ("Football", PEOPLE[4:12]),
    ("Night shift", PEOPLE[10:13]),
    (None, PEOPLE[:2]),
    (None, PEOPLE[5:7]),
)


@dataclass(frozen=True, slots=True)
class Office:
    """Its dialogs, by whatever name they have."""

    dialogs: tuple[Dialog, ...]
    names: tuple[str | None, ...]

    @classmethod
    def open(cls, random: Random) -> "Office":
        """A new one, with ids of its own."""
        dialogs = tuple(
            Dialog(object_id(random, -60.0), PRIVATE if name is None else GROUP, people) for name, people in _NAMED
        )
        return cls(dialogs, tuple(name for name, _ in _NAMED))

    def world(self) -> dict[str, list[Any]]:
        """The arguments of `SandboxClient.build_world`, before anybody has said anything."""
        return {
            "users": list(PEOPLE),
            "dialogs": [
                {"_id": dialog.id, "type": dialog.type, "name": name, "occupants_ids": list(dialog.occupants)}
                for dialog, name in zip(self.dialogs, self.names, strict=True)
            ],
        }
