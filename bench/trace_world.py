"""The world of a trace: whoever and whatever its receipts mention, for the sandbox."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sandbox.client import SandboxClient
from traffic.arrivals import Arrival

GROUP = 2
_PAGE = 5_000


def one_dialog_each(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """The arrivals, with a message id that stands in several dialogs made anew for all but the first of them.

    Recorded traces lay many windows of one archive over one another, so an id can come twice; in the chat API a
    message has one dialog.
    """
    home: dict[str, str] = {}
    return [
        arrival
        if home.setdefault(arrival.message, arrival.dialog) == arrival.dialog
        else replace(arrival, message=_another_id(arrival))
        for arrival in arrivals
    ]


def _another_id(arrival: Arrival) -> str:
    return sha256(f"{arrival.dialog} {arrival.message}".encode()).hexdigest()[:24]


def world_of(arrivals: Sequence[Arrival]) -> dict[str, list[Any]]:
    """Users, dialogs and messages as `SandboxClient.build_world` takes them.

    Who edits a message has sent it; any other is sent by the dialog's first user.
    """
    occupants: dict[str, dict[int, None]] = defaultdict(dict)
    dialogs: dict[str, str] = {}
    editors: dict[str, int] = {}
    for arrival in arrivals:
        occupants[arrival.dialog][arrival.user] = None
        dialogs[arrival.message] = arrival.dialog
        if arrival.kind == "edit":
            editors[arrival.message] = arrival.user
    return {
        "users": sorted({user for users in occupants.values() for user in users}),
        "dialogs": [{"_id": id_, "type": GROUP, "occupants_ids": list(users)} for id_, users in occupants.items()],
        "messages": [
            {
                "_id": message,
                "chat_dialog_id": dialog,
                "sender_id": editors.get(message, next(iter(occupants[dialog]))),
                "message": "as sent",
            }
            for message, dialog in dialogs.items()
        ],
    }


def build(api: SandboxClient, world: dict[str, list[Any]]) -> None:
    """Put the world into the sandbox, in pages.

    Raises:
        sandbox.client.SandboxError: It was refused.
    """
    for part, items in world.items():
        for start in range(0, len(items), _PAGE):
            api.build_world(**{part: items[start : start + _PAGE]})
