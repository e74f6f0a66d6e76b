from collections.abc import Callable

import pytest

from bench.rounds import Rounds, spread


def _side(turns: list[str], name: str, numbers: list[float]) -> Callable[[], float]:
    left = iter(numbers)

    def measured() -> float:
        turns.append(name)
        return next(left)

    return measured


def test_the_first_turn_of_each_side_is_its_warm_up() -> None:
    turns: list[str] = []
    rounds = Rounds({"ours": _side(turns, "ours", [99, 1, 3]), "theirs": _side(turns, "theirs", [99, 2, 2])}, rounds=2)
    assert rounds.values == {"ours": [1, 3], "theirs": [2, 2]}


def test_each_round_begins_with_another_side() -> None:
    turns: list[str] = []
    Rounds({name: _side(turns, name, [1] * 4) for name in "abc"}, rounds=3)
    assert "".join(turns) == "abc" + "abc" + "bca" + "cab"


def test_ratios_are_taken_round_by_round() -> None:
    turns: list[str] = []
    ours, theirs = _side(turns, "ours", [0, 4, 10, 9]), _side(turns, "theirs", [0, 2, 2, 3])
    ratio = Rounds({"ours": ours, "theirs": theirs}, rounds=3).ratio("ours", "theirs")
    assert (ratio.median, ratio.least, ratio.most) == (3, 2, 5)
    assert ratio.text == "2 to 5"


def test_nothing_measured_is_no_number() -> None:
    with pytest.raises(ValueError, match="no round"):
        spread([])


@pytest.mark.parametrize(
    ("values", "said"), [([0.0123, 999.4], "0.0123 to 999"), ([999.6, 12_345], "1,000 to 12,300"), ([2, 5], "2 to 5")]
)
def test_ends_have_three_digits_and_no_power_of_ten(values: list[float], said: str) -> None:
    assert spread(values).text == said
