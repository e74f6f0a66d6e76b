"""The people of a made-up chat, their devices, the dialogs they share, and how lively each of these is."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from traffic.day import GROUP, PRIVATE, Dialog

FIRST_SECOND = 1_700_000_000  # the unix second that made-up ids begin with
DIALOGS_PER_RATE = 80  # for each receipt per second: a higher rate has more dialogs, not hotter ones
USERS_PER_DIALOG = 2.2
PRIVATE_SHARE = 0.5
LARGEST_GROUP = 200
GREATEST_HEAT = 20.0
SECOND_DEVICE_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Town:
    """Users and dialogs.

    Attributes:
        users: Everybody, in a dialog or not.
        two_devices: Those whose second device reports everything once more.
        dialogs: Of all sizes.
        heat_sums: Running sums of the dialogs' heats, as `Random.choices` takes them.
    """

    users: tuple[int, ...]
    two_devices: frozenset[int]
    dialogs: tuple[Dialog, ...]
    heat_sums: tuple[float, ...]

    def hot_dialog(self, random: Random) -> Dialog:
        """A dialog, the hotter the likelier."""
        return random.choices(self.dialogs, cum_weights=self.heat_sums)[0]


def settle(random: Random, receipts_per_s: float) -> Town:
    """Make up a town that is large enough for so many receipts."""
    dialogs = max(3, round(receipts_per_s * DIALOGS_PER_RATE))
    users = tuple(sorted(random.sample(range(10_000_000, 100_000_000), max(8, round(dialogs * USERS_PER_DIALOG)))))
    return Town(
        users=users,
        two_devices=frozenset(user for user in users if random.random() < SECOND_DEVICE_SHARE),
        dialogs=tuple(_dialog(random, users) for _ in range(dialogs)),
        heat_sums=tuple(accumulate(_heat(random) for _ in range(dialogs))),
    )


def object_id(random: Random, t_s: float) -> str:
    """24 lower-case hex digits, the first 8 the unix second, as the chat API's ids are."""
    return f"{FIRST_SECOND + int(t_s):08x}{random.getrandbits(64):016x}"


def _dialog(random: Random, users: tuple[int, ...]) -> Dialog:
    private = random.random() < PRIVATE_SHARE
    occupants = random.sample(users, 2 if private else _group_size(random, len(users)))
    age_s = random.uniform(0, 30 * 86_400)
    return Dialog(object_id(random, -age_s), PRIVATE if private else GROUP, tuple(sorted(occupants)))


def _group_size(random: Random, at_most: int) -> int:
    """Most groups are of a handful, few of hundreds."""
    return min(int(3 * random.paretovariate(1.2)), LARGEST_GROUP, at_most)


def _heat(random: Random) -> float:
    return min(random.paretovariate(1.8), GREATEST_HEAT)
