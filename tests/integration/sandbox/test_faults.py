"""Every fault, over HTTP."""

from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient, SandboxError
from tests.integration.sandbox.chat import (
    ALL,
    DIALOG,
    FIRST,
    LAST,
    READER,
    SECOND,
    SENDER,
    UNKNOWN,
    Chat,
    by_key,
    by_token,
)
from tests.running import until

WAIT_S = 20.0


def html(answer: Any) -> tuple[int, bool]:
    assert answer.headers["X-Request-Id"]
    return answer.status_code, answer.headers["Content-Type"] == "text/html" and answer.text.startswith("<html>")


def marked(sandbox: SandboxClient) -> bool:
    return READER in sandbox.message(FIRST)["read_ids"]


def test_latency_and_jitter_hold_the_answer_back(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(latency_ms=60, latency_jitter_ms=20)
    chat.put(read=1)
    [call] = sandbox.journal()
    assert call.ended is not None
    assert call.ended - call.arrived >= 0.055


def test_beyond_the_rate_calls_answer_429(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(rate_per_s=3)
    statuses = [chat.put(read=1).status_code for _ in range(12)]
    assert statuses[:3] == [200] * 3
    counts = sandbox.counts()
    assert 429 in statuses
    assert counts["peak_accepted_per_s"] == 3 < counts["peak_per_s"]


def test_a_throttled_call_carries_retry_after_as_given(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(throttle=True, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
    answer = chat.put(read=1)
    assert html(answer) == (429, True)
    assert answer.headers["Retry-After"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert not marked(sandbox)


def test_without_retry_after_there_is_no_such_header(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(throttle=True)
    assert "Retry-After" not in chat.put(read=1).headers


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
def test_errors_come_from_a_front_server(chat: Chat, sandbox: SandboxClient, status: int) -> None:
    sandbox.faults(error_share=1.0, error_status=status, retry_after="7")
    answer = chat.put(read=1)
    assert html(answer) == (status, True)
    assert answer.headers["Retry-After"] == "7"
    assert not marked(sandbox)


def test_a_share_of_errors_is_about_that_share(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(error_share=0.5)
    statuses = {chat.put(read=1).status_code for _ in range(60)}
    assert statuses == {200, 503}


def test_an_outage_touches_every_chat_call_and_no_control_call(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(outage=True)
    assert html(chat.put(read=1)) == (503, True)
    assert html(chat.get("/chat/Dialog.json")) == (503, True)
    assert html(chat.call("POST", "/session.json", {})) == (503, True)
    assert sandbox.health() == {"status": "ok"}
    assert not marked(sandbox)


@pytest.mark.parametrize("applies", [False, True])
def test_a_hung_call_is_visible_and_ends_when_its_caller_goes(
    chat: Chat, sandbox: SandboxClient, *, applies: bool
) -> None:
    sandbox.faults(hang_share=1.0, hang_applies=applies)
    with chat.sent(read=1) as connection:
        [call] = sandbox.journal(wait_s=WAIT_S)
        assert (call.ended, call.status) == (None, None)
        assert sandbox.counts()["open"] == 1
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
    counts = sandbox.counts(idle_s=WAIT_S)
    assert (counts["open"], counts["by_status"], counts["applied"]) == (0, {"none": 1}, int(applies))
    [call] = sandbox.journal()
    assert (call.status, call.applied, call.body) == (None, applies, f'{{"chat_dialog_id": "{DIALOG}", "read": 1}}')
    assert call.ended is not None
    assert marked(sandbox) is applies


def test_a_hung_call_may_be_carried_out_after_its_caller_has_gone(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(hang_share=1.0, hang_applies=True, lands_after_ms=3_000.0)
    with chat.sent(read=1):
        assert sandbox.journal(wait_s=WAIT_S)
    gone = sandbox.counts(idle_s=WAIT_S)
    assert (gone["open"], gone["applied"]) == (0, 0)
    assert not marked(sandbox)
    until(lambda: sandbox.journal()[0].applied, "the sandbox's own clock lets it land")
    [call] = sandbox.journal()
    assert call.applied_at is not None
    assert call.ended is not None
    assert call.applied_at - call.arrived > 2.99  # two clocks
    assert call.applied_at > call.ended
    assert marked(sandbox)


@pytest.mark.parametrize("applies", [False, True])
def test_a_reset_call_is_cut_by_tcp(chat: Chat, sandbox: SandboxClient, *, applies: bool) -> None:
    sandbox.faults(reset_share=1.0, reset_applies=applies)
    with chat.sent(read=1) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert sandbox.counts(idle_s=WAIT_S)["by_status"] == {"none": 1}
    [call] = sandbox.journal()
    assert (call.status, call.applied) == (None, applies)
    assert marked(sandbox) is applies


def test_a_reset_reaches_an_ordinary_client_as_a_connection_error(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(reset_share=1.0, first_n=1)
    with pytest.raises(requests.ConnectionError):
        chat.put(read=1)
    assert chat.put(read=1).status_code == 200


def test_first_n_hits_the_next_calls_and_switches_itself_off(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(outage=True, first_n=2, editors="anyone")
    assert [chat.put(read=1).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert chat.put(FIRST, message="x").status_code == 200


def test_a_refused_key_stops_key_calls_alone(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(key_refused=True)
    answer = chat.put(read=1)
    assert (answer.status_code, answer.json()) == (401, {"errors": ["Unauthorized"]})
    assert chat.put(read=1, who=by_token(sandbox.session(READER))).status_code == 200


def test_expired_tokens_stop_those_tokens_alone(chat: Chat, sandbox: SandboxClient) -> None:
    one, other = sandbox.session(READER, "one"), sandbox.session(READER)
    sandbox.faults(expired_tokens=[one])
    answer = chat.put(read=1, who=by_token(one))
    assert (answer.status_code, answer.json()) == (401, {"errors": {"base": ["Required session does not exist"]}})
    assert chat.put(read=1, who=by_token(other)).status_code == 200
    sandbox.clear_faults()
    assert chat.put(read=1, who=by_token(one)).status_code == 200


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500])
def test_rejected_ids_and_dialogs_answer_the_wanted_status(chat: Chat, sandbox: SandboxClient, status: int) -> None:
    sandbox.faults(rejected_ids=[FIRST], rejected_status=status)
    answers = [chat.put(FIRST, read=1), chat.get(f"/chat/Message/{FIRST}.json")]
    assert chat.put(SECOND, read=1).status_code == 200
    sandbox.faults(rejected_dialogs=[DIALOG], rejected_status=status)
    answers += [chat.put(read=1), chat.put(FIRST, read=1), chat.get(f"/chat/Dialog/{DIALOG}.json")]
    assert [answer.status_code for answer in answers] == [status] * 5
    assert all(answer.json()["errors"] for answer in answers)
    assert not marked(sandbox)


@pytest.mark.parametrize("bad", [UNKNOWN, LAST])
def test_a_list_with_a_bad_id_is_refused_as_a_whole(chat: Chat, sandbox: SandboxClient, bad: str) -> None:
    sandbox.faults(rejected_ids=[LAST])
    assert chat.put(f"{FIRST},{bad}", read=1).status_code == 404
    assert not marked(sandbox)


def test_a_list_with_a_bad_id_can_be_applied_to_the_others(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(rejected_ids=[LAST], list_with_bad_id="skip")
    assert chat.put(f"{ALL},{UNKNOWN}", read=1).status_code == 200
    assert [READER in sandbox.message(one)["read_ids"] for one in (FIRST, SECOND, LAST)] == [True, True, False]
    assert chat.put(f"{LAST},{UNKNOWN}", read=1).status_code == 404
    assert chat.put(UNKNOWN, read=1).status_code == 404


def test_anyone_may_edit_when_asked_for(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(editors="anyone")
    assert chat.put(FIRST, message="by the reader").status_code == 200
    assert sandbox.message(FIRST)["message"] == "by the reader"


def test_stray_text_can_be_ignored(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(stray_text="ignore")
    assert chat.put(message="stray", read=1, who=by_key(SENDER)).status_code == 200
    assert chat.put(f"{FIRST},{SECOND}", message="stray", read=1).status_code == 200
    assert sandbox.message(FIRST)["message"] == "one"
    assert marked(sandbox)


def test_a_put_replaces_the_whole_set(sandbox: SandboxClient) -> None:
    sandbox.faults(latency_ms=5, throttle=True)
    shown = sandbox.faults(retry_after="1")
    assert (shown["latency_ms"], shown["throttle"], shown["retry_after"]) == (0, False, "1")


@pytest.mark.parametrize("fields", [{"latencyms": 1}, {"throttle": "yes"}, {"rejected_status": 418}])
def test_a_wrong_field_is_named_and_the_set_in_force_stays(
    chat: Chat, sandbox: SandboxClient, fields: dict[str, object]
) -> None:
    sandbox.faults(throttle=True)
    with pytest.raises(SandboxError, match=f"422.*{next(iter(fields))}"):
        sandbox.faults(**fields)
    assert chat.put(read=1).status_code == 429
