"""Actors: whom a PUT is sent for.

`u123` is user 123, named by the application's API key with `On-Behalf-Of`, or, without a key, the user of the service
session if that is user 123. `s123` is user 123 acting through a QuickBlox session; a newer token of the same user takes
over. `t<digest>` is a session whose user was not said: nothing but the very same token can act for it. The three are
kept apart, so that a session that is refused cannot hold up what the API key would send (docs/decisions/0004).
"""

from __future__ import annotations

import hashlib

API_KEY, SESSION_OF_USER, SESSION = "u", "s", "t"


def actor_of(user_id: int | None, token: str | None) -> str:
    """The actor that a receipt's `user_id` and `token` name.

    Raises:
        ValueError: neither is given.
    """
    if token is None:
        if user_id is None:
            raise ValueError("an actor needs a user_id or a token")
        return f"{API_KEY}{user_id}"
    if user_id is not None:
        return f"{SESSION_OF_USER}{user_id}"
    return SESSION + hashlib.sha256(token.encode()).hexdigest()[:32]
