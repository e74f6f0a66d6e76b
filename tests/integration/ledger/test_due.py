"""When a slot is due: its first receipt fixes that, a PUT and a retry put it off, a newer token ends the wait."""

from __future__ import annotations

import pytest
import redis

from receipt_sync import Receipt
from tests.histories import LATER_MS, AnyClaim, settlement
from tests.integration.ledger.real import PREFIX, RealLedger
from tests.shorthand import DIALOG, EDITS, MARKS, USER, delivered, dialogs, edit, read
from worker.ledger import Again, Back

SESSION_MARKS = f"m:{DIALOG}:s{USER}"
GATHER_MIN_MS, GATHER_MAX_MS = 300_000, 2_000_000


@pytest.fixture
def gathering(redis_client: redis.Redis) -> RealLedger:
    """Gather times so long that nothing comes due by itself."""
    return RealLedger(redis_client, gather_min_ms=str(GATHER_MIN_MS), gather_max_ms=str(GATHER_MAX_MS))


def claim_early(real: RealLedger) -> AnyClaim:
    """Claims the one slot that waits, as though its time had come."""
    real.come_due()
    (claim,) = real.claim()
    return claim


def sent_ms(real: RealLedger, slot: str) -> int:
    """When the last PUT of a slot was claimed."""
    return int(real.fields(slot)["s"])


def test_the_first_receipt_fixes_it_and_later_ones_do_not_put_it_off(gathering: RealLedger) -> None:
    earliest_ms = gathering.now_ms()
    gathering.record([read()])
    latest_ms = gathering.now_ms()
    due_ms = gathering.due_ms(MARKS)
    assert earliest_ms + GATHER_MIN_MS <= due_ms <= latest_ms + GATHER_MIN_MS
    gathering.redis.zadd(f"{PREFIX}:due", {MARKS: due_ms - 1000})  # as if it had been recorded a second ago
    gathering.record([read(), delivered(), delivered(1)])
    assert gathering.due_ms(MARKS) == due_ms - 1000
    claimed = gathering.ledger.claim(1)
    assert claimed.claims == []
    assert claimed.wait_ms == pytest.approx(GATHER_MIN_MS, abs=10_000)


def test_after_a_put_the_longest_gather_time_passes(gathering: RealLedger) -> None:
    gathering.record([edit("x", 1)])
    claim = claim_early(gathering)
    gathering.record([edit("y", 2)])
    gathering.settle(*settlement(claim, "done"))
    assert gathering.due_ms(EDITS) == sent_ms(gathering, EDITS) + GATHER_MAX_MS


def test_also_when_the_next_receipt_comes_after_it(gathering: RealLedger) -> None:
    gathering.record([read()])
    gathering.settle(*settlement(claim_early(gathering), "done"))
    gathering.record([read()])
    assert gathering.due_ms(MARKS) == sent_ms(gathering, MARKS) + GATHER_MAX_MS


def test_long_after_a_put_the_shortest_gather_time_is_enough(gathering: RealLedger) -> None:
    gathering.record([read()])
    gathering.settle(*settlement(claim_early(gathering), "done"))
    gathering.redis.hset(f"{PREFIX}:{MARKS}", "s", gathering.now_ms() - 10 * GATHER_MAX_MS)
    gathering.record([read()])
    assert gathering.due_ms(MARKS) == int(gathering.fields(MARKS)["pt"]) + GATHER_MIN_MS


def test_what_one_put_did_not_carry_is_due_at_once(gathering: RealLedger) -> None:
    gathering.record([read(), delivered(1)])
    gathering.settle(*settlement(claim_early(gathering), "done"))
    assert gathering.due_ms(MARKS) <= gathering.now_ms()


def test_the_gather_time_widens_with_the_queue_up_to_its_maximum(redis_client: redis.Redis) -> None:
    policy = {"gather_min_ms": "1000", "gather_max_ms": "5000", "rate_per_s": "10"}
    real = RealLedger(redis_client, **policy)
    gathered = []
    for dialog in dialogs(60):
        real.record([read(dialog=dialog)])
        slot = f"m:{dialog}:u{USER}"
        gathered.append(real.due_ms(slot) - int(real.fields(slot)["pt"]))
    assert gathered == [min(5000, max(1000, 100 * queue)) for queue in range(60)]


KINDS = {
    "gather_min_ms": "200000",
    "gather_max_ms": "200000",
    "gather_edit_min_ms": "0",
    "gather_edit_max_ms": "0",
    "gather_delivered_min_ms": "1000000",
    "gather_delivered_max_ms": "1000000",
}
READ_MS, DELIVERED_MS = 200_000, 1_000_000


@pytest.fixture
def by_kind(redis_client: redis.Redis) -> RealLedger:
    """Edits at once, reads later, delivereds much later."""
    return RealLedger(redis_client, **KINDS)


@pytest.mark.parametrize(
    ("receipt", "slot", "gather_ms"),
    [(read(), MARKS, READ_MS), (delivered(), MARKS, DELIVERED_MS), (edit("x", 1), EDITS, 0)],
)
def test_each_kind_has_its_gather_time(by_kind: RealLedger, receipt: Receipt, slot: str, gather_ms: int) -> None:
    by_kind.record([receipt])
    assert by_kind.due_ms(slot) == int(by_kind.fields(slot)["pt"]) + gather_ms


@pytest.mark.parametrize("first", [delivered(), delivered(1)])
@pytest.mark.parametrize("then", [read(), read(1), read(2)])
def test_a_more_urgent_kind_brings_its_slot_forward(by_kind: RealLedger, first: Receipt, then: Receipt) -> None:
    by_kind.record([first])
    earliest_ms = by_kind.now_ms()
    by_kind.record([then])
    assert earliest_ms + READ_MS <= by_kind.due_ms(MARKS) <= by_kind.now_ms() + READ_MS


def test_not_where_the_slot_is_due_sooner_anyway(by_kind: RealLedger) -> None:
    by_kind.record([delivered()])
    by_kind.redis.zadd(f"{PREFIX}:due", {MARKS: by_kind.now_ms() + 1000})
    due_ms = by_kind.due_ms(MARKS)
    by_kind.record([read()])
    assert by_kind.due_ms(MARKS) == due_ms


def test_a_less_urgent_kind_changes_nothing(by_kind: RealLedger) -> None:
    by_kind.record([read()])
    due_ms = by_kind.due_ms(MARKS)
    by_kind.record([delivered(), delivered(2)])
    assert by_kind.due_ms(MARKS) == due_ms


def test_of_a_call_with_both_the_more_urgent_decides(by_kind: RealLedger) -> None:
    by_kind.record([delivered(), read(3)])
    assert by_kind.due_ms(MARKS) == int(by_kind.fields(MARKS)["pt"]) + READ_MS


def test_after_a_put_the_more_urgent_kind_waits_out_its_own_longest_time(by_kind: RealLedger) -> None:
    by_kind.record([delivered()])
    by_kind.settle(*settlement(claim_early(by_kind), "done"))
    by_kind.record([delivered()])
    assert by_kind.due_ms(MARKS) == int(by_kind.fields(MARKS)["pt"]) + DELIVERED_MS
    by_kind.redis.hset(f"{PREFIX}:{MARKS}", "s", by_kind.now_ms() + 5_000)  # as if the PUT had been claimed later
    by_kind.record([read()])
    assert by_kind.due_ms(MARKS) == sent_ms(by_kind, MARKS) + READ_MS


def test_a_kind_that_need_not_gather_goes_out_at_once_after_a_put_as_well(by_kind: RealLedger) -> None:
    by_kind.record([edit("x", 1)])
    by_kind.settle(*settlement(claim_early(by_kind), "done"))
    by_kind.record([edit("y", 2)])
    assert by_kind.due_ms(EDITS) == int(by_kind.fields(EDITS)["pt"])


@pytest.mark.parametrize(
    ("waits", "gather_ms"),
    [([delivered()], DELIVERED_MS), ([delivered(), read()], READ_MS), ([delivered(), read(1)], READ_MS)],
)
def test_of_what_came_during_the_flight_the_most_urgent_decides(
    by_kind: RealLedger, waits: list[Receipt], gather_ms: int
) -> None:
    by_kind.record([delivered()])
    claim = claim_early(by_kind)
    for receipt in waits:
        by_kind.record([receipt])
    by_kind.settle(*settlement(claim, "done"))
    assert by_kind.due_ms(MARKS) == int(by_kind.fields(MARKS)["pt"]) + gather_ms


@pytest.mark.parametrize(
    "again",
    [
        Again("status 503", "unavailable", delay_ms=LATER_MS, costs_attempt=True),
        Again("session refused", "unauthorized", delay_ms=LATER_MS, costs_attempt=True, wants_token=True),
    ],
)
def test_what_backs_off_or_waits_for_a_token_is_not_brought_forward(by_kind: RealLedger, again: Again) -> None:
    by_kind.record([delivered()])
    by_kind.settle(*settlement(claim_early(by_kind), again))
    due_ms = by_kind.due_ms(MARKS)
    by_kind.record([read()])
    assert by_kind.due_ms(MARKS) == due_ms


def test_a_slot_brought_forward_wakes_the_workers(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, **(KINDS | {"gather_min_ms": "500", "gather_max_ms": "500"}))
    with real.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(f"{PREFIX}:wake")
        listener.get_message(timeout=5)
        real.record([delivered()])
        real.record([read()])
        message = listener.get_message(timeout=5)
        assert message is not None
        assert message["data"] == b"500"


def test_a_due_that_stays_as_it_is_costs_no_call(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, gather_min_ms="500", gather_max_ms="500")
    real.record([read()])
    before = calls_of(real, "zadd")
    real.record([delivered(), read(), delivered(1)])
    assert calls_of(real, "zadd") == before


def calls_of(real: RealLedger, command: str) -> int:
    """How often the server has run a command."""
    return int(real.redis.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))


def test_the_longest_due_come_first(real: RealLedger) -> None:
    slots = [f"m:{dialog}:u{USER}" for dialog in dialogs(6)]
    real.record([read(dialog=dialog) for dialog in dialogs(6)])
    order = [3, 1, 5, 0, 4, 2]
    real.redis.zadd(f"{PREFIX}:due", {slots[n]: place for place, n in enumerate(order)})
    taken = [claim.slot for _ in range(3) for claim in real.claim(2)]
    assert taken == [slots[n] for n in order]


def test_a_retry_waits_its_delay_whatever_arrives(real: RealLedger) -> None:
    real.record([read()])
    (claim,) = real.claim()
    earliest_ms = real.now_ms()
    real.settle(*settlement(claim, Again("status 503", "unavailable", delay_ms=LATER_MS, costs_attempt=True)))
    due_ms = real.due_ms(MARKS)
    assert earliest_ms + LATER_MS <= due_ms <= real.now_ms() + LATER_MS
    real.record([read(), delivered(3)])
    assert real.due_ms(MARKS) == due_ms


def test_what_is_handed_back_is_due_at_once(gathering: RealLedger) -> None:
    gathering.record([read()])
    gathering.settle(*settlement(claim_early(gathering), Back("closing")))
    assert gathering.due_ms(MARKS) <= gathering.now_ms()


REFUSED = Again("session refused", "unauthorized", wants_token=True)


def test_a_refused_token_waits_and_a_newer_one_ends_the_wait(real: RealLedger) -> None:
    real.record([read(token="old")])
    (claim,) = real.claim()
    real.settle(*settlement(claim, REFUSED))
    real.record([read(token="old")])
    assert real.due_ms(SESSION_MARKS) > real.now_ms() + LATER_MS / 2
    real.record([read(token="new")])
    (claim,) = real.claim()
    assert claim.token == "new"


def test_an_absorbed_mark_brings_its_token_as_well(real: RealLedger) -> None:
    real.record([read(token="old", up_to=1)])
    real.settle(*settlement(real.claim()[0], "done"))
    real.record([read(token="old", up_to=2)])
    real.settle(*settlement(real.claim()[0], REFUSED))
    real.record([read(token="new", up_to=1)])
    (claim,) = real.claim()
    assert claim.token == "new"


def test_the_wake_channel_tells_what_comes_due_before_the_next_tick(redis_client: redis.Redis) -> None:
    real = RealLedger(redis_client, gather_min_ms="500", gather_max_ms="500")
    with real.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(f"{PREFIX}:wake")
        listener.get_message(timeout=5)
        real.record([read()])
        real.record([read(dialog="e" * 24)])  # due after the first: nobody needs to wake for it
        real.redis.publish(f"{PREFIX}:wake", "end")
        heard = []
        while (message := listener.get_message(timeout=5)) and message["data"] != b"end":
            heard.append(int(message["data"]))
    assert heard == [500]


def test_of_several_that_fall_due_together_it_does_not_matter_which_stands_first(redis_client: redis.Redis) -> None:
    real, unused = RealLedger(redis_client), iter(dialogs(200))
    with real.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(f"{PREFIX}:wake")
        listener.get_message(timeout=5)
        for n in range(1, 13):
            real.redis.delete(f"{PREFIX}:due")
            real.record([read(dialog=next(unused)) for _ in range(n)])
            message = listener.get_message(timeout=5)
            assert message is not None, f"{n} slots fell due together and nobody was woken"
            assert message["data"] == b"0"
