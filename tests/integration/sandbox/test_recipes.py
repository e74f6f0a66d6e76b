"""Every recipe of the documentation's page "Update Message", with both kinds of credentials and of bodies."""

import pytest

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import ALL, DIALOG, FIRST, LAST, READER, SECOND, SENDER, Chat, by_key, by_token

MARKS = {"read": "read_ids", "delivered": "delivered_ids"}


def holders(sandbox: SandboxClient, array: str) -> dict[str, list[int]]:
    return {one: sandbox.message(one)[array] for one in (FIRST, SECOND, LAST)}


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("value", [1, "1"], ids=["number", "text"])
@pytest.mark.parametrize("mark", MARKS)
def test_mark_one_message(
    chat: Chat, sandbox: SandboxClient, reader: dict[str, str], *, mark: str, value: object, form: bool
) -> None:
    answer = chat.put(FIRST, who=reader, form=form, **{mark: value})
    assert (answer.status_code, answer.content) == (200, b"")
    assert holders(sandbox, MARKS[mark]) == {FIRST: [SENDER, READER], SECOND: [SENDER], LAST: [SENDER]}
    other = next(array for name, array in MARKS.items() if name != mark)
    assert holders(sandbox, other) == {key: [SENDER] for key in (FIRST, SECOND, LAST)}


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("mark", MARKS)
def test_mark_the_whole_dialog(
    chat: Chat, sandbox: SandboxClient, reader: dict[str, str], *, mark: str, form: bool
) -> None:
    answer = chat.put(who=reader, form=form, **{mark: "1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert holders(sandbox, MARKS[mark]) == {key: [SENDER, READER] for key in (FIRST, SECOND, LAST)}
    other = next(array for name, array in MARKS.items() if name != mark)
    assert holders(sandbox, other) == {key: [SENDER] for key in (FIRST, SECOND, LAST)}


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("kind", ["QB-Token", "ApiKey"])
def test_edit_a_message(chat: Chat, sandbox: SandboxClient, *, kind: str, form: bool) -> None:
    who = by_token(sandbox.session(SENDER)) if kind == "QB-Token" else by_key(SENDER)
    answer = chat.put(LAST, who=who, form=form, message="updated message & é")
    assert (answer.status_code, answer.content) == (200, b"")
    assert sandbox.message(LAST)["message"] == "updated message & é"
    assert chat.get(f"/chat/Dialog/{DIALOG}.json").json()["last_message"] == "updated message & é"


def test_mark_several_messages_by_a_comma_list(chat: Chat, sandbox: SandboxClient, reader: dict[str, str]) -> None:
    assert chat.put(f"{FIRST},{LAST},{FIRST}", who=reader, read=1).status_code == 200
    assert holders(sandbox, "read_ids") == {FIRST: [SENDER, READER], SECOND: [SENDER], LAST: [SENDER, READER]}


def test_one_put_may_carry_text_and_both_marks(chat: Chat, sandbox: SandboxClient) -> None:
    sandbox.faults(editors="anyone")
    assert chat.put(FIRST, message="new", read=1, delivered="1").status_code == 200
    shown = sandbox.message(FIRST)
    assert (shown["message"], shown["read_ids"], shown["delivered_ids"]) == ("new", [SENDER, READER], [SENDER, READER])


def test_unknown_fields_are_ignored_and_mark_only_for_the_caller(chat: Chat, sandbox: SandboxClient) -> None:
    assert chat.put(FIRST, read=1, user_id=SENDER, message_id=SECOND).status_code == 200
    assert holders(sandbox, "read_ids") == {FIRST: [SENDER, READER], SECOND: [SENDER], LAST: [SENDER]}


def test_a_repeated_mark_changes_nothing(chat: Chat, sandbox: SandboxClient) -> None:
    chat.put(ALL, read=1, delivered=1)
    before = sandbox.world()
    assert chat.put(read=1, delivered=1).status_code == 200
    assert sandbox.world() == before


def test_marking_the_dialog_read_brings_the_unread_count_to_0(chat: Chat) -> None:
    path = f"/chat/Message/unread.json?chat_dialog_ids={DIALOG}"
    assert chat.get(path).json() == {"total": 3, DIALOG: 3}
    chat.put(read=1)
    assert chat.get(path).json() == {"total": 0, DIALOG: 0}
    assert chat.get(path, who=by_key(103)).json() == {"total": 3, DIALOG: 3}
