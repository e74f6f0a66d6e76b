"""The ledger's keys and fields: their one home.

Every key of an application starts with `prefix(application)`. The braces are a Redis Cluster hash tag: one application
lives on one node, several spread over the cluster, and each Lua function is told the prefix by its keys.

| key | type | holds |
| --- | --- | --- |
| `rs:{app}:m:<dialog>:<actor>` | hash | a mark slot |
| `rs:{app}:e:<dialog>:<message>` | hash | an edit slot |
| `<slot>:p`, `<slot>:f` | hash | message ids marked one by one, pending and in flight: `r<id>`/`d<id>` → receipts |
| `rs:{app}:due` | sorted set | slots with something pending and nothing in flight, by when they are due (ms) |
| `rs:{app}:leases` | sorted set | slots in flight, by when their lease runs out (ms) |
| `rs:{app}:permits` | sorted set | doorbells rung, syncs at work (`+` in front), by when they are given up (ms) |
| `rs:{app}:counts` | hash | the accounts, and what else is counted (below) |
| `rs:{app}:policy` | hash | the workers' settings (below); `version` of the ledger, now 1; `since` (ms) |
| `rs:{app}:pace` | hash | how fast it may call: rate, hold, breaker, retry budget, pause (fields below) |
| `rs:{app}:window` | sorted set | the calls claimed in the last second, by when (ms); gone after two quiet ones |
| `rs:{app}:session` | hash | the service session, and why there is none (fields below) |
| `rs:{app}:session:lock` | string | who is making a session; runs out with the longest request |
| `rs:{app}:dead` | stream | dead letters |
| `rs:{app}:notices` | stream | what became of receipts, for whoever asked to be told (docs/hooks.md) |
| `rs:{app}:broken` | hash | slots and keys set aside, and counts begun anew, for they held something else → why |
| `rs:{app}:broken:<key>` | any | what stood in `dead`, `notices`, `permits`, `pace`, `window`, `policy` or `broken` |
| `rs:{app}:t:<actor>` | string | the newest session token; until it is refused or its life is over, a hint |
| `rs:{app}:w:<actor>` | sorted set | refused tokens' SHA-1, by minus when; slots that wait, by recorded (ms) |
| `rs:{app}:told:<what>` | string | of this somebody has been told by one worker; gone when it is news again |
| `rs:{app}:start:<digest>` | string | how often the recording of a message that came back was begun, not ended |
| `rs:{app}:first:<digest>` | string | when (ms) an edit without a revision was first taken from the broker |
| `rs:{app}:shadow` | stream | what would have been recorded (`shadow.py`): `kind`, `slot`, `name`, `ids` |
| `rs:{app}:wake` | channel | "something fell due", sent by the functions to the workers |

Fields of a slot. Both kinds: `R` recorded, `C` covered, `D` dead (receipts of this slot), `g` generation (when it was
claimed, and a turn: the workers' claim.lua), `s` when its last PUT was claimed (ms), `a` failed attempts in a row, `q`
since when (ms), less what it waited for its turn since, `y` crashes in a row, `w` why it was not sent, `u` since when
(ms) it waits for another session token, or for any credentials, `kt` until when (ms) its session token is kept, `pt`
and `ft` when the oldest pending and in-flight receipt was recorded (ms): the half exists while its time does, `pj` and
`fj` the last few traces that their receipts came from (traces.lua).
Mark slots: `pr` and `pd` receipts of the whole dialog (read, delivered), `pa` and `pb` the messages they named
(`*` in front: owed whatever the names say), `pi` ids stand in `<slot>:p`; `fr fd fa fb fi` the same in flight; `wa`
and `wb` messages covered for good; `k` session token, `fk` the one in flight; `z` most ids in the next list.
Edit slots: `pn` receipts, `pv` revision, `px` text, `pu` actor, `pk` session token; `fn fv fx fu fk` the same in
flight; `v` highest revision sent, `o` the same where an edit of that revision has died since, `h` SHA-1 of the text the
API holds for certain, `l` until when (ms) the text with the SHA-1 `lx` may still be applied, its PUT having been given
up without an answer.

The pace, written by the workers' law.lua; a field that is absent is none, or 0. The bucket: `tokens` at `at`. The limit
that was found: `limit` now, `low` after the last cut (`cut`, when), `peak` what is taken for the API's own, `grown` how
long (ms) the limit has been in use since, last at `pressed`; `blind` 1: nothing says how much is let through; `cost`
what the last 429 asked for (ms). The round after a cut: `round` since when, `passed` and `refused` answers. Calls let
through: `n0` … `n15`, in the quarters of a second `q0` … `q15`. The hold: `hold` until, `holds` in a row. The breaker's
window: `w_at` since when, `w_calls`, `w_failed`; of the half window before it `w_calls_before`, `w_failed_before`. The
breaker: `open` since when it opened, or its last probe failed; `till` no probe before; `why` `outage` or `key`;
`outage` since when; `opens` in a row; `before` the limit when it opened; `closed` when it last shut; `refused` when the
key was refused last; `probe` when the probe under way was claimed; `over` when the last outage ended; `idle` to
`idle_till` the longest time in it in which a probe was allowed and nobody made one. The retry budget: `retries` left at
`r_at`; absent: full. The pause: `paused` since when, `paused_why`.

The policy has the settings of the same names (worker/ledger/policy.py), and `has_key`: 0 where the application has no
API key; a policy without it says nothing of that. `since`: when (ms) the worker that published it did so first.

The counts, receipts: `recorded`, of them by kind `recorded_read`, `recorded_delivered`, `recorded_edit` and
`recorded_invalid` (never became one); `joined` what found something pending in its slot; `covered`, of them `absorbed`
without a PUT; `dead`, of them `dropped` and `expired`; `replayed` what was dead and is not any more; `pending`,
`in_flight`. Claims: `puts_<verdict>`, `handed_back`, `stale_settles`, `reaped`. `doorbells` rung; `refused` messages
that were no receipts. Two histograms, `wait` and `put`: `wait_le_<ms>`, `wait_le_inf`, `wait_ms` (the workers'
timings.py).

The service session: `id` (who made it), `token`, `user_id`, `of` (a digest of the credentials), `made_ms`, `renew_ms`,
`expires_ms`; `fails` logins in a row that failed, `trouble` their kind, `next_ms` no login before, `ahead_s` of the
API's clock, `young` sessions in a row that were refused as soon as they were made. Logins are counted beside the PUTs:
`puts_logged_in`, `puts_login_refused`; one without an answer as `puts_unavailable`, a throttled one as
`puts_throttled`.

Times come from Redis' clock; revisions are numbers below 2**53, exact in Lua.
"""

from __future__ import annotations


def prefix(application: str) -> str:
    """The start of every key of an application, and the first key of every call (functions.py)."""
    return f"rs:{{{application}}}"


def wake_channel(application: str) -> str:
    """The channel on which record, claim and settle tell the workers that something fell due."""
    return f"{prefix(application)}:wake"


def mark_slot(dialog_id: str, actor: str) -> str:
    """The slot of all marks of one actor in one dialog."""
    return f"m:{dialog_id}:{actor}"


def edit_slot(dialog_id: str, message_id: str) -> str:
    """The slot of all edits of one message."""
    return f"e:{dialog_id}:{message_id}"
