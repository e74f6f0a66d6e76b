"""The chat API's calls."""

from collections.abc import Sequence
from typing import Any, Final

from sandbox.openapi.calls import Document, answers, body, in_path, operation, query, ref
from sandbox.openapi.shapes import FLAG, HEADERS, OBJECT_ID, OBJECT_IDS, USER_ID, page, record, refusals
from sandbox.openapi.taken import (
    ALL_MESSAGES,
    DIALOG_CHANGE,
    LOGIN,
    NEW_DIALOG,
    NEW_MESSAGE,
    NEW_SESSION,
    SOME_MESSAGES,
)

_TOKEN: Final[Sequence[Document]] = ({"token": []},)
_ANY: Final[Sequence[Document]] = ({"token": []}, {"api_key": [], "on_behalf_of": []})
_COUNT: Final[Document] = {"type": "integer", "minimum": 0}
_PAGED: Final[Sequence[Document]] = (
    query("skip", "So many are left out.", _COUNT),
    query("limit", "At most so many; 100 at most.", _COUNT),
)
_FORCE: Final[Document] = query("force", "1: for everyone, which not everyone may. The body may say it as well.", FLAG)
_IDS: Final[Document] = in_path("ids", "One id, or several joined by commas.", OBJECT_IDS)
_ID: Final[Document] = in_path("ids", "The id.", OBJECT_ID)
_ITSELF: Final = "$response.body#/_id"


def paths() -> Document:
    """Return all calls by path and method."""
    return {**_sessions(), **_messages(), **_dialogs()}


def _sessions() -> Document:
    user = record(user={"type": "object", "required": ["id"], "properties": {"id": USER_ID}})
    opened = _said(201, "The session.", ref("Session"))
    return {
        "/session.json": {
            "post": _call(
                "openSession",
                "Open a session.",
                opened,
                taken=body(NEW_SESSION, form=True),
                security=(),
                never=(403, 404),
            ),
            "get": _call(
                "showSession", "Show the caller's session.", _said(200, "It.", ref("Session")), security=_TOKEN
            ),
            "delete": _call("endSession", "End the caller's session.", _said(200, "Ended."), security=_TOKEN),
        },
        "/login.json": {
            "post": _call(
                "logIn", "Give it a user.", _said(202, "The user.", user), taken=body(LOGIN, form=True), security=_TOKEN
            ),
            "delete": _call("logOut", "Take its user away.", _said(200, "Logged out."), security=_TOKEN),
        },
    }


def _messages() -> Document:
    dialog = query("chat_dialog_id", "The dialog.", OBJECT_ID, required=True)
    mark = query("mark_as_read", "0: what is shown stays unread.", {"type": "string"})
    order = query("sort_desc", "date_sent: the latest first. Other orders are not imitated.", {"type": "string"})
    several = query("chat_dialog_ids", "Dialogs to count one by one, joined by commas.", OBJECT_IDS)
    whole = {"type": "integer", "minimum": 0}
    unread = {"type": "object", "required": ["total"], "properties": {"total": whole}, "additionalProperties": whole}
    written = _said(201, "The message.", ref("Message"), links=_message_links())
    return {
        "/chat/Message.json": {
            "get": _call(
                "listMessages",
                "A page of a dialog's messages, by date_sent; marks them as read.",
                _said(200, "The page.", page("Message")),
                parameters=(dialog, *_PAGED, mark, order),
            ),
            "put": _call(
                "updateAllMessages",
                "Mark all messages of a dialog.",
                _said(200, "Marked."),
                taken=body(ALL_MESSAGES, form=True),
            ),
            "post": _call("createMessage", "Write a message.", written, taken=body(NEW_MESSAGE, form=True)),
        },
        "/chat/Message/unread.json": {
            "get": _call(
                "countUnread", "Count unread messages.", _said(200, "By dialog.", unread), parameters=(several,)
            ),
        },
        "/chat/Message/{ids}.json": {
            "get": _call("showMessage", "Show it.", _said(200, "The message.", ref("Message")), parameters=(_ID,)),
            "put": _call(
                "updateMessages",
                "Mark messages of a dialog, or edit one.",
                _said(200, "Done."),
                parameters=(_IDS,),
                taken=body(SOME_MESSAGES, form=True),
            ),
            "delete": _deleting("deleteMessages", "Delete messages."),
        },
    }


def _dialogs() -> Document:
    made = _said(201, "The dialog.", ref("Dialog"), links=_dialog_links())
    shown = _said(200, "The dialog.", ref("Dialog"))
    total: Document = {"total_entries": {"type": "integer", "minimum": 0}}
    return {
        "/chat/Dialog.json": {
            "get": _call(
                "listDialogs",
                "The caller's dialogs.",
                _said(200, "A page.", page("Dialog", **total)),
                parameters=_PAGED,
            ),
            "post": _call("createDialog", "Make a dialog.", made, taken=body(NEW_DIALOG, form=True)),
        },
        "/chat/Dialog/{ids}.json": {
            "get": _call("showDialog", "Show it.", shown, parameters=(_ID,)),
            "put": _call("updateDialog", "Change it.", shown, parameters=(_ID,), taken=body(DIALOG_CHANGE)),
            "delete": _deleting("deleteDialogs", "Delete dialogs."),
        },
    }


def _deleting(name: str, what: str) -> Document:
    # Empty for one id: both cannot be said in one.
    words = 'Nothing for one id; for several, as JSON, what became of each: `{"SuccessfullyDeleted": {"ids": […]}}`, '
    done = _said(200, f"{words}`NotFound`, `WrongPermissions`.")
    return _call(name, what, done, parameters=(_IDS, _FORCE))


def _said(status: int, what: str, schema: Document | None = None, **more: Any) -> Document:
    return answers(status, what, schema, headers=HEADERS, **more)


def _call(
    name: str,
    summary: str,
    answered: Document,
    *,
    taken: Document | None = None,
    security: Sequence[Document] = _ANY,
    never: Sequence[int] = (),
    parameters: Sequence[Document] = (),
) -> Document:
    return operation(
        name,
        summary,
        {**answered, **refusals(*never)},
        parameters=parameters,
        taken=taken,
        tags=["chat"],
        security=list(security),
    )


def _dialog_links() -> Document:
    return {
        "Show": _link("showDialog", ids=_ITSELF),
        "Update": _link("updateDialog", ids=_ITSELF),
        "Delete": _link("deleteDialogs", ids=_ITSELF),
        "List": _link("listMessages", chat_dialog_id=_ITSELF),
        "Write": _link("createMessage") | {"requestBody": {"chat_dialog_id": _ITSELF}},
        "MarkAll": _link("updateAllMessages") | {"requestBody": {"chat_dialog_id": _ITSELF}},
    }


def _message_links() -> Document:
    dialog = {"requestBody": {"chat_dialog_id": "$response.body#/chat_dialog_id"}}
    return {
        "Show": _link("showMessage", ids=_ITSELF),
        "Delete": _link("deleteMessages", ids=_ITSELF),
        "Update": _link("updateMessages", ids=_ITSELF) | dialog,
    }


def _link(to: str, **parameters: str) -> Document:
    return {"operationId": to, "parameters": parameters}
