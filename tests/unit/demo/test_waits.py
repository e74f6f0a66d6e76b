import math

import pytest

from demo.puts import Put
from demo.waits import Recording, find_waits, quantile
from tests.unit.demo.examples import M2, edit, edit_put, mark, mark_put


def waits_s(recordings: list[Recording], puts: list[Put]) -> list[float]:
    found = find_waits(recordings, puts)
    assert found.uncovered == []
    return [wait.wait_s for wait in found.covered]


def test_a_mark_waits_for_the_first_put_after_it() -> None:
    assert waits_s([mark(10.0)], [mark_put(9.0), mark_put(12.0), mark_put(13.0)]) == [2.0]


def test_one_put_covers_all_marks_before_it() -> None:
    assert waits_s([mark(10.0), mark(11.0, message=M2)], [mark_put(12.0)]) == [2.0, 1.0]


def test_a_put_that_was_not_accepted_covers_nothing() -> None:
    assert waits_s([mark(10.0)], [mark_put(11.0, status=503), mark_put(12.0, status=None), mark_put(14.0)]) == [4.0]


def test_read_does_not_cover_delivered() -> None:
    assert waits_s([mark(10.0, "delivered")], [mark_put(11.0, "read"), mark_put(15.0, "read", "delivered")]) == [5.0]


def test_another_users_put_covers_nothing() -> None:
    lost = mark(10.0)
    assert find_waits([lost], [mark_put(11.0, user=2)]).uncovered == [lost]


def test_a_mark_after_the_last_put_is_uncovered() -> None:
    lost = mark(10.0)
    assert find_waits([lost], [mark_put(9.9)]).uncovered == [lost]


def test_a_repeat_of_a_covered_mark_needs_no_put() -> None:
    found = find_waits([mark(10.0), mark(12.0)], [mark_put(11.0)])
    assert (len(found.covered), found.needless, found.uncovered) == (1, 1, [])


def test_a_repeat_before_the_put_waits_like_the_first() -> None:
    assert waits_s([mark(10.5), mark(10.0)], [mark_put(11.0)]) == [1.0, 0.5]


def test_a_mark_for_another_message_needs_a_put_of_its_own() -> None:
    lost = mark(12.0, message=M2)
    assert find_waits([mark(10.0), lost], [mark_put(11.0)]).uncovered == [lost]


def test_a_repeat_of_the_other_kind_needs_a_put_of_its_own() -> None:
    lost = mark(12.0, "delivered")
    assert find_waits([mark(10.0), lost], [mark_put(11.0)]).uncovered == [lost]


def test_an_edit_is_covered_by_a_later_revision() -> None:
    assert waits_s([edit(10.0, 1), edit(10.5, 2)], [edit_put(11.0, 2)]) == [1.0, 0.5]


def test_an_edit_is_not_covered_by_an_earlier_revision() -> None:
    lost = edit(10.0, 2)
    assert find_waits([edit(9.0, 1), lost], [edit_put(11.0, 1)]).uncovered == [lost]


def test_an_edit_that_comes_after_a_later_one_was_sent_needs_no_put() -> None:
    found = find_waits([edit(10.0, 2), edit(12.0, 1)], [edit_put(11.0, 2)])
    assert (len(found.covered), found.needless, found.uncovered) == (1, 1, [])


def test_an_edit_of_another_message_covers_nothing() -> None:
    lost = edit(10.0, 1, message=M2)
    assert find_waits([lost], [edit_put(11.0, 1)]).uncovered == [lost]


def test_quantiles_are_those_of_what_was_recorded_before() -> None:
    found = find_waits([mark(0.0), mark(10.0, message=M2)], [mark_put(1.0), mark_put(15.0)])
    assert found.quantile_s(1.0) == 5.0
    assert found.quantile_s(1.0, before_s=10.0) == 1.0


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (0.75, 3.0), (1.0, 4.0)])
def test_quantile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_quantile_of_nothing_is_no_number() -> None:
    assert math.isnan(quantile([], 0.5))
