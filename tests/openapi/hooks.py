"""What schemathesis has to be helped with: it knows the description, and no secret of this application."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

import schemathesis

from sandbox import control
from sandbox.auth import Account, signature
from sandbox.bodies import flat
from sandbox.client import SandboxClient

ACCOUNT = Account()
ENDING = {"endSession", "logIn", "logOut"}  # what they do to a session, the other calls would feel
LONGEST_WAIT_S = 0.05


def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Sign what is meant to open a session, lend a session to what ends it, and wait for nothing."""
    name = case.operation.definition.raw.get("operationId")
    right = case.meta is None or case.meta.generation.mode.is_positive
    if right:
        case.body = _whole(case.body)
    if name == "openSession" and right and isinstance(case.body, dict):
        case.body = _signed(case.body)
    if name in ENDING and case.headers and case.headers.get("QB-Token") == os.environ.get("SANDBOX_TOKEN"):
        with SandboxClient(os.environ["SANDBOX_URL"]) as sandbox:
            case.headers["QB-Token"] = sandbox.session(int(os.environ["SANDBOX_CALLER"]))
    for wait in ("wait_s", "idle_s"):
        if case.query and _is_allowed(case.query.get(wait)):
            case.query[wait] = LONGEST_WAIT_S


def _is_allowed(wait_s: Any) -> bool:
    """Whether the sandbox would wait so long, whatever else is wrong with the call."""
    try:
        return LONGEST_WAIT_S < float(wait_s) <= control.LONGEST_WAIT_S
    except (TypeError, ValueError):
        return False


def _whole(value: Any) -> Any:
    """To JSON Schema 5.0 is an integer; Python tells it from one, and so does the sandbox."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _signed(fields: dict[str, Any]) -> dict[str, Any]:
    user = fields["user"] if isinstance(fields.get("user"), dict) else {}
    # By the names that a form gives them, of which the signature is made.
    given = flat({"user": {name: user[name] for name in ("login", "email", "password") if name in user}})
    given |= {"application_id": str(ACCOUNT.application_id), "auth_key": ACCOUNT.auth_key}
    given |= {"timestamp": str(int(time.time())), "nonce": str(uuid.uuid4().int)}
    return given | {"signature": signature(ACCOUNT.auth_secret, given)}


schemathesis.hook("before_call")(before_call)
