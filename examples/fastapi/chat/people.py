"""Who asks, and whom QuickBlox knows them as: tokens in the environment. Your application has its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field, TypeAdapter, ValidationError

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
QuickbloxId = Annotated[int, Field(ge=1, lt=2**63)]

_BEARER = HTTPBearer(auto_error=False)
_PEOPLE = TypeAdapter(dict[Sha256, QuickbloxId])


def people_from_env(environ: Mapping[str, str] = os.environ) -> Mapping[str, int]:
    """`CHAT_PEOPLE`, JSON: the SHA-256 of each token, and whom it stands for. The tokens themselves are kept nowhere.

    Raises:
        ValueError: it is missing, or something else.
    """
    try:
        return _PEOPLE.validate_json(environ.get("CHAT_PEOPLE", ""))
    except ValidationError:
        raise ValueError("CHAT_PEOPLE: expected JSON, {SHA-256 of a token: QuickBlox user id}, got another") from None


def _quickblox_id(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> int:
    people: Mapping[str, int] = request.state.people
    user_id = people.get(sha256(given.credentials.encode()).hexdigest()) if given else None
    if user_id is None:
        raise HTTPException(401, "expected a known token", {"WWW-Authenticate": "Bearer"})
    return user_id


CurrentUser = Annotated[int, Depends(_quickblox_id)]
