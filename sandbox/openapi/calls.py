"""How one call is written down."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Document = dict[str, Any]

NOTHING: Final[Document] = {"type": "null"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def ref(schema: str) -> Document:
    """Return the reference to a schema."""
    return {"$ref": f"#/components/schemas/{schema}"}


def answers(status: int, what: str, schema: Document | None = None, **more: Any) -> Document:
    """Return one answer; without a schema its body is empty.

    Args:
        status: The HTTP status.
        what: Describes it.
        schema: Of the JSON body.
        more: Headers and links.
    """
    content = {} if schema is None else {"content": {JSON: {"schema": schema}}}
    return {str(status): {"description": what, **content, **more}}


def body(schema: Document, *, form: bool = False) -> Document:
    """Return a body of JSON that has to be there; with `form` also as a form, which knows no null."""
    content = {JSON: {"schema": schema}}
    if form:
        content[FORM] = {"schema": without_null(schema)}
    return {"required": True, "content": content}


def nullable(schema: Document) -> Document:
    """Return the schema, or null."""
    return {"anyOf": [schema, NOTHING]}


def without_null(schema: Any) -> Any:
    """Return the schema without null: what could be that alone may not be there."""
    if isinstance(schema, list):
        return [without_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "null":
        return False
    found = {name: without_null(part) for name, part in schema.items()}
    choices = [choice for choice in found.get("anyOf", ()) if choice is not False]
    if len(choices) == 1:
        return choices[0]
    return found | ({"anyOf": choices} if choices else {})


def query(name: str, what: str, schema: Document, *, required: bool = False) -> Document:
    """Return a parameter of the query."""
    return {"name": name, "in": "query", "description": what, "required": required, "schema": schema}


def in_path(name: str, what: str, schema: Document) -> Document:
    """Return a parameter of the path."""
    return {"name": name, "in": "path", "description": what, "required": True, "schema": schema}


def operation(
    name: str,
    summary: str,
    answered: Mapping[str, Document],
    *,
    parameters: Sequence[Document] = (),
    taken: Document | None = None,
    **more: Any,
) -> Document:
    """Return one call.

    Args:
        name: Its `operationId`.
        summary: What it does.
        answered: Its answers by status.
        parameters: Of path and query.
        taken: Its body.
        more: Tags and security.
    """
    written: Document = {"operationId": name, "summary": summary, "responses": dict(answered), **more}
    if parameters:
        written["parameters"] = list(parameters)
    if taken is not None:
        written["requestBody"] = taken
    return written
