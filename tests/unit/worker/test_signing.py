"""The signed request. What is signed stands in QuickBlox' documentation, with these very examples.

It gives no secret with them, so the digests were made with another tool:
printf '%s' 'name=value&…' | openssl dgst -sha1 -hmac shh
"""

from __future__ import annotations

import pytest

from worker.signing import Credentials, Parameters, session_request, signature, signed_text

SECRET = "shh"
ANN = Credentials("22", "wJHd4cQSxpQGWx5", SECRET, "amigo30", "amigo30pass")
OF_APPLICATION: Parameters = {
    "application_id": "22",
    "auth_key": "wJHd4cQSxpQGWx5",
    "timestamp": "1326966962",
    "nonce": "33432",
}
DOCUMENTED = "application_id=22&auth_key=wJHd4cQSxpQGWx5&nonce=33432&timestamp=1326966962"
DOCUMENTED_WITH_USER = f"{DOCUMENTED}&user[login]=amigo30&user[password]=amigo30pass"


def test_what_is_signed_is_what_the_documentation_says() -> None:
    assert signed_text(OF_APPLICATION) == DOCUMENTED
    user = {"password": "amigo30pass", "login": "amigo30"}
    assert signed_text({"user": user, **OF_APPLICATION}) == DOCUMENTED_WITH_USER


@pytest.mark.parametrize(
    ("user", "digest"),
    [
        ({}, "37379ea2eeeb4a9c5da2af424e3bbac863683a0c"),
        ({"login": "amigo30", "password": "amigo30pass"}, "3d9972addb084354b768904d30a9b66bf54bb28f"),
        ({"email": "ann@example.com", "password": "p&ss=w d"}, "6ec885ad600e4e43b0458527d245116444d09f12"),
        ({"login": "ann", "password": "pässwörd"}, "245b405f7fc27cac7532a00b7a498fa9c4914cf0"),
    ],
    ids=["application", "user", "raw values", "UTF-8"],
)
def test_the_signature_is_the_one_that_another_tool_computes(user: Parameters, digest: str) -> None:
    assert signature(SECRET, {**OF_APPLICATION, "user": user}) == digest


def test_the_request_of_a_user() -> None:
    assert session_request(ANN, 1326966962, 33432) == {
        **OF_APPLICATION,
        "user": {"login": "amigo30", "password": "amigo30pass"},
        "signature": "3d9972addb084354b768904d30a9b66bf54bb28f",
    }


def test_a_login_with_an_at_sign_is_an_address() -> None:
    request = session_request(Credentials("22", "key", SECRET, "ann@example.com", "secret"), 1, 2)
    assert request["user"] == {"email": "ann@example.com", "password": "secret"}


def test_the_secret_does_not_travel_and_nothing_shows() -> None:
    assert SECRET not in str(session_request(ANN, 1326966962, 33432))
    assert not any(part in repr(ANN) for part in ("wJHd4cQSxpQGWx5", SECRET, "amigo30"))
