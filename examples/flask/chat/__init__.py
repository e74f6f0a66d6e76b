"""A Flask application whose chat runs over QuickBlox; docs/flask.md tells how to run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from receipt_sync import ReceiptQueue

from . import people, receipts, views


def create_app(config: Mapping[str, Any] | None = None, queue: ReceiptQueue | None = None) -> Flask:
    """The application; it owns the receipts' queue of its process.

    Args:
        config: what is otherwise than the environment says.
        queue: another queue than the environment's: a fake, in tests.

    Raises:
        ValueError: a variable is missing or wrong; the message names it.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        PEOPLE="people.sqlite3",
        MAX_CONTENT_LENGTH=100_000,
        SESSION_COOKIE_SAMESITE="Lax",  # another site's page cannot post with our cookie
        SESSION_COOKIE_HTTPONLY=True,
    )
    # FLASK_SECRET_KEY, FLASK_PEOPLE, and where people come by https FLASK_SESSION_COOKIE_SECURE=1.
    app.config.from_prefixed_env(loads=str)
    app.config.from_mapping(config or {})
    if not app.secret_key:
        raise ValueError("FLASK_SECRET_KEY: expected something that nobody can guess, got nothing")
    receipts.init_app(app, queue)
    people.init_app(app)
    app.register_blueprint(views.chat)
    return app
