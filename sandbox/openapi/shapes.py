"""What travels: dialogs, messages, sessions, refusals; and the answers that every call of the chat API may give."""

from typing import Final

from sandbox.openapi.calls import JSON, NOTHING, Document, nullable, ref

LARGEST = 2**63 - 1
OBJECT_ID: Final[Document] = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
OBJECT_IDS: Final[Document] = {"type": "string", "pattern": "^[0-9a-f]{24}(,[0-9a-f]{24})*$"}
USER_ID: Final[Document] = {"type": "integer", "minimum": 1, "maximum": LARGEST}
# Forms say everything as text.
USER_ID_TAKEN: Final[Document] = {"anyOf": [USER_ID, {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}]}
_ONE_OF_LIST: Final = " *[1-9][0-9]{0,17} *"
USER_IDS_TAKEN: Final[Document] = {
    "anyOf": [
        {"type": "array", "items": USER_ID_TAKEN},
        {"type": "string", "pattern": f"^({_ONE_OF_LIST})?(,({_ONE_OF_LIST})?)*$"},
    ]
}
FLAG: Final[Document] = {"enum": [0, 1, "0", "1"]}
TIME: Final[Document] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}

_REQUEST_ID: Final[Document] = {"required": True, "schema": {"type": "string", "format": "uuid"}}
_EXPIRATION: Final[Document] = {
    "description": "When the caller's session ends, where there is one.",
    "schema": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"},
}
HEADERS: Final[Document] = {"X-Request-Id": _REQUEST_ID, "QB-Token-ExpirationDate": _EXPIRATION}


def record(**fields: Document) -> Document:
    """Return an object that has all of these fields, and no other."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def page(of: str, **more: Document) -> Document:
    """Return a page of a list."""
    number = {"type": "integer", "minimum": 0}
    return record(**more, skip=number, limit=number, items={"type": "array", "items": ref(of)})


_MESSAGE: Final[Document] = record(
    _id=OBJECT_ID,
    chat_dialog_id=OBJECT_ID,
    message={"type": "string"},
    date_sent={"type": "integer"},
    created_at=TIME,
    updated_at=TIME,
    sender_id=USER_ID,
    recipient_id=nullable(USER_ID),
    read_ids={"type": "array", "items": USER_ID},
    delivered_ids={"type": "array", "items": USER_ID},
    read={"enum": [0, 1]},
    attachments={"type": "array", "maxItems": 0},
)
_DIALOG_OF_NOBODY: Final[Document] = {
    "_id": OBJECT_ID,
    "type": {"enum": [1, 2, 3]},
    "name": nullable({"type": "string"}),
    "user_id": USER_ID,
    "occupants_ids": {"type": "array", "items": USER_ID},
    "last_message": nullable({"type": "string"}),
    "last_message_id": nullable(OBJECT_ID),
    "last_message_date_sent": nullable({"type": "integer"}),
    "last_message_user_id": nullable(USER_ID),
    "created_at": TIME,
    "updated_at": TIME,
}
_TEXT_OR_NUMBER: Final[Document] = {"type": ["string", "integer"]}
_SESSION: Final[Document] = record(
    _id={"type": "string"},
    id={"type": "integer"},
    application_id={"type": "integer"},
    user_id={"type": "integer", "minimum": 0, "description": "0 where it has no user."},
    nonce=_TEXT_OR_NUMBER,
    token={"type": "string", "minLength": 1},
    ts={"type": "integer"},
    created_at=TIME,
    updated_at=TIME,
)
_WORDS: Final[Document] = {"type": "array", "items": {"type": "string"}}

SCHEMAS: Final[Document] = {
    "Message": _MESSAGE,
    "Dialog": record(**_DIALOG_OF_NOBODY, unread_messages_count={"type": "integer", "minimum": 0}),
    "DialogOfNobody": record(**_DIALOG_OF_NOBODY),
    "Session": record(session=_SESSION),
    "Refusal": {
        "description": "`errors` is a list in some refusals and a mapping in others; the users API has another form.",
        "anyOf": [
            record(errors={"anyOf": [_WORDS, {"type": "object", "additionalProperties": _WORDS}]}),
            record(code=NOTHING, message={"type": "string"}),
        ],
    },
    "Complaints": record(errors={"type": "object", "additionalProperties": _WORDS}),
}


def _refusal(what: str, **headers: Document) -> Document:
    content = {JSON: {"schema": ref("Refusal")}}
    return {"description": what, "headers": {**HEADERS, **headers}, "content": content}


def _front_server(what: str, **more: Document) -> Document:
    headers = {"X-Request-Id": _REQUEST_ID, "Retry-After": {"schema": {"type": "string"}}}
    return {"description": what, "headers": headers, "content": {"text/html": {}, **more}}


RESPONSES: Final[Document] = {
    "Unreadable": _refusal("The body cannot be read."),
    "NoSession": _refusal("No credentials, or wrong ones."),
    "Forbidden": _refusal("Not the caller's to see or change."),
    "NotFound": _refusal("No such message, dialog or path."),
    "NotAllowed": _refusal(
        "The path is there, the method is not.", Allow={"required": True, "schema": {"type": "string"}}
    ),
    "Invalid": _refusal("A field is missing or wrong, or the session has no user."),
    "Throttled": _front_server("Too many calls: a fault, and never without one."),
    "Failed": _front_server("Out of order: a fault, and never without one.", **{JSON: {"schema": ref("Refusal")}}),
}

_BY_STATUS: Final[dict[str, str]] = {
    "400": "Unreadable",
    "401": "NoSession",
    "403": "Forbidden",
    "404": "NotFound",
    "405": "NotAllowed",
    "422": "Invalid",
    "429": "Throttled",
    "5XX": "Failed",
}


def refusals(*left_out: int) -> Document:
    """Return the refusals of a call, but those with these statuses."""
    return {
        status: {"$ref": f"#/components/responses/{name}"}
        for status, name in _BY_STATUS.items()
        if not (status.isdecimal() and int(status) in left_out)
    }
