"""The ledger: where receipts wait, and the accounts of what became of them. Redis holds it, Lua keeps it whole.

claim      the longest due slots, pending → in flight          claims.py, lua/claim.lua
settle     done, again, dead or handed back                    outcomes.py, lua/settle.lua
extend     leases of claims that are still being sent           lua/extend.lua
reap       leases that ran out                                 lua/reap.lua
ring       permits for doorbells                               lua/ring.lua
pause      nothing is claimed until somebody resumes            pausing.py, lua/pause.lua
status     how an application stands; writes nothing            standing.py
bury       a call that never became a receipt                  lua/bury.lua
replay     a dead letter's receipts, joined like new ones      letterbox.py, replaying.py, lua/replay.lua
drop       dead letters, unsent                                letterbox.py, lua/drop.lua
expire     dead letters beyond what is kept                    lua/expire.lua
start      a message that may have killed its process          lua/start.lua
record     is the producers' (receipt_sync); keys and fields of all: receipt_sync/keys.py
"""

from worker.ledger.claims import Claim, EditClaim, MarkClaim, UnreadableSlotError
from worker.ledger.ledger import Claimed, Ledger, Reaped, RingSize, Rung, Stopped
from worker.ledger.outcomes import Again, Back, Dead, Done, Outcome, Part, Settled
from worker.ledger.pausing import Paused

__all__ = [
    "Again",
    "Back",
    "Claim",
    "Claimed",
    "Dead",
    "Done",
    "EditClaim",
    "Ledger",
    "MarkClaim",
    "Outcome",
    "Part",
    "Paused",
    "Reaped",
    "RingSize",
    "Rung",
    "Settled",
    "Stopped",
    "UnreadableSlotError",
]
