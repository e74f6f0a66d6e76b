"""The day of a busy chat, made up.

People meet in dialogs of every size and heat and talk: messages come in conversations, seconds apart. Each message is
reported **delivered** by everybody recently active there, at once, and once more by the second device that a third of
them have. Those who are looking at the dialog report it **read** some seconds later; whoever opens the dialog in the
middle reports one read for each message missed, in a burst. One message in twenty is **edited** by its sender, mostly
several times within seconds. And once in the day the network fails for half of all users, who come back within a
second or two and report everything missed: **the reconnect storm**.

The numbers of `traffic.town` and `traffic.conversation` were chosen so that a day coalesces like the recorded trace:
with a window of 2 s, `traffic.oracle` finds about 0.66 PUTs per receipt here and 0.69 there.
"""

from itertools import chain
from random import Random

from traffic.arrivals import Arrival
from traffic.conversation import Conversation, converse
from traffic.day import Day
from traffic.storm import Storm
from traffic.town import Town, settle

WARM_UP_S = 200.0  # conversations under way when the day begins; what was reported before it is not in the day


def busy_chat(
    seed: int, receipts: int, duration_s: float, *, edited_share: float = 0.05, stormy_share: float = 0.5
) -> Day:
    """Make up a day. The same arguments make the same day.

    Args:
        seed: Of the randomness.
        receipts: How many arrivals the day has, exactly.
        duration_s: All of them lie in [0, duration_s]. Rhythms stay what they are: a shorter day of as many receipts
            has more conversations at once, not faster ones.
        edited_share: How many of the messages are edited, 0 to 1.
        stormy_share: How many of the users the storm takes off the network, 0 to 1.

    Raises:
        ValueError: Less than one receipt or less than one second.
    """
    if receipts < 1 or duration_s < 1:
        raise ValueError(f"expected 1 receipt or more within 1 s or more, got {receipts} within {duration_s} s")
    random = Random(seed)
    town = settle(random, receipts / duration_s)
    storm = Storm.over(random, town.users, duration_s, stormy_share)
    conversations: list[Conversation] = []
    arrivals: list[Arrival] = []
    while len(arrivals) < receipts:
        begins_s = random.uniform(-WARM_UP_S, duration_s)
        conversation = converse(random, town, storm, begins_s, duration_s, edited_share)
        within = [arrival for arrival in conversation.arrivals if 0 <= arrival.t_s <= duration_s]
        if within:
            conversations.append(conversation)
            arrivals += within
    return _day(town, conversations, arrivals[:receipts])


def _day(town: Town, conversations: list[Conversation], arrivals: list[Arrival]) -> Day:
    """Leave out whoever lives in the town but has no part in the day."""
    messages = sorted(chain.from_iterable(one.messages for one in conversations), key=lambda message: message.t_s)
    lively = {message.dialog for message in messages}
    dialogs = tuple(dialog for dialog in town.dialogs if dialog.id in lively)
    return Day(
        users=tuple(sorted({user for dialog in dialogs for user in dialog.occupants})),
        dialogs=dialogs,
        messages=tuple(messages),
        arrivals=tuple(sorted(arrivals, key=lambda arrival: arrival.t_s)),
    )
