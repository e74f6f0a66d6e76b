import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.backoff import full_jitter_s

ALMOST_1 = 1 - 2**-53
randoms = st.floats(0, 1, exclude_max=True)
bases_s = st.floats(0.01, 3600)
caps_s = st.floats(0.01, 86_400)


@pytest.mark.parametrize(("attempts", "upper_s"), [(0, 1), (1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (1000, 300)])
def test_the_upper_end_doubles_up_to_the_cap(attempts: int, upper_s: float) -> None:
    assert full_jitter_s(attempts, 1.0, 300.0, ALMOST_1) == pytest.approx(upper_s)


def test_the_jitter_is_full() -> None:
    assert full_jitter_s(3, 1.0, 300.0, 0.0) == 0
    assert full_jitter_s(3, 1.0, 300.0, 0.5) == 4
    assert full_jitter_s(3, 1.0, 300.0, 0.25) == 2


@given(st.integers(0, 10**9), bases_s, caps_s, randoms)
def test_every_delay_is_within_its_bounds(attempts: int, base_s: float, cap_s: float, random01: float) -> None:
    assert 0 <= full_jitter_s(attempts, base_s, cap_s, random01) <= cap_s


@given(st.integers(0, 100), bases_s, caps_s, randoms)
def test_a_further_failure_never_shortens_the_delay(
    attempts: int, base_s: float, cap_s: float, random01: float
) -> None:
    earlier = full_jitter_s(attempts, base_s, cap_s, random01)
    assert full_jitter_s(attempts + 1, base_s, cap_s, random01) >= earlier
