import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.worker.examples import TOKEN
from worker.answers import WORDS_MAX_CHARS, retry_after_s, words_of

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

# The bodies that are known of the API, with what a reader of a dead letter should find.
SAID = [
    ('{"errors":{"base":["Required session does not exist"]}}', "Required session does not exist"),
    ('{"errors":["Unauthorized"]}', "Unauthorized"),
    (
        '{"errors":["You don\'t have appropriate permissions to perform this operation"]}',
        "You don't have appropriate permissions to perform this operation",
    ),
    ('{"errors":["The resource wasn\'t found"]}', "The resource wasn't found"),
    ('{"errors":{"base":["Forbidden. Need user."]}}', "Forbidden. Need user."),
    ('{"errors":{"chat_dialog_id":["is invalid"]}}', "chat_dialog_id: is invalid"),
    (
        '{"errors":{"read":["must be 1","is odd"],"_id":["is unknown"]}}',
        "read: must be 1; read: is odd; _id: is unknown",
    ),
    ('{"errors":{"message":"is too long"}}', "is too long"),
    ('{"errors":{"dialog":"is closed"}}', "dialog: is closed"),
    ('{"errors":"Bad request"}', "Bad request"),
    (
        '{"code":null,"message":"Entity you are looking for was not found."}',
        "Entity you are looking for was not found.",
    ),
    ('{"code":7,"message":"No."}', "code: 7; No."),
    ('{"errors":null}', ""),
    ('{"errors":[]}', ""),
    ("{}", ""),
    ("null", ""),
    ('"plain words"', "plain words"),
    ("[1,true]", "1; True"),
    ("", ""),
    (" ", ""),
    ("Service Unavailable\r\n", "Service Unavailable"),
    ("<html>\n<body>\n<h1>502</h1>\n</body></html>", "<html> <body> <h1>502</h1> </body></html>"),
    ('{"errors":["cut off', '{"errors":["cut off'),
]


@pytest.mark.parametrize(("body", "words"), SAID)
def test_the_apis_words_are_found_in_every_form(body: str, words: str) -> None:
    assert words_of(body.encode()) == words


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00 no utf-8",
        b'{"errors":["\xff"]}',
        b"[" * 8192,
        b'{"errors":' * 800,
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
        b"9" * 8192,
        b"\x00" * 100,
    ],
    ids=["not UTF-8", "not UTF-8 in JSON", "deep", "deep and cut", "deep and whole", "a huge number", "zeros"],
)
def test_what_cannot_be_read_is_cut_and_kept(body: bytes) -> None:
    words = words_of(body)
    assert 0 < len(words) <= WORDS_MAX_CHARS


def test_words_are_one_short_line() -> None:
    words = words_of(json.dumps({"errors": ["a\nb\tc" * 1000]}).encode())
    assert len(words) == WORDS_MAX_CHARS
    assert "\n" not in words


def test_half_a_character_does_not_reach_the_ledger() -> None:
    # Servers that count in UTF-16 cut an emoji in half when they quote a text; Redis takes UTF-8 alone.
    words = words_of(rb'{"errors":["too long: hi \ud83d"]}')
    assert words.encode().startswith(b"too long: hi ")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"errors": {"message": ["'Grüße\nan alle' is too long"]}}).encode(),
        json.dumps({"errors": ["Grüße\nan alle"]}, ensure_ascii=False).encode(),
        "<p>Grüße\nan alle</p>".encode(),
        json.dumps({"Grüße\nan alle": "is no field"}).encode(),
    ],
)
def test_a_text_that_is_repeated_is_struck_out(body: bytes) -> None:
    words = words_of(body, ("Grüße\nan alle",))
    assert "Grüße" not in words
    assert "an alle" not in words
    assert "[struck out]" in words


def test_a_token_is_struck_out_even_where_the_text_is_a_part_of_it() -> None:
    words = words_of(json.dumps({"errors": [f"token {TOKEN} expired"]}).encode(), ("d", TOKEN))
    assert not [start for start in range(len(TOKEN) - 4) if TOKEN[start : start + 5] in words]
    assert "expire" in words


def test_without_private_values_nothing_is_struck_out() -> None:
    assert words_of(b"token") == "token"


@given(st.binary(max_size=8192))
@example(b'["\\ud800"]')
def test_any_body_gives_words_that_can_be_stored(body: bytes) -> None:
    words = words_of(body, ("secret",))
    assert len(words) <= WORDS_MAX_CHARS
    assert "secret" not in words
    words.encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(json_values)
def test_any_json_gives_words_that_can_be_stored(value: object) -> None:
    words_of(json.dumps({"errors": value}).encode()).encode()
    words_of(json.dumps(value).encode()).encode()


# Retry-After ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("007", 7),
        ("0000000000000120", 120),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sunday, 01-Mar-26 12:01:30 GMT", 90),
        ("Sun Mar  1 12:01:30 2026", 90),
        ("Sun, 01 Mar 2026 13:01:30 +0100", 90),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 90),
        ("01 Mar 2026 12:01:30", 90),
        ("Sun, 01 Mar 2026 11:59:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ],
)
def test_seconds_and_dates_are_understood(value: str, wait_s: float) -> None:
    assert retry_after_s(value, NOW) == wait_s


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "soon",
        "-5",
        "+5",
        "1.5",
        "1e3",
        "inf",
        "nan",
        "0x10",
        "1_000",
        "٣",
        "²",
        "Sun, 99 Mar 2026 12:00:00 GMT",
        "Sun, 01 Mar 2026 25:00:00 GMT",
        "Sun, 01 Mar 99999999999999999999 12:00:00 GMT",
        "Sun, 01 Mar 2026 12:00:00 +99999999999999",
        "Sun, 01 Mar 2026 12:00:00 -9999",
        "2026-03-01T12:00:00Z",
    ],
)
def test_what_is_neither_is_as_if_it_had_not_come(value: str | None) -> None:
    assert retry_after_s(value, NOW) is None


def test_absurdly_many_digits_are_a_long_time_and_no_error() -> None:
    wait_s = retry_after_s("9" * 5000, NOW)
    assert wait_s is not None
    assert 10**11 <= wait_s < 10**12


@given(st.text(st.characters(codec="latin-1"), max_size=80))
def test_any_header_gives_a_time_or_none(value: str) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or wait_s >= 0


date_like = st.tuples(
    st.sampled_from(["Sun, ", "Sunday, ", "Sun ", ""]),
    st.integers(-1, 10**20).map(str),
    st.sampled_from([" Mar ", "-Mar-", " March ", " 13 "]),
    st.integers(-1, 10**20).map(str),
    st.sampled_from([" ", "  ", "T"]),
    st.from_regex(r"[0-9]{0,20}:[0-9]{0,20}(:[0-9]{0,20})?", fullmatch=True),
    st.sampled_from([" GMT", " +", " -", " EST", ""]),
    st.from_regex(r"[0-9]{0,12}", fullmatch=True),
).map("".join)


@given(date_like)
@example("Sun, 01 Mar 99999999999999999999 12:00:00 GMT")
def test_anything_that_looks_like_a_date_gives_a_time_or_none(value: str) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or wait_s >= 0


@given(st.integers(0, 10**6), st.integers(-12, 12))
def test_a_date_of_any_zone_asks_for_its_distance(distance_s: int, hours: int) -> None:
    at = (NOW + timedelta(seconds=distance_s)).astimezone(timezone(timedelta(hours=hours)))
    assert retry_after_s(format_datetime(at), NOW) == distance_s


@given(st.integers(0, 10**12 - 1))
def test_seconds_are_taken_as_they_are(seconds: int) -> None:
    assert retry_after_s(str(seconds), NOW) == seconds
