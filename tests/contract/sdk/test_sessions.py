"""Sessions: of the application, of a user, looked at, logged into and out of, destroyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.client import SandboxClient
from tests.contract.sdk.client import Sdk, SdkError, SdkUser


def test_the_client_is_the_one_that_is_pinned(sdk: Sdk) -> None:
    assert sdk.version == "2.23.0"


def test_a_session_of_the_application_has_no_user(sdk: Sdk) -> None:
    session = sdk.user("nobody")("createSession")
    assert (session["application_id"], session["user_id"]) == (1, 0)
    with pytest.raises(SdkError) as refusal:
        sdk.user("nobody")("chat.dialog.list", {})
    assert (refusal.value.code, refusal.value.said) == (422, {"errors": {"base": ["Forbidden. Need user."]}})


def test_a_session_of_a_user_is_the_users(ann: SdkUser, bob: SdkUser) -> None:
    assert ann.id != bob.id
    shown = ann("getSession")["session"]
    assert (shown["user_id"], shown["application_id"]) == (ann.id, 1)


def test_the_client_reads_when_the_session_ends(sdk: Sdk, ann: SdkUser) -> None:
    ann("getSession")
    ends = datetime.fromisoformat(sdk.session_ends)
    # It takes off a minute, and the sandbox grants two hours.
    assert abs(ends - datetime.now(UTC) - timedelta(minutes=119)) < timedelta(minutes=1)


def test_a_user_logs_into_a_session_of_the_application_and_out_of_it(sdk: Sdk, ann: SdkUser) -> None:
    guest = sdk.user("guest")
    guest("createSession")
    assert guest("login", {"login": "ann", "password": "secret"})["id"] == ann.id
    assert guest("getSession")["session"]["user_id"] == ann.id
    assert guest("logout") == ""
    assert guest("getSession")["session"]["user_id"] == 0


def test_a_destroyed_session_is_refused(sdk: Sdk) -> None:
    leaver = sdk.user("leaver").log_in()
    token = leaver("getSession")["session"]["token"]
    assert leaver("destroySession") == ""
    with pytest.raises(SdkError) as refusal:
        leaver("startSessionWithToken", token)
    assert refusal.value.code == 401
    assert refusal.value.said == {"errors": {"base": ["Required session does not exist"]}}


def test_a_wrong_password_is_refused(sdk: Sdk, ann: SdkUser) -> None:  # noqa: ARG001 - ann's password is known by now
    with pytest.raises(SdkError) as refusal:
        sdk.user("thief")("createSession", {"login": "ann", "password": "guessed"})
    assert (refusal.value.code, refusal.value.said) == (401, {"errors": ["Unauthorized"]})


def test_the_client_signs_a_form(control: SandboxClient, sdk: Sdk) -> None:
    sdk.user("signer").log_in()
    opened = [call for call in control.journal() if (call.method, call.path) == ("POST", "/session.json")]
    assert opened[-1].headers["qb-sdk"] == f"JS {sdk.version} - Client"
    assert opened[-1].headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "user[login]=" in opened[-1].body
