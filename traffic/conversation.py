"""One conversation: some occupants of a dialog say a few things within minutes, and their devices report them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from traffic.arrivals import Arrival, Kind
from traffic.day import Message
from traffic.storm import Storm
from traffic.town import Town, object_id

LONGEST = 60  # messages; but most conversations end after one or two
PAUSE_MEDIAN_S = 10.0
SAME_SENDER_SHARE = 0.3
MEAN_BYSTANDERS = 1.5  # recently active beside two, where a dialog has so many
LOOKING_SHARE = 0.45  # of the participants have the dialog open from the start
OPENING_SHARE = 0.3  # open it later; the others never do
OPENS_WITHIN_S = (5.0, 200.0)
DELIVERY_S, MEAN_DELAY_S = 0.05, 0.25
READ_DELAY_S = (1.0, 8.0)
BURST_GAP_S = (0.02, 0.08)
SECOND_DEVICE_DELAY_S = (0.1, 2.6)
MOST_EDITS = 4
FIRST_EDIT_S = (2.0, 15.0)
EDIT_GAP_S = (1.0, 5.0)
NEVER_S = float("inf")
SAYINGS = (
    "are we still on for lunch today?",
    "yes",
    "no, maybe later",
    "the train is late again",
    "I will bring bread and tea",
    "who has the keys?",
    "call me when you are home",
    "good morning",
    "see you at six",
    "that was fun, thanks a lot",
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, and what is reported about it: unsorted, and not cut to the day."""

    messages: tuple[Message, ...]
    arrivals: tuple[Arrival, ...]


def converse(
    random: Random, town: Town, storm: Storm, begins_s: float, ends_s: float, edited_share: float
) -> Conversation:
    """Make up a conversation in a hot dialog; nothing is said after `ends_s`."""
    dialog = town.hot_dialog(random)
    active = min(len(dialog.occupants), 2 + int(random.expovariate(1 / MEAN_BYSTANDERS)))
    participants = random.sample(dialog.occupants, active)
    messages = tuple(_messages(random, dialog.id, participants, storm, begins_s, ends_s))
    arrivals: list[Arrival] = []
    for user in participants:
        device = _Devices(random, storm, user, has_two=user in town.two_devices)
        heard = [message for message in messages if message.sender != user]
        arrivals += device.delivered(heard)
        arrivals += device.read(heard, opens_s=_opening_s(random, begins_s))
    for message in messages:
        if random.random() < edited_share:
            arrivals += _edits(random, storm, message)
    return Conversation(messages, tuple(arrivals))


def _messages(
    random: Random, dialog: str, participants: list[int], storm: Storm, begins_s: float, ends_s: float
) -> Iterator[Message]:
    t_s, sender = begins_s, random.choice(participants)
    for _ in range(min(int(random.paretovariate(1.0)), LONGEST)):
        if t_s >= ends_s:
            return
        sent_s = storm.online_s(sender, t_s)
        yield Message(object_id(random, sent_s), dialog, sender, _saying(random), sent_s)
        t_s += PAUSE_MEDIAN_S * random.lognormvariate(0.0, 1.5)
        if random.random() > SAME_SENDER_SHARE:
            sender = random.choice(participants)


def _opening_s(random: Random, begins_s: float) -> float:
    """When a participant opens the dialog."""
    mood = random.random()
    if mood < LOOKING_SHARE:
        return begins_s
    return begins_s + random.uniform(*OPENS_WITHIN_S) if mood < LOOKING_SHARE + OPENING_SHARE else NEVER_S


@dataclass(frozen=True, slots=True)
class _Devices:
    """One user's devices."""

    random: Random
    storm: Storm
    user: int
    has_two: bool

    def delivered(self, messages: list[Message]) -> Iterator[Arrival]:
        for message in messages:
            delay_s = DELIVERY_S + self.random.expovariate(1 / MEAN_DELAY_S)
            yield from self._reports("delivered", message, message.t_s + delay_s)

    def read(self, messages: list[Message], opens_s: float) -> Iterator[Arrival]:
        """Missed messages in a burst when the dialog is opened, the others as they come."""
        burst_s = opens_s
        for message in messages:
            if opens_s == NEVER_S:
                return
            if message.t_s < opens_s:
                burst_s += self.random.uniform(*BURST_GAP_S)
                yield from self._reports("read", message, burst_s)
            else:
                seen_s = self.storm.online_s(self.user, message.t_s)
                yield from self._reports("read", message, seen_s + self.random.uniform(*READ_DELAY_S))

    def _reports(self, kind: Kind, message: Message, t_s: float) -> Iterator[Arrival]:
        first_s = self.storm.online_s(self.user, t_s)
        yield Arrival(first_s, kind, message.dialog, self.user, message.id, 0)
        if self.has_two:
            again_s = self.storm.online_s(self.user, first_s + self.random.uniform(*SECOND_DEVICE_DELAY_S))
            yield Arrival(again_s, kind, message.dialog, self.user, message.id, 0)


def _edits(random: Random, storm: Storm, message: Message) -> Iterator[Arrival]:
    t_s = message.t_s + random.uniform(*FIRST_EDIT_S)
    for revision in range(1, random.randint(1, MOST_EDITS) + 1):
        text = f"{_saying(random)} (edit {revision})"
        sent_s = storm.online_s(message.sender, t_s)
        yield Arrival(sent_s, "edit", message.dialog, message.sender, message.id, revision, text)
        t_s += random.uniform(*EDIT_GAP_S)


def _saying(random: Random) -> str:
    return " ".join(random.choices(SAYINGS, k=random.randint(1, 4)))
