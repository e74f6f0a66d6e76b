"""What the API answers: success, refusals and their bodies, and what can only be met by chance."""

from __future__ import annotations

from tests.contract.facts.chat import Heard
from tests.contract.facts.fact import UNKNOWN, A, B, C, CannotTryError, equal, fact, hold
from tests.contract.facts.of_requests import NOBODY
from tests.contract.facts.stage import Stage

_FRONT_SERVERS = 500
_THROTTLED = 429


@fact(A, "a PUT that was accepted is answered 200 with an empty body")
def success_is_an_empty_200(stage: Stage) -> None:
    heard = stage.put(stage.talk(1), read="1")
    equal((heard.status, heard.body.decode(errors="replace")), (200, ""))


@fact(A, "an unknown token is answered 401")
def an_unknown_token_is_a_401(stage: Stage) -> str:
    heard = _unknown_token(stage)
    equal(heard.status, 401)
    return heard.said


@fact(B, "an unknown token is told `Required session does not exist`, in a mapping")
def an_unknown_token_has_its_words(stage: Stage) -> None:
    equal(_unknown_token(stage).document, {"errors": {"base": ["Required session does not exist"]}})


def _unknown_token(stage: Stage) -> Heard:
    return stage.chat.call("GET", "/chat/Dialog.json", headers={"QB-Token": "0" * 40})


@fact(C, "an unknown API key is answered 401")
def an_unknown_key_is_a_401(stage: Stage) -> str:
    headers = {"Authorization": "ApiKey unknown", "On-Behalf-Of": str(stage.reader.user_id)}
    heard = stage.chat.call("GET", "/chat/Dialog.json", headers=headers)
    equal(heard.status, 401)
    return heard.said


@fact(B, "a wrong password is answered 401 with `Unauthorized`, in a list")
def a_wrong_password_is_a_401(stage: Stage) -> None:
    reader, _ = stage.logins()
    wrong = type(reader)(reader.application_id, reader.auth_key, reader.auth_secret, reader.login, "wrong " * 3)
    heard = stage.open(stage.signed(wrong))
    equal((heard.status, heard.document), (401, {"errors": ["Unauthorized"]}))


@fact(B, "a dialog of others is answered 403, its words in a list")
def a_dialog_of_others_is_a_403(stage: Stage) -> None:
    heard = stage.put(stage.talk(1, alone=True), read="1")
    words = "You don't have appropriate permissions to perform this operation"
    equal((heard.status, heard.document), (403, {"errors": [words]}))


@fact(B, "a message that does not exist is answered 404, its words in a list")
def an_unknown_message_is_a_404(stage: Stage) -> None:
    heard = stage.put(stage.talk(1), NOBODY, read="1")
    equal((heard.status, heard.document), (404, {"errors": ["The resource wasn't found"]}))


@fact(B, "a session without a user is answered 422 with `Forbidden. Need user.`, in a mapping")
def no_user_is_a_422(stage: Stage) -> None:
    opened = stage.open(stage.signed(None))
    hold(opened.is_good, opened.short)
    token = opened.document["session"]["token"]
    heard = stage.chat.call("GET", "/chat/Dialog.json", headers={"QB-Token": token})
    equal((heard.status, heard.document), (422, {"errors": {"base": ["Forbidden. Need user."]}}))


@fact(B, "a wrong field is answered 422, in a mapping from fields to lists")
def a_wrong_field_is_a_422(stage: Stage) -> str:
    body = {"type": 9, "occupants_ids": str(stage.reader.user_id)}
    heard = stage.chat.call("POST", "/chat/Dialog.json", headers=stage.headers(stage.sender), body=body)
    errors = heard.document.get("errors") if isinstance(heard.document, dict) else None
    in_lists = isinstance(errors, dict) and all(isinstance(words, list) for words in errors.values())
    hold(heard.status == 422 and in_lists, heard.short)
    return heard.said


@fact(B, "answers carry X-Request-Id")
def answers_carry_a_request_id(stage: Stage) -> str:
    stage.get("/chat/Dialog.json", limit="1")
    those = sum("X-Request-Id" in heard.headers for heard in stage.chat.heard)
    hold(2 * those > len(stage.chat.heard), f"{those} of {len(stage.chat.heard)}")
    return f"{those} of {len(stage.chat.heard)}"


@fact(UNKNOWN, "a 429 carries Retry-After")
def a_429_says_when_to_come_back(stage: Stage) -> str:
    throttled = [heard for heard in stage.chat.heard if heard.status == _THROTTLED]
    if not throttled:
        raise CannotTryError("no call was answered 429, and none is provoked")
    hold(all("Retry-After" in heard.headers for heard in throttled), "without")
    return str(throttled[0].headers["Retry-After"])


@fact(C, "a 5xx comes from a front server, as HTML or text")
def a_5xx_is_no_json(stage: Stage) -> str:
    failed = [heard for heard in stage.chat.heard if heard.status >= _FRONT_SERVERS]
    if not failed:
        raise CannotTryError("no call was answered with a 5xx")
    kinds = ", ".join(sorted({heard.headers.get("Content-Type", "no type") for heard in failed}))
    hold("json" not in kinds, kinds)
    return kinds
