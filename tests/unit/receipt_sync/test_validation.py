from __future__ import annotations

import math
import pickle
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipt_sync import InvalidReceipt, validation
from receipt_sync.errors import shown, shown_name

ID = "53a99a7be4b094c7c6d31b41"
HEX_24 = "24 lower-case hex digits"
PRIVATE = "a-private-value"


def refused(check: Callable[[], object]) -> InvalidReceipt:
    with pytest.raises(InvalidReceipt) as caught:
        check()
    return caught.value


def everything_said_by(error: InvalidReceipt) -> str:
    return "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)])


# Ids ------------------------------------------------------------------------------------------------------------

NOT_IDS: list[tuple[object, str]] = [
    (None, "None"),
    ("", "str of length 0"),
    (ID[:-1], "str of length 23"),
    (ID + "0", "str of length 25"),
    (ID.upper(), "str of length 24"),
    (ID[:-1] + "g", "str of length 24"),
    (ID + "\n", "str of length 25"),
    (" " + ID[1:], "str of length 24"),
    ("٣" * 24, "str of length 24"),
    ("\uff11" * 24, "str of length 24"),
    ("../" * 8, "str of length 24"),
    (ID.encode(), "bytes of length 24"),
    ([ID], "list of length 1"),
    (53, "int 53"),
    (True, "bool True"),
    (1.5, "float 1.5"),
    (object(), "object"),
]


@pytest.mark.parametrize(("value", "found"), NOT_IDS)
@pytest.mark.parametrize("argument", ["dialog_id", "message_id", "up_to"])
def test_what_is_no_id_is_refused(argument: str, value: object, found: str) -> None:
    error = refused(lambda: validation.object_id(argument, value))
    assert (error.argument, error.found, error.expected) == (argument, found, HEX_24)
    assert str(error) == f"{argument}: expected {HEX_24}, got {found}"


@pytest.mark.parametrize("value", [ID, "0" * 24, "f" * 24])
def test_ids_are_taken_as_they_are(value: str) -> None:
    assert validation.object_id("dialog_id", value) == value


@given(st.text(max_size=30))
def test_an_id_is_24_hex_digits_or_refused(value: str) -> None:
    right = len(value) == 24 and set(value) <= set("0123456789abcdef")
    if right:
        assert validation.object_id("dialog_id", value) == value
    else:
        refused(lambda: validation.object_id("dialog_id", value))


LIST = "a list of 1 to 1000 message ids"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (ID, "str of length 24"),
        (f"{ID},{ID}", "str of length 49"),
        (ID.encode(), "bytes of length 24"),
        (7, "int 7"),
        (None, "None"),
        ([], "0 ids"),
        ((), "0 ids"),
        (set(), "0 ids"),
        ([f"{n:024x}" for n in range(1001)], "more than 1000 ids"),
        ((f"{n:024x}" for n in count()), "more than 1000 ids"),  # without end
    ],
)
def test_what_is_no_list_of_ids_is_refused(value: object, found: str) -> None:
    error = refused(lambda: validation.object_ids("message_ids", value))
    assert (error.argument, error.found, error.expected) == ("message_ids", found, LIST)


@pytest.mark.parametrize(("value", "found"), NOT_IDS)
def test_a_wrong_id_in_a_list_is_named_by_its_place(value: object, found: str) -> None:
    error = refused(lambda: validation.object_ids("message_ids", [ID, "0" * 24, value]))
    assert (error.argument, error.found, error.expected) == ("message_ids[2]", found, HEX_24)


def test_ids_of_a_list_keep_their_order_and_come_once() -> None:
    first, second = "f" * 24, "0" * 24
    assert validation.object_ids("message_ids", [first, second, first]) == (first, second)
    assert validation.object_ids("message_ids", iter([first, second])) == (first, second)
    assert set(validation.object_ids("message_ids", {first, second})) == {first, second}


def test_a_thousand_ids_are_allowed_and_repetitions_do_not_count() -> None:
    ids = [f"{n:024x}" for n in range(1000)]
    assert validation.object_ids("message_ids", ids + ids) == tuple(ids)


# Numbers --------------------------------------------------------------------------------------------------------

NOT_NUMBERS: list[tuple[object, str]] = [
    (True, "bool True"),
    (False, "bool False"),
    ("123", "str of length 3"),
    (b"123", "bytes of length 3"),
    (1.0, "float 1.0"),
    (math.nan, "float nan"),
    (math.inf, "float inf"),
    ([1], "list of length 1"),
    ({"id": 1}, "dict of length 1"),
    (-1, "int -1"),
    (2**63, "int 9223372036854775808"),
    (10**4000, "int a huge number"),
]


@pytest.mark.parametrize(("value", "found"), [*NOT_NUMBERS, (0, "int 0"), (None, "None")])
def test_what_is_no_user_is_refused(value: object, found: str) -> None:
    error = refused(lambda: validation.user_id(value))
    expected = "an integer from 1 to 9223372036854775807"
    assert (error.argument, error.found, error.expected) == ("user_id", found, expected)


@pytest.mark.parametrize(("value", "found"), [*NOT_NUMBERS, (2**53, "int 9007199254740992"), (None, "None")])
def test_what_is_no_revision_is_refused(value: object, found: str) -> None:
    error = refused(lambda: validation.revision(value))
    expected = "an integer from 0 to 9007199254740991"
    assert (error.argument, error.found, error.expected) == ("revision", found, expected)


def test_the_bounds_themselves_are_allowed() -> None:
    assert [validation.user_id(value) for value in (1, 2**63 - 1)] == [1, 2**63 - 1]
    assert [validation.revision(value) for value in (0, 2**53 - 1)] == [0, 2**53 - 1]


# Texts ----------------------------------------------------------------------------------------------------------

SIZE = validation.MAX_TEXT_BYTES


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", "str of length 0"),
        (None, "None"),
        (b"bytes", "bytes of length 5"),
        (["a"], "list of length 1"),
        ({"text": "a"}, "dict of length 1"),
        (True, "bool True"),
    ],
)
def test_what_is_no_text_is_refused(value: object, found: str) -> None:
    error = refused(lambda: validation.text(value, SIZE))
    assert (error.argument, error.found, error.expected) == ("text", found, "a text that is not empty")


@pytest.mark.parametrize(
    "char", [*map(chr, {*range(32), *range(0x7F, 0xA0)} - {9, 10}), *map(chr, [0xD800, 0xDBFF, 0xDC00, 0xDFFF])]
)
def test_control_characters_and_lone_surrogates_are_refused_by_place(char: str) -> None:
    error = refused(lambda: validation.text(f"ab{char}c", SIZE))
    assert error.argument == "text"
    assert error.found == f"U+{ord(char):04X} at position 2"
    assert error.expected == "no control characters but newline and tab, and no lone surrogates"


@pytest.mark.parametrize("value", ["a\nb\tc", " ", "👋🏽", "\u2028", "\u200b", "\ufeff", "\u0301", "\U0010ffff"])
def test_every_other_character_is_allowed(value: str) -> None:
    assert validation.text(value, SIZE) == value


@pytest.mark.parametrize(("char", "width"), [("a", 1), ("é", 2), ("€", 3), ("👋", 4)])
def test_the_size_is_counted_in_bytes_of_utf_8(char: str, width: int) -> None:
    assert validation.text(char * 10, 10 * width)
    error = refused(lambda: validation.text(char * 10, 10 * width - 1))
    assert (error.argument, error.found) == ("text", f"{10 * width} bytes")
    assert error.expected == f"at most {10 * width - 1} bytes of UTF-8"


@given(st.text(st.characters(), max_size=20), st.integers(1, 40))
def test_a_text_is_taken_whole_or_refused_without_being_shown(value: str, most: int) -> None:
    marked = f"{PRIVATE}{value}"
    try:
        assert validation.text(marked, most) == marked
    except InvalidReceipt as error:
        assert PRIVATE not in everything_said_by(error)  # noqa: PT017 - either end is right
    else:
        assert len(marked.encode()) <= most


# Tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", "str of length 0"),
        ("with space", "str of length 10"),
        ("line\r\nX-Header: 1", "str of length 17"),
        ("tab\t", "str of length 4"),
        ("newline\n", "str of length 8"),
        ("nul\x00", "str of length 4"),
        ("é", "str of length 1"),
        ("\x7f", "str of length 1"),
        ("t" * 4097, "str of length 4097"),
        (b"token", "bytes of length 5"),
        (None, "None"),
        (False, "bool False"),
    ],
)
def test_what_cannot_stand_in_a_header_is_no_token(value: object, found: str) -> None:
    error = refused(lambda: validation.token(value))
    assert (error.argument, error.found, error.expected) == ("token", found, "1 to 4096 visible ASCII characters")


@pytest.mark.parametrize("value", ["t", "t" * 4096, "eyJhbGciOi.J9-_~", "!~"])
def test_tokens_are_opaque(value: str) -> None:
    assert validation.token(value) == value


@pytest.mark.parametrize("value", [48_151_623, 48151623.5, f"{PRIVATE} ", PRIVATE.encode(), [PRIVATE], {PRIVATE: 1}])
def test_neither_a_token_nor_a_text_is_ever_shown_whatever_its_type(value: object) -> None:
    checks: list[Callable[[], object]] = [lambda: validation.token(value)]
    if not isinstance(value, str):
        checks.append(lambda: validation.text(value, SIZE))
    for check in checks:
        said = everything_said_by(refused(check))
        assert PRIVATE not in said
        assert "48151623" not in said.replace("_", "")


# Actors and applications ----------------------------------------------------------------------------------------


def test_nobody_is_no_actor() -> None:
    error = refused(lambda: validation.check_actor(None, None))
    assert (error.argument, error.found, error.expected) == ("user_id", "None", "a user_id, a token, or both")


@pytest.mark.parametrize(("user", "token"), [(1, None), (None, "t"), (1, "t")])
def test_a_user_a_token_or_both_are_an_actor(user: int | None, token: str | None) -> None:
    validation.check_actor(user, token)


@pytest.mark.parametrize(
    ("user", "token", "argument"), [(0, "t", "user_id"), (1, "", "token"), (False, None, "user_id")]
)
def test_each_half_of_an_actor_is_checked(user: Any, token: Any, argument: str) -> None:
    assert refused(lambda: validation.check_actor(user, token)).argument == argument


@pytest.mark.parametrize("value", ["", "Shop", "a_b", "a b", "{x}", "a:b", "a" * 33, "shop\n", None, 1, b"shop"])
def test_what_is_no_name_of_an_application_is_refused(value: object) -> None:
    error = refused(lambda: validation.application(value))
    assert (error.argument, error.expected) == ("application", "1 to 32 of a-z, 0-9 and '-'")


@pytest.mark.parametrize("value", ["default", "shop-2", "a" * 32, "0"])
def test_names_of_applications(value: str) -> None:
    assert validation.application(value) == value


# What errors say ------------------------------------------------------------------------------------------------


class Odd:
    """Whoever shows it is told off."""

    def __repr__(self) -> str:
        raise AssertionError("shown")

    def __iter__(self) -> Iterator[str]:
        return iter([])


@pytest.mark.parametrize("value", [Odd(), [Odd()], {1: Odd()}, (Odd(),)])
def test_values_are_never_represented(value: object) -> None:
    assert "Odd" in shown(value) or "length 1" in shown(value)


def test_a_name_that_the_caller_wrote_is_quoted_and_cut() -> None:
    assert shown_name("usr_id") == "'usr_id'"
    assert shown_name("x" * 41) == repr("x" * 40 + "…")


def test_the_error_is_a_value_error_and_survives_pickling() -> None:
    error = InvalidReceipt("user_id", "bool True", "an integer")
    assert isinstance(error, ValueError)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert (copy.argument, copy.found, copy.expected, str(copy)) == ("user_id", "bool True", "an integer", str(error))
