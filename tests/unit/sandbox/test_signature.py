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
    return Gate(Account(auth_key="demo-key", auth_secret=SECRET, application_id=22), Sessions(), Users())


def test_the_signature_of_an_application_session_is_the_recomputed_one() -> None:
    assert signature(SECRET, APPLICATION) == OF_APPLICATION


def test_a_nested_user_is_signed_under_the_names_of_a_form_with_raw_values() -> None:
    assert signature(SECRET, APPLICATION | {"user": USER}) == OF_USER
    form = {name: str(value) for name, value in APPLICATION.items()}
    assert signature(SECRET, form | {"user[login]": "alice", "user[password]": "p&ss=w d"}) == OF_USER


def test_the_signature_itself_is_not_signed() -> None:
    assert signature(SECRET, APPLICATION | {"signature": "whatever"}) == OF_APPLICATION


def test_a_signed_request_opens_a_session_without_a_user() -> None:
    session, document = gate().open_session(APPLICATION | {"signature": OF_APPLICATION}, Faults())
    shown = document["session"]
    assert session.user_id is None
    assert shown["token"] == session.token
    assert (shown["nonce"], shown["ts"], shown["application_id"]) == (33432, 1326966962, 22)


def test_a_login_seen_first_becomes_a_user_and_its_password_counts_from_then_on() -> None:
    door = gate()
    fields = APPLICATION | {"user": USER, "signature": OF_USER}
    first, _ = door.open_session(fields, Faults())
    again, _ = door.open_session(fields, Faults())
    assert first.user_id == again.user_id is not None
    wrong = APPLICATION | {"user": {"login": "alice", "password": "other"}}
    with pytest.raises(ApiError) as refusal:
        door.open_session(wrong | {"signature": signature(SECRET, wrong)}, Faults())
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
