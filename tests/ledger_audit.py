"""The auditor: reads a ledger as it lies in Redis and says whether its accounts balance, by slot and in total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import redis


@dataclass(frozen=True)
class Accounts:
    """What became of the receipts of one application; `dropped` and `expired` are among the `dead`."""

    recorded: int = 0
    covered: int = 0
    dead: int = 0
    pending: int = 0
    in_flight: int = 0
    dropped: int = 0
    expired: int = 0

    @property
    def balance(self) -> int:
        """0 when every receipt is somewhere, and in one place only."""
        return self.recorded - self.covered - self.dead - self.pending - self.in_flight


def audit(client: redis.Redis, application: str) -> Accounts:
    """The accounts in total, after every slot and their sum have been checked, in one snapshot of the ledger.

    Raises:
        AssertionError: something does not balance, or nobody would ever come for it; the message names the slot.
    """
    prefix = f"rs:{{{application}}}"
    counts, slots, expected, in_letters, told = _snapshot(client, prefix)
    total = Accounts(**{name: counts.get(name, 0) for name in Accounts.__dataclass_fields__})
    assert total.balance == 0, f"the totals do not balance: {total}"
    gone = total.dropped + total.expired
    assert total.dead == in_letters + gone, (
        f"{in_letters} receipts in letters and {gone} gone are not all dead: {total}"
    )
    if told is not None and not counts.get("notices_lost"):
        by_puts = total.covered - counts.get("absorbed", 0)
        assert told.get("covered", 0) == by_puts, f"{by_puts} receipts covered by PUTs, the notices tell {told}"
        # What was replayed has been told as dead, and is so no more.
        assert told.get("dead", 0) >= total.dead, f"{total.dead} receipts dead, the notices tell {told}"
    for slot, accounts in slots.items():
        assert accounts.balance == 0, f"{slot} does not balance: {accounts}"
        wanted = "leases" if accounts.in_flight else "due" if accounts.pending else ""
        found = expected.get(slot.removeprefix(f"{prefix}:"), "")
        assert found == wanted, f"{slot} should stand in {wanted or 'none'}, stands in {found or 'none'}: {accounts}"
    waiting = (sum(a.pending for a in slots.values()), sum(a.in_flight for a in slots.values()))
    assert waiting == (total.pending, total.in_flight), f"slots hold {waiting} (pending, in flight), totals say {total}"
    return total


# One script, so that nothing moves while it is read.
_SNAPSHOT = """
local function pairs_of(entry)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end
local answer = {redis.call('HGETALL', KEYS[1] .. ':counts'), redis.call('ZRANGE', KEYS[1] .. ':due', 0, -1),
  redis.call('ZRANGE', KEYS[1] .. ':leases', 0, -1), 0, {}}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1] .. ':dead', '-', '+')) do
  answer[4] = answer[4] + tonumber(pairs_of(entry).receipts or 0)
end
if string.find(redis.call('HGET', KEYS[1] .. ':policy', 'notices_max') or '', '^[1-9]%d?%d?%d?%d?%d?%d?%d?%d?$') then
  for _, entry in ipairs(redis.call('XRANGE', KEYS[1] .. ':notices', '-', '+')) do
    local fields = pairs_of(entry)
    answer[5][#answer[5] + 1] = fields.outcome
    answer[5][#answer[5] + 1] = fields.receipts
  end
  answer[5][#answer[5] + 1] = 'told'
  answer[5][#answer[5] + 1] = '1'
end
for _, pattern in ipairs({'m', 'e'}) do
  for _, key in ipairs(redis.call('KEYS', KEYS[2] .. ':' .. pattern .. ':*')) do
    if redis.call('TYPE', key).ok == 'hash' then
      answer[#answer + 1] = {key, redis.call('HGETALL', key)}
    end
  end
end
return answer
"""


_Snapshot = tuple[dict[str, int], dict[str, Accounts], dict[str, str], int, Counter[str] | None]


def _snapshot(client: redis.Redis, prefix: str) -> _Snapshot:
    """The totals, every slot's accounts, the sets (due, leases) in which slots stand, receipts in dead letters.

    And what was told: receipts in notices by outcome; None where none are written.
    """
    escaped = prefix.replace("[", "\\[")
    counts, due, leases, in_letters, notices, *hashes = client.eval(_SNAPSHOT, 2, prefix, escaped)
    by_key = {key.decode(): _pairs(fields) for key, fields in hashes}
    numbers = {name: int(value) for name, value in _pairs(counts).items()}
    slots = {key: _accounts(key, fields, by_key) for key, fields in by_key.items() if key[-2:] not in {":p", ":f"}}
    standing = [(slot.decode(), name) for name, members in (("due", due), ("leases", leases)) for slot in members]
    assert len(dict(standing)) == len(standing), "a slot is due and leased at once"
    told = Counter[str]()
    for outcome, receipts in zip(notices[::2], notices[1::2], strict=True):
        told[outcome.decode()] += int(receipts)
    return numbers, slots, dict(standing), in_letters, told if notices else None


def _pairs(flat: list[bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _accounts(key: str, fields: dict[str, str], by_key: dict[str, dict[str, str]]) -> Accounts:
    return Accounts(
        recorded=int(fields.get("R", 0)),
        covered=int(fields.get("C", 0)),
        dead=int(fields.get("D", 0)),
        pending=sum(_held(key, fields, by_key, "p")),
        in_flight=sum(_held(key, fields, by_key, "f")),
    )


def _held(key: str, fields: dict[str, str], by_key: dict[str, dict[str, str]], half: str) -> Iterator[int]:
    yield from (int(fields.get(half + letter, 0)) for letter in ("r", "d", "n"))
    yield from (int(receipts) for receipts in by_key.get(f"{key}:{half}", {}).values())
