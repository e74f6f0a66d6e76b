import pytest

from sandbox.bodies import count, flag, flat, object_id, read_fields, texts, user_id, user_ids
from sandbox.errors import ApiError

FORM = "application/x-www-form-urlencoded"
ID = "53aabe15e4b077ddd43e7fd3"


def test_json_and_form_say_the_same() -> None:
    assert read_fields("application/json; charset=utf-8", b'{"read":"1","chat_dialog_id":"d"}') == {
        "read": "1",
        "chat_dialog_id": "d",
    }
    assert read_fields(FORM, b"read=1&chat_dialog_id=d") == {"read": "1", "chat_dialog_id": "d"}


def test_a_form_carries_blanks_escapes_and_lists() -> None:
    fields = read_fields(FORM, b"message=a%26b+%C3%A9&name=&occupants_ids[]=1&occupants_ids[]=2")
    assert fields == {"message": "a&b é", "name": "", "occupants_ids": ["1", "2"]}


def test_no_body_has_no_fields() -> None:
    assert read_fields("application/json", b"") == {}


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'"text"', b"null", b"\xff", b"[" * 100_000])
def test_unreadable_json_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        read_fields("application/json", raw)
    assert (refusal.value.status, refusal.value.document) == (400, {"errors": ["Bad request"]})


@pytest.mark.parametrize("raw", [b"message=\xff", b"message=%FF"])
def test_a_form_that_is_not_utf_8_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        read_fields(FORM, raw)
    assert refusal.value.status == 400


def test_nested_fields_flatten_to_the_names_of_a_form() -> None:
    assert flat({"nonce": 7, "user": {"login": "a", "deep": {"x": True}}}) == {
        "nonce": "7",
        "user[login]": "a",
        "user[deep][x]": "true",
    }


@pytest.mark.parametrize(("value", "marked"), [(1, True), ("1", True), (0, False), ("0", False), (None, False)])
def test_a_flag_is_one_as_number_or_text(value: object, marked: object) -> None:
    assert flag({"read": value}, "read") is marked


@pytest.mark.parametrize("value", [True, False, 2, "true", "", [1], {}])
def test_any_other_flag_is_refused(value: object) -> None:
    with pytest.raises(ApiError) as refusal:
        flag({"read": value}, "read")
    assert refusal.value.document == {"errors": {"read": ["must be 1"]}}


def test_an_object_id_is_24_lower_case_hex_digits() -> None:
    assert object_id(ID, "_id") == ID


@pytest.mark.parametrize("value", [ID.upper(), ID[:-1], ID + "0", ID + "\n", "g" * 24, 5, ["x"], None, ""])
def test_any_other_object_id_is_refused(value: object) -> None:
    with pytest.raises(ApiError) as refusal:
        object_id(value, "chat_dialog_id")
    assert refusal.value.status == 422
    assert "chat_dialog_id" in str(refusal.value.document)


@pytest.mark.parametrize("value", [1, "1", "0001", 2**63 - 1])
def test_a_user_id_is_a_positive_63_bit_integer(value: object) -> None:
    assert user_id(value, "user_id") == int(str(value))


@pytest.mark.parametrize("value", [0, -1, 2**63, "9" * 30, "1.5", "x", "", None, True, 1.0, "\u0661"])
def test_any_other_user_id_is_refused(value: object) -> None:
    with pytest.raises(ApiError):
        user_id(value, "user_id")


def test_user_ids_come_as_list_or_comma_list() -> None:
    assert user_ids([1, "2"], "occupants_ids") == user_ids("1,2", "occupants_ids") == [1, 2]
    assert user_ids(None, "occupants_ids") == []
    with pytest.raises(ApiError):
        user_ids(7, "occupants_ids")


def test_a_count_of_a_query_is_cut_to_the_largest_and_refused_when_it_is_none() -> None:
    assert count({"limit": "500"}, "limit", 100, 100) == 100
    assert count({"limit": "9" * 5_000}, "limit", 100, 100) == 100
    assert count({"limit": "0" * 5_000 + "7"}, "limit", 100, 100) == 7
    assert count({}, "skip", 0, 9) == 0
    with pytest.raises(ApiError):
        count({"skip": "-1"}, "skip", 0, 9)


def test_half_a_surrogate_pair_cannot_be_read_and_a_whole_one_can() -> None:
    assert read_fields("application/json", rb'{"message": "\ud83d\ude00"}') == {"message": "\U0001f600"}
    with pytest.raises(ApiError) as refused:
        read_fields("application/json", rb'{"message": "\ud83d"}')
    assert refused.value.status == 400


def test_texts_are_those_that_are_there_and_are_texts() -> None:
    assert texts({"login": "ann", "age": 5}, ("login", "email")) == {"login": "ann"}
    with pytest.raises(ApiError) as refused:
        texts({"login": 5}, ("login",))
    assert (refused.value.status, refused.value.document) == (422, {"errors": {"login": ["must be a text"]}})
