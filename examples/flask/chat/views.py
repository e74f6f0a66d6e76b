"""What clients report. A client that gets no answer, or 503, reports once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from . import people
from .receipts import receipts

chat = Blueprint("chat", __name__)


@chat.post("/login")
def log_in() -> ResponseReturnValue:
    """`{"name": …, "password": …}` begins a session."""
    asked = _asked()
    people.log_in(str(asked.get("name")), str(asked.get("password")))
    return "", 204


@chat.post("/dialogs/<dialog_id>/read")
def read(dialog_id: str) -> ResponseReturnValue:
    """The dialog was opened; `{"up_to": id of its newest message}` saves a call when a second device says so too."""
    receipts().mark_dialog_read(dialog_id, user_id=people.quickblox_id(), up_to=_asked().get("up_to"))
    return "", 202


@chat.post("/dialogs/<dialog_id>/delivered")
def delivered(dialog_id: str) -> ResponseReturnValue:
    """Messages have reached the device: `{"message_ids": […]}`, or `{}` for the whole dialog."""
    receipts().mark_dialog_delivered(dialog_id, user_id=people.quickblox_id(), message_ids=_asked().get("message_ids"))
    return "", 202


@chat.app_errorhandler(HTTPException)
def in_words(error: HTTPException) -> ResponseReturnValue:
    """Every refusal as JSON with a sentence."""
    return {"error": error.description}, error.code or 500


def _asked() -> dict[str, Any]:
    asked = request.get_json()
    if not isinstance(asked, dict):
        abort(400, "expected a JSON object")
    return asked
