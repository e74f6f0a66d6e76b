"""The signed request that opens a session.

The expected digests were made with another tool: printf '%s' 'name=value&…' | openssl dgst -sha1 -hmac shh
"""

import pytest

from sandbox.auth import Account, Gate, signature
from sandbox.errors import ApiError
from sandbox.faults import Faults
from sandbox.sessions import Sessions
from sandbox.users import Users

SECRET = "shh"
APPLICATION = {"application_id": 22, "auth_key": "demo-key", "nonce": 33432, "timestamp": 1326966962}
USER = {"login": "alice", "password": "p&ss=w d"}
OF_APPLICATION = "69a05f28023aaf6bf21eda831ee9287974d432d0"
OF_USER = "c2a2390211265efc0e1b0e4bd02c37eb4d103f37"


def gate() -> Gate:
    account = Account(auth_key="demo-key", auth_secret=SECRET, application_id=22)
    return Gate(account, Sessions(), Users(), clock=lambda: 1326966962.0)


def signed(**fields: object) -> dict[str, object]:
    request = APPLICATION | fields
    return request | {"signature": signature(SECRET, request)}


def test_the_signature_of_an_application_session_is_the_recomputed_one() -> None:
    assert signature(SECRET, APPLICATION) == OF_APPLICATION


def test_a_nested_user_is_signed_under_the_names_of_a_form_with_raw_values() -> None:
    assert signature(SECRET, APPLICATION | {"user": USER}) == OF_USER
    form = {name: str(value) for name, value in APPLICATION.items()}
    assert signature(SECRET, form | {"user[login]": "alice", "user[password]": "p&ss=w d"}) == OF_USER


def test_the_signature_itself_is_not_signed() -> None:
    assert signature(SECRET, APPLICATION | {"signature": "whatever"}) == OF_APPLICATION


def test_a_signed_request_opens_a_session_without_a_user() -> None:
    session = gate().open_session(APPLICATION | {"signature": OF_APPLICATION}, Faults())
    shown = session.document(22)
    assert session.user_id is None
    assert (shown["token"], shown["user_id"]) == (session.token, 0)
    assert (shown["nonce"], shown["ts"], shown["application_id"]) == (33432, 1326966962, 22)


def test_a_login_seen_first_becomes_a_user_and_its_password_counts_from_then_on() -> None:
    door = gate()
    first = door.open_session(APPLICATION | {"user": USER, "signature": OF_USER}, Faults())
    again = door.open_session(signed(user=USER, nonce=2), Faults())
    assert first.user_id == again.user_id is not None
    with pytest.raises(ApiError) as refusal:
        door.open_session(signed(user={"login": "alice", "password": "other"}, nonce=3), Faults())
    assert (refusal.value.status, refusal.value.document) == (401, {"errors": ["Unauthorized"]})


def test_a_login_never_seen_is_a_bad_login_when_users_are_not_created() -> None:
    with pytest.raises(ApiError) as refusal:
        gate().open_session(APPLICATION | {"user": USER, "signature": OF_USER}, Faults(unknown_users="reject"))
    assert refusal.value.status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"signature": OF_USER}, "base"),
        ({"nonce": 1}, "base"),
        ({"application_id": 23}, "application_id"),
        ({"auth_key": "other"}, "auth_key"),
        ({"timestamp": ""}, "timestamp"),
    ],
)
def test_a_wrong_field_or_signature_is_refused_by_name(change: dict[str, object], field: str) -> None:
    with pytest.raises(ApiError) as refusal:
        gate().open_session(APPLICATION | {"signature": OF_APPLICATION} | change, Faults())
    assert refusal.value.status == 422
    assert isinstance(refusal.value.document, dict)
    assert list(refusal.value.document["errors"]) == [field]


@pytest.mark.parametrize("off_s", [-3601, 3601, 10**9])
def test_a_timestamp_more_than_an_hour_off_is_bad(off_s: int) -> None:
    with pytest.raises(ApiError) as refusal:
        gate().open_session(signed(timestamp=1326966962 + off_s), Faults())
    assert (refusal.value.status, refusal.value.document) == (422, {"errors": {"base": ["Bad timestamp"]}})


@pytest.mark.parametrize("off_s", [-3600, 3600])
def test_a_timestamp_an_hour_off_is_taken(off_s: int) -> None:
    gate().open_session(signed(timestamp=1326966962 + off_s), Faults())


def test_a_nonce_counts_once_for_its_timestamp() -> None:
    door = gate()
    door.open_session(signed(), Faults())
    door.open_session(signed(timestamp=1326966963), Faults())
    with pytest.raises(ApiError) as refusal:
        door.open_session(signed(), Faults())
    assert (refusal.value.status, list(refusal.value.document["errors"])) == (422, ["nonce"])  # type: ignore[index]


def test_how_long_sessions_live_can_be_turned() -> None:
    session = gate().open_session(signed(user=USER), Faults(session_lifetime_s=4, session_slides=False))
    assert (session.lifetime_s, session.slides) == (4, False)
