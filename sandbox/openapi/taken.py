"""What the chat API's calls take in their bodies."""

from typing import Final

from sandbox.openapi.calls import NOTHING, Document, nullable
from sandbox.openapi.shapes import FLAG, LARGEST, OBJECT_ID, USER_ID_TAKEN, USER_IDS_TAKEN

LOGIN: Final[Document] = {
    "type": "object",
    "properties": {"login": {"type": "string"}, "email": {"type": "string"}, "password": {"type": "string"}},
}
NEW_SESSION: Final[Document] = {
    "type": "object",
    "required": ["application_id", "auth_key", "timestamp", "nonce", "signature"],
    "properties": {
        "application_id": {"type": ["integer", "string"]},
        "auth_key": {"type": "string"},
        "timestamp": {"type": ["integer", "string"], "description": "Unix seconds, at most an hour off."},
        "nonce": {"type": ["integer", "string"], "description": "New with this timestamp."},
        "signature": {
            "type": "string",
            "description": "Hex HMAC-SHA1 under the auth secret of every other field as `name=value`, raw, sorted, "
            "joined with `&`.",
        },
        "user": LOGIN,
    },
}
_MARKS: Final[Document] = {"chat_dialog_id": OBJECT_ID, "read": nullable(FLAG), "delivered": nullable(FLAG)}
ALL_MESSAGES: Final[Document] = {
    "type": "object",
    "required": ["chat_dialog_id"],
    "properties": {**_MARKS, "message": {"type": "null", "description": "A text needs one message."}},
}
SOME_MESSAGES: Final[Document] = {
    "type": "object",
    "required": ["chat_dialog_id"],
    "properties": {**_MARKS, "message": nullable({"type": "string", "description": "The new text, of one message."})},
}
NEW_MESSAGE: Final[Document] = {
    "type": "object",
    "required": ["chat_dialog_id", "message"],
    "properties": {
        "chat_dialog_id": OBJECT_ID,
        "message": {"type": "string", "minLength": 1},
        "recipient_id": nullable(USER_ID_TAKEN),
        "date_sent": {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST},
                {"type": "string", "pattern": "^[0-9]{1,18}$"},
                NOTHING,
            ],
            "description": "Unix seconds; now where it is left out.",
        },
    },
}
_NAME: Final[Document] = nullable({"type": "string"})
NEW_DIALOG: Final[Document] = {
    "oneOf": [
        {
            "type": "object",
            "description": "Public (1) or group (2).",
            "required": ["type"],
            "properties": {
                "name": _NAME,
                "type": {"enum": [1, 2, "1", "2"]},
                "occupants_ids": nullable(USER_IDS_TAKEN),
            },
        },
        {
            "type": "object",
            "description": "Private (3): with one other user.",
            "required": ["type", "occupants_ids"],
            "properties": {
                "name": _NAME,
                "type": {"enum": [3, "3"]},
                "occupants_ids": {
                    "anyOf": [
                        {"type": "array", "items": USER_ID_TAKEN, "minItems": 1, "maxItems": 1},
                        {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"},
                    ]
                },
            },
        },
    ],
}
_OCCUPANTS: Final[Document] = nullable({"type": "object", "properties": {"occupants_ids": nullable(USER_IDS_TAKEN)}})
DIALOG_CHANGE: Final[Document] = {
    "type": "object",
    "description": "The name of a public or group dialog; users let in or out of a group dialog.",
    "properties": {"name": _NAME, "push_all": _OCCUPANTS, "pull_all": _OCCUPANTS},
}
