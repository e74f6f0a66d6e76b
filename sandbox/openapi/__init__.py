"""The description of the sandbox's HTTP surface, as OpenAPI 3.1: `GET /_sandbox/openapi.json`.

What the chat API takes and answers is written down by hand (`chat`, `taken`, `shapes`): its handlers read as loosely
as the real ones. The bodies of the control calls are made from the models that check them (`control`). A test holds
both to the routes, in both directions, and `make test-openapi` holds them to what the sandbox does.

It describes the sandbox as it starts, without faults, and which answers the faults add. Left out: the page's own files.
"""

from sandbox.openapi import chat, control, shapes
from sandbox.openapi.calls import Document

SECURITY = {
    "token": {"type": "apiKey", "in": "header", "name": "QB-Token", "description": "A session's token."},
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`ApiKey` and the application's key, with a blank between them.",
    },
    "on_behalf_of": {
        "type": "apiKey",
        "in": "header",
        "name": "On-Behalf-Of",
        "description": "The acting user's id, beside an API key.",
    },
}


def document() -> Document:
    """Return the description, as JSON knows it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "QuickBlox' chat API as the receipts' sandbox serves it",
            "version": "1",
            "description": "What is known of the real API, and how surely: docs/chat-api.md.",
        },
        "tags": [
            {"name": "chat", "description": "The chat API."},
            {"name": "control", "description": "Turning the sandbox. No credentials: keep it on your own machine."},
        ],
        "paths": {**chat.paths(), **control.paths()},
        "components": {
            "schemas": {**shapes.SCHEMAS, **control.schemas()},
            "responses": shapes.RESPONSES,
            "securitySchemes": SECURITY,
        },
    }
