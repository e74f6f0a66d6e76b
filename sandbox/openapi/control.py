"""The control calls. Their bodies and queries are described by the models that check them."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sandbox.control import CountsQuery, JournalQuery, SessionSeed
from sandbox.faults import Faults
from sandbox.openapi.calls import Document, answers, body, in_path, nullable, operation, query, ref
from sandbox.openapi.shapes import OBJECT_ID, USER_ID, record
from sandbox.plays import Offer, Press
from sandbox.seeds import WorldSeed

_TAKEN: Final[Sequence[type[BaseModel]]] = (Faults, WorldSeed, SessionSeed, Offer, Press)
_WHOLE: Final[Document] = {"type": "integer", "minimum": 0}
_SECONDS: Final[Document] = {"type": "number"}
_TEXT: Final[Document] = {"type": "string"}
_ENTRY: Final[Document] = record(
    seq={"type": "integer", "minimum": 1},
    arrived=_SECONDS,
    ended=nullable(_SECONDS),
    method=_TEXT,
    path=_TEXT,
    query=_TEXT,
    headers={"type": "object", "additionalProperties": _TEXT},
    body=_TEXT,
    status=nullable({"type": "integer"}),
    applied={"type": "boolean"},
    applied_at=nullable(_SECONDS),
    user_id=nullable(USER_ID),
)
_COUNTS: Final[Document] = record(
    calls=_WHOLE,
    puts=_WHOLE,
    applied=_WHOLE,
    by_status={"type": "object", "additionalProperties": _WHOLE},
    peak_per_s=_WHOLE,
    peak_accepted_per_s=_WHOLE,
    open=_WHOLE,
    cpu_s={"type": "number", "minimum": 0},
)


def schemas() -> Document:
    """Return what is taken, as the models say, and what is answered."""
    _, made = models_json_schema(
        [(model, "validation") for model in _TAKEN], ref_template="#/components/schemas/{model}"
    )
    for field in made["$defs"]["Faults"]["properties"].values():
        field.pop("uniqueItems", None)  # a set, but one that takes what is said twice
    return {**made["$defs"], "Call": _ENTRY, "Counts": _COUNTS}


def paths() -> Document:
    """Return all control calls by path and method, but the page's own files."""
    return {f"/_sandbox{path}": calls for path, calls in {**_turning(), **_looking(), **_page()}.items()}


def _turning() -> Document:
    faults = answers(200, "The faults in force.", ref("Faults"))
    added = answers(201, "How many were added.", record(users=_WHOLE, dialogs=_WHOLE, messages=_WHOLE))
    opened = answers(201, "The session.", record(token=_TEXT, user_id=USER_ID, expires_at=_SECONDS))
    token = in_path("token", "The session's token.", {"type": "string", "minLength": 1})
    gone = answers(204, "Forgotten.")
    return {
        "/faults": {
            "get": _call("showFaults", "Show the faults in force.", faults),
            "put": _call("putFaults", "Put a whole new set in force.", faults, taken="Faults"),
            "delete": _call("clearFaults", "Behave well.", faults),
        },
        "/world": {
            "get": _call("showWorld", "Show every dialog and message.", answers(200, "The world.", _world())),
            "post": _call("buildWorld", "Add to the world, all or nothing.", added, taken="WorldSeed"),
            "delete": _call("clearWorld", "Forget users, dialogs and messages.", gone),
        },
        "/sessions": {"post": _call("seedSession", "Open a session, unsigned.", opened, taken="SessionSeed")},
        "/sessions/{token}": {
            "delete": _call(
                "dropSession", "End a session.", gone | answers(404, "There was none."), parameters=(token,)
            ),
        },
    }


def _looking() -> Document:
    message_id = in_path("message_id", "The message.", OBJECT_ID)
    shown = answers(200, "It.", ref("Message")) | answers(404, "There is none.")
    calls = record(items={"type": "array", "items": ref("Call")}, next=_WHOLE)
    well = answers(200, "It listens.", record(status={"const": "ok"}))
    described = answers(200, "The description.", {"type": "object", "required": ["openapi", "paths"]})
    return {
        "/health": {"get": _call("health", "Say that it listens.", well)},
        "/openapi.json": {"get": _call("describe", "Describe all calls.", described)},
        "/messages/{message_id}": {
            "get": _call("lookAtMessage", "Show a message; marks nothing.", shown, parameters=(message_id,))
        },
        "/journal": {
            "get": _call(
                "showJournal",
                "The calls it has received.",
                answers(200, "A page.", calls) | _complaints(),
                parameters=_of(JournalQuery),
            ),
            "delete": _call("clearJournal", "Forget the calls, and count anew.", answers(204, "Forgotten.")),
        },
        "/counts": {
            "get": _call(
                "showCounts",
                "What has been counted.",
                answers(200, "The counts.", ref("Counts")) | _complaints(),
                parameters=_of(CountsQuery),
            )
        },
    }


def _page() -> Document:
    offered = answers(200, "What is offered.", ref("Offer"))
    taken = answers(200, "What was pressed.", record(pressed={"type": "array", "items": _TEXT}))
    stream = {"200": {"description": "Changes, as they happen, without end.", "content": {"text/event-stream": {}}}}
    return {
        "/watch": {"get": _call("watch", "The stream behind the page.", stream)},
        "/plays": {
            "get": _call("takePresses", "A player takes the buttons that were pressed.", taken),
            "put": _call("offerPlays", "A player says what it can play.", offered, taken="Offer"),
            "post": _call("press", "Press a button.", answers(202, "Noted.", record(pressed=_TEXT)), taken="Press"),
        },
    }


def _world() -> Document:
    return record(
        dialogs={"type": "array", "items": ref("DialogOfNobody")}, messages={"type": "array", "items": ref("Message")}
    )


def _complaints() -> Document:
    return answers(422, "What is wrong, by field; nothing was changed.", ref("Complaints"))


def _call(
    name: str, summary: str, answered: Document, *, taken: str | None = None, parameters: Sequence[Document] = ()
) -> Document:
    more: dict[str, Any] = {"tags": ["control"], "security": []}
    if taken is None:
        return operation(name, summary, answered, parameters=parameters, **more)
    return operation(name, summary, answered | _complaints(), parameters=parameters, taken=body(ref(taken)), **more)


def _of(model: type[BaseModel]) -> list[Document]:
    """Return a model's fields as parameters of the query."""
    fields = model.model_json_schema()["properties"]
    return [query(name, f"{name}, as of `{model.__name__}`.", schema) for name, schema in fields.items()]
