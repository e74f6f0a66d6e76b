"""The reconnect storm: many users drop off the network together, and come back together."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

STORM_AT = 0.6  # of the day
LONGEST_OUTAGE_S = 30.0
RETURN_WITHIN_S = 1.5
BACKLOG_SPEED = 50.0  # how much faster than it happened the backlog of an outage is worked off


@dataclass(frozen=True, slots=True)
class Storm:
    """Who is cut off from when, and until when.

    Attributes:
        begins_s: When the network fails.
        back_s: By user concerned: when it works again for that user.
    """

    begins_s: float
    back_s: dict[int, float]

    @classmethod
    def over(cls, random: Random, users: Sequence[int], duration_s: float, share: float) -> "Storm":
        """Cut off that share of the users before the storm's time; the outage is short in a short day."""
        storm_s = STORM_AT * duration_s
        concerned = random.sample(users, round(share * len(users)))
        back_s = {user: storm_s + random.uniform(0, RETURN_WITHIN_S) for user in concerned}
        return cls(storm_s - min(LONGEST_OUTAGE_S, duration_s / 4), back_s)

    def online_s(self, user: int, t_s: float) -> float:
        """When what this user's device wants to do at `t_s` reaches the network: then, or soon after it is back.

        The order of what one user does is kept.
        """
        back_s = self.back_s.get(user)
        if back_s is None or not self.begins_s <= t_s < back_s:
            return t_s
        return back_s + (t_s - self.begins_s) / BACKLOG_SPEED
