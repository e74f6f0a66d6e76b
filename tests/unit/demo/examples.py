"""Receipts and PUTs of one dialog, as short to write as the tests need them."""

from demo.puts import Put, Slot
from demo.waits import Recording
from traffic.arrivals import Arrival, Kind

D, M1, M2 = "d" * 24, "1" * 24, "2" * 24


def mark(at_s: float, kind: Kind = "read", *, user: int = 1, message: str = M1) -> Recording:
    return Recording(Arrival(0.0, kind, D, user, message, 0), at_s)


def edit(at_s: float, revision: int, *, message: str = M1) -> Recording:
    return Recording(Arrival(0.0, "edit", D, 1, message, revision, f"text {revision}"), at_s)


def mark_put(at_s: float, *carries: str, user: int = 1, status: int | None = 200, ended_s: float | None = -1) -> Put:
    ended_s = at_s + 0.5 if ended_s == -1 else ended_s
    return Put(Slot("mark", D, str(user)), at_s, ended_s, status, frozenset(carries or {"read"}))


def edit_put(at_s: float, revision: int, *, status: int | None = 200, message: str = M1) -> Put:
    return Put(Slot("edit", D, message), at_s, at_s + 0.5, status, frozenset({"edit"}), f"text {revision}")
