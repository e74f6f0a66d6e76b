from collections.abc import Callable, Iterable

import pytest
from pydantic import ValidationError

from sandbox.faults import Fate, Faults, Misbehaviour


def under(faults: Faults, rolls: Iterable[float] = ()) -> Misbehaviour:
    chance = iter(rolls)
    misbehaviour = Misbehaviour(lambda: next(chance, 0.999))
    misbehaviour.replace(faults)
    return misbehaviour


def fates(misbehaviour: Misbehaviour, times_s: Iterable[float]) -> list[Fate]:
    return [misbehaviour.draw(now_s).fate for now_s in times_s]


def test_without_faults_every_call_is_served_at_once() -> None:
    draw = under(Faults(), [0.0]).draw(0.0)
    assert (draw.fate, draw.delay_s, draw.applies) == (Fate.SERVED, 0.0, True)


def test_the_rate_is_a_precise_sliding_window_of_one_second() -> None:
    times_s = [0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
    served, refused = Fate.SERVED, Fate.THROTTLED
    assert fates(under(Faults(rate_per_s=2)), times_s) == [served, served, refused, served, refused, served, refused]


def test_no_second_holds_more_calls_than_the_rate() -> None:
    misbehaviour = under(Faults(rate_per_s=10))
    passed = [n / 97 for n in range(500) if misbehaviour.draw(n / 97).fate is Fate.SERVED]
    assert max(sum(start <= at < start + 1 for at in passed) for start in passed) == 10


@pytest.mark.parametrize(
    ("faults", "fate"),
    [
        (Faults(throttle=True), Fate.THROTTLED),
        (Faults(outage=True, throttle=True), Fate.OUTAGE),
        (Faults(hang_share=1.0), Fate.HUNG),
        (Faults(reset_share=1.0), Fate.RESET),
        (Faults(error_share=1.0), Fate.ERROR),
    ],
)
def test_each_fault_has_its_fate_and_keeps_the_call_from_the_world(faults: Faults, fate: Fate) -> None:
    draw = under(faults).draw(0.0)
    assert (draw.fate, draw.applies) == (fate, False)


def test_shares_divide_chance_among_themselves() -> None:
    faults = Faults(hang_share=0.1, reset_share=0.2, error_share=0.3)
    rolled = [0.0, 0.09, 0.1, 0.29, 0.31, 0.59, 0.61, 0.99]
    expected = [Fate.HUNG] * 2 + [Fate.RESET] * 2 + [Fate.ERROR] * 2 + [Fate.SERVED] * 2
    assert fates(under(faults, rolled), [0.0] * 8) == expected


@pytest.mark.parametrize(
    "faults", [Faults(hang_share=1.0, hang_applies=True), Faults(reset_share=1.0, reset_applies=True)]
)
def test_a_hung_or_reset_call_can_be_applied_first(faults: Faults) -> None:
    assert under(faults).draw(0.0).applies


def test_latency_and_jitter_add_up_in_seconds() -> None:
    faults = Faults(latency_ms=100, latency_jitter_ms=50)
    assert under(faults, [0.0, 0.5]).draw(0.0).delay_s == pytest.approx(0.125)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Faults(throttle=True, first_n=2),
        lambda: Faults(outage=True, first_n=2),
        lambda: Faults(hang_share=1.0, first_n=2),
        lambda: Faults(reset_share=1.0, first_n=2),
        lambda: Faults(error_share=1.0, first_n=2),
    ],
)
def test_first_n_switches_passing_faults_off_by_itself(make: Callable[[], Faults]) -> None:
    misbehaviour = under(make())
    drawn = fates(misbehaviour, [0.0] * 4)
    assert Fate.SERVED not in drawn[:2]
    assert drawn[2:] == [Fate.SERVED] * 2
    assert misbehaviour.faults == Faults()


def test_first_n_leaves_the_lasting_faults_alone() -> None:
    misbehaviour = under(Faults(throttle=True, first_n=1, latency_ms=5, rate_per_s=1, key_refused=True))
    misbehaviour.draw(0.0)
    assert misbehaviour.faults == Faults(latency_ms=5, rate_per_s=1, key_refused=True)


def test_first_n_counts_down_where_it_can_be_seen() -> None:
    misbehaviour = under(Faults(throttle=True, first_n=3))
    misbehaviour.draw(0.0)
    assert misbehaviour.faults.first_n == 2


def test_a_call_keeps_the_faults_of_its_arrival() -> None:
    misbehaviour = under(Faults(error_share=1.0, error_status=502, first_n=1))
    draw = misbehaviour.draw(0.0)
    assert (draw.fate, draw.faults.error_status) == (Fate.ERROR, 502)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ('{"latencyms": 1}', "latencyms"),
        ('{"latency_ms": "1"}', "latency_ms"),
        ('{"latency_ms": -1}', "latency_ms"),
        ('{"throttle": 1}', "throttle"),
        ('{"error_share": 1.1}', "error_share"),
        ('{"error_status": 200}', "error_status"),
        ('{"rate_per_s": 0}', "rate_per_s"),
        ('{"retry_after": 5}', "retry_after"),
        ('{"retry_after": "5\\r\\nX: y"}', "retry_after"),
        ('{"first_n": 0}', "first_n"),
        ('{"rejected_status": 418}', "rejected_status"),
        ('{"rejected_ids": ["x"]}', "rejected_ids"),
        ('{"list_with_bad_id": "maybe"}', "list_with_bad_id"),
        ('{"hang_share": 0.6, "reset_share": 0.6}', "hang_share"),
    ],
)
def test_a_mistyped_or_unknown_field_is_named(document: str, field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Faults.model_validate_json(document)


def test_the_document_of_a_set_reads_back_as_the_same_set() -> None:
    faults = Faults(rejected_ids=frozenset({"b" * 24, "a" * 24}), expired_tokens=frozenset({"t"}), rate_per_s=80)
    assert Faults.model_validate_json(faults.model_dump_json()) == faults
    assert faults.as_document()["rejected_ids"] == ["a" * 24, "b" * 24]


def test_a_new_set_starts_the_rates_window_anew() -> None:
    misbehaviour = under(Faults(rate_per_s=1))
    assert fates(misbehaviour, [0.0, 0.1]) == [Fate.SERVED, Fate.THROTTLED]
    misbehaviour.replace(Faults(rate_per_s=1))
    assert fates(misbehaviour, [0.2]) == [Fate.SERVED]
