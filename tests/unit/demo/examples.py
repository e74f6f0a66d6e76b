"""Receipts and PUTs of one dialog, as short to write as the tests need them."""

from demo.puts import Put, Slot
from traffic.arrivals import Kind
from traffic.waits import Accepted, Recorded

D, M1, M2 = "d" * 24, "1" * 24, "2" * 24


def mark(at_s: float, kind: Kind = "read", *, user: int = 1, message: str = M1) -> Recorded:
    return Recorded(at_s, kind, D, user, message)


def edit(at_s: float, revision: int, *, message: str = M1) -> Recorded:
    return Recorded(at_s, "edit", D, 1, message, revision, f"text {revision}")


def mark_put(at_s: float, *, user: int = 1, status: int | None = 200, ended_s: float | None = -1) -> Put:
    ended_s = at_s + 0.5 if ended_s == -1 else ended_s
    accepted = Accepted(at_s, D, user, read=True) if status == 200 else None
    return Put(Slot("mark", D, str(user)), at_s, ended_s, status, accepted)


def edit_put(at_s: float, revision: int, *, message: str = M1) -> Put:
    accepted = Accepted(at_s, D, 1, (message,), text=f"text {revision}")
    return Put(Slot("edit", D, message), at_s, at_s + 0.5, 200, accepted)
