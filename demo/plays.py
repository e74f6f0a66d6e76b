"""What the page's buttons play, as steps in time: somebody says something, somebody's device reports a receipt.

Pure: chance is an argument, so a play can be looked at without playing it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from demo.office import SENTENCES, Office
from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt
from traffic.day import Dialog, Message
from traffic.town import object_id

DAY_S = 40.0
DAY_MESSAGES = 70
STORM_MESSAGES = 60
STORM_SILENCE_S = 3.0
STORM_WITHIN_S = 1.5
UNREAD = 50
_DEVICES = (1, 1, 2)  # a third of all people have two
_EDITED_ONE_IN = 6


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at a second of the play: something is said, or something is reported."""

    at_s: float
    happens: Message | Receipt


Steps = Callable[[Random, Office], Iterator[Step]]


@dataclass(frozen=True, slots=True)
class Play:
    """One of the page's buttons."""

    name: str
    label: str
    does: str
    steps: Steps


def a_day(random: Random, office: Office) -> Iterator[Step]:
    """People talk; what is said is received soon and read later, on one or two devices, and sometimes edited."""
    for nth in range(DAY_MESSAGES):
        at_s = DAY_S * nth / DAY_MESSAGES
        dialog = random.choice(office.dialogs)
        message, corrected = _said(random, dialog, at_s)
        yield Step(at_s, message)
        for user in _others(dialog, message.sender):
            received_s = at_s + random.uniform(0.1, 1.0)
            for _ in range(random.choice(_DEVICES)):
                yield Step(received_s + random.uniform(0, 0.5), _received(message, user))
                yield Step(received_s + random.uniform(0.5, 6.0), _read(message, user))
        if random.randrange(_EDITED_ONE_IN) == 0:
            yield Step(at_s + random.uniform(2.0, 4.0), _edited(message, corrected))


def a_storm(random: Random, office: Office) -> Iterator[Step]:
    """The network fails for everybody, things are said meanwhile, and all devices come back together."""
    last: dict[str, Message] = {}
    for nth in range(STORM_MESSAGES):
        dialog = office.dialogs[nth % len(office.dialogs)]
        message, _ = _said(random, dialog, STORM_SILENCE_S * nth / STORM_MESSAGES)
        last[dialog.id] = message
        yield Step(message.t_s, message)
    for dialog in office.dialogs:
        message = last[dialog.id]
        for user in _others(dialog, message.sender):
            back_s = STORM_SILENCE_S + random.uniform(0, STORM_WITHIN_S)
            for device in range(random.choice(_DEVICES) + 1):
                yield Step(back_s + 0.1 * device, _received(message, user))
                yield Step(back_s + 0.1 * device + 0.05, _read(message, user))


def fifty_unread(random: Random, office: Office) -> Iterator[Step]:
    """One person opens a dialog with fifty unread messages, and the client reports each of them."""
    dialog = next(one for one in office.dialogs if len(one.occupants) == 2)  # noqa: PLR2004 - a private one
    sender, reader = dialog.occupants
    messages = [_said(random, dialog, nth / UNREAD, sender)[0] for nth in range(UNREAD)]
    for message in messages:
        yield Step(message.t_s, message)
        yield Step(message.t_s + 0.2, _received(message, reader))
    for nth, message in enumerate(messages):
        yield Step(3.0 + 0.01 * nth, _read(message, reader))


PLAYS = (
    Play("day", "A day of chat", "forty seconds of talk: received, read, now and then edited", a_day),
    Play("storm", "A reconnect storm", "all devices come back at once, and report everything twice", a_storm),
    Play("unread", "Fifty unread messages", "one person opens a dialog; the client reports each message", fifty_unread),
)


def _said(random: Random, dialog: Dialog, at_s: float, sender: int | None = None) -> tuple[Message, str]:
    text, corrected = random.choice(SENTENCES)
    who = random.choice(dialog.occupants) if sender is None else sender
    return Message(object_id(random, at_s), dialog.id, who, text, at_s), corrected


def _others(dialog: Dialog, sender: int) -> list[int]:
    return [user for user in dialog.occupants if user != sender]


def _received(message: Message, user: int) -> Receipt:
    return MarkDelivered(dialog_id=message.dialog, user_id=user, up_to=message.id)


def _read(message: Message, user: int) -> Receipt:
    return MarkRead(dialog_id=message.dialog, user_id=user, up_to=message.id)


def _edited(message: Message, text: str) -> Receipt:
    return EditMessage(dialog_id=message.dialog, message_id=message.id, text=text, user_id=message.sender)
