import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from settings.crontab import UNITS, Crontab, expand, never_comes

NUMBERS = st.integers(min_value=-1, max_value=70).map(str)
WORDS = st.sampled_from(["mon", "SUN", "dec", "jan", "xyz", "", "tues"])
ATOMS = NUMBERS | WORDS
PARTS = st.one_of(
    ATOMS,
    st.just("*"),
    st.tuples(ATOMS, ATOMS).map("-".join),
    st.tuples(st.just("*"), NUMBERS).map("/".join),
    st.tuples(ATOMS, ATOMS, NUMBERS).map(lambda atoms: f"{atoms[0]}-{atoms[1]}/{atoms[2]}"),
    st.tuples(ATOMS, NUMBERS).map("/".join),
)
TEXTS = st.lists(PARTS, min_size=1, max_size=3).map(",".join)


@given(field=st.sampled_from(sorted(UNITS)), text=TEXTS)
def test_what_is_accepted_means_the_same_to_celery(field: str, text: str) -> None:
    try:
        numbers = expand(text, UNITS[field])
    except ValueError:
        return
    assert getattr(crontab(**{field: text}), field) == numbers


@pytest.mark.parametrize(
    ("field", "text", "numbers"),
    [
        ("minute", "*/20", {0, 20, 40}),
        ("minute", "5", {5}),
        ("hour", "8-18/5", {8, 13, 18}),
        ("hour", "22-1", {22, 23, 0, 1}),
        ("day_of_week", "mon-fri", {1, 2, 3, 4, 5}),
        ("day_of_week", "Sun,6", {0, 6}),
        ("day_of_month", "1,15-16", {1, 15, 16}),
        ("month_of_year", "nov-feb", {11, 12, 1, 2}),
    ],
)
def test_the_notation(field: str, text: str, numbers: set[int]) -> None:
    assert expand(text, UNITS[field]) == numbers


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("minute", "60"),
        ("minute", "-1"),
        ("minute", ""),
        ("minute", "1,"),
        ("minute", " 1"),
        ("minute", "5/2"),
        ("minute", "*/0"),
        ("minute", "*/"),
        ("minute", "1-2-3"),
        ("minute", "٣"),
        ("hour", "24"),
        ("day_of_week", "7"),
        ("day_of_week", "jan"),
        ("day_of_month", "0"),
        ("month_of_year", "13"),
        ("month_of_year", "mon"),
    ],
)
def test_what_is_not_in_the_notation(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"crontab|step|range"):
        expand(text, UNITS[field])


@pytest.mark.parametrize(
    ("day", "month", "never"),
    [
        ("30", "2", True),
        ("29", "2", False),
        ("31", "4,6,9,11", True),
        ("31", "4-5", False),
        ("*", "2", False),
        ("1,31", "feb", False),
    ],
)
def test_days_that_never_come(day: str, month: str, never: bool) -> None:  # noqa: FBT001 - the example's column
    entry = Crontab(day_of_month=day, month_of_year=month)
    assert never_comes(entry) is never
    if never:
        with pytest.raises(ValueError, match="never occurs"):
            crontab(day_of_month=day, month_of_year=month)
    else:
        crontab(day_of_month=day, month_of_year=month)
