"""Reading what callers send: JSON and form bodies, query strings, ids, flags.

Both body forms are official [A]. A form says everything as text and nests by name (`user[login]`, `occupants_ids[]`);
`flat` brings JSON into the same names, because the session's signature is made of them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from sandbox.errors import bad_request, invalid

Fields = dict[str, object]

OBJECT_ID = re.compile(r"[0-9a-f]{24}\Z")
DIGITS = re.compile(r"[0-9]{1,19}\Z")
LARGEST_USER_ID = 2**63 - 1


def read_fields(content_type: str, raw: bytes) -> Fields:
    """Return the fields of a body; an empty body has none.

    Args:
        content_type: The header's value; JSON when it says so, else a form.
        raw: The body.

    Raises:
        ApiError: 400 when it cannot be read, or is JSON but not an object.
    """
    if not raw:
        return {}
    try:
        return _json_fields(raw) if "json" in content_type else _form_fields(raw.decode())
    except (ValueError, RecursionError) as unreadable:
        raise bad_request() from unreadable


def _json_fields(raw: bytes) -> Fields:
    document = json.loads(raw)
    if not isinstance(document, dict):
        raise bad_request()
    if b"\\u" in raw:
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text, and can be sent to nobody
    return document


def _form_fields(text: str) -> Fields:
    fields: Fields = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict"):
        several = fields.setdefault(name.removesuffix("[]"), []) if name.endswith("[]") else None
        if isinstance(several, list):
            several.append(value)
        else:
            fields[name] = value
    return fields


def read_query(query: str) -> dict[str, str]:
    """Return the parameters of a query string; the last of equal names wins."""
    return dict(parse_qsl(query, keep_blank_values=True))


def flat(fields: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return nested fields under the names a form gives them, values as raw text (`user[login]=…`)."""
    named: dict[str, str] = {}
    for name, value in fields.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            named |= flat(value, full)
        else:
            named[full] = value if isinstance(value, str) else json.dumps(value)
    return named


def flag(fields: Fields, name: str) -> bool:
    """Return whether a mark is set: `1` or `"1"` [A]; absent, `0` and `"0"` leave it out.

    Raises:
        ApiError: 422 for anything else, so that a client which sends `true` notices [C].
    """
    value = fields.get(name)
    if value is None or (value in (0, "0") and value is not False):
        return False
    if value in (1, "1") and value is not True:
        return True
    raise invalid(name, "must be 1")


def object_id(value: object, field: str) -> str:
    """Return a dialog or message id: 24 lower-case hex digits.

    Raises:
        ApiError: 422 when it is missing or has another form [C].
    """
    if value is None or value == "":
        raise invalid(field, "is required")
    if not isinstance(value, str) or not OBJECT_ID.match(value):
        raise invalid(field, "is invalid")
    return value


def user_id(value: object, field: str) -> int:
    """Return a user id: a positive integer of at most 63 bits, as number or as text.

    Raises:
        ApiError: 422 when it is none.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not DIGITS.match(text) or not 0 < int(text) <= LARGEST_USER_ID:
        raise invalid(field, "is invalid")
    return int(text)


def user_ids(value: object, field: str) -> list[int]:
    """Return several user ids, given as a list or as a comma list; None gives none.

    The JS SDK makes a comma list with blanks of its users' arrays [A].

    Raises:
        ApiError: 422 when one of them is none.
    """
    if isinstance(value, str):
        value = [part.strip(" ") for part in value.split(",") if part]
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(field, "is invalid")
    return [user_id(one, field) for one in value]


def texts(fields: Fields, names: Iterable[str]) -> dict[str, str]:
    """Return those of the fields that are there, all of them texts.

    Raises:
        ApiError: 422 when one is none.
    """
    given: dict[str, str] = {}
    for name in names:
        if name in fields:
            value = fields[name]
            if not isinstance(value, str):
                raise invalid(name, "must be a text")
            given[name] = value
    return given


def count(query: dict[str, str], name: str, default: int, largest: int) -> int:
    """Return a whole number of a query, however long, cut to the largest.

    Raises:
        ApiError: 422 when it is none.
    """
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise invalid(name, "is invalid")
    digits = text.lstrip("0")
    return largest if len(digits) > len(str(largest)) else min(int(digits or "0"), largest)
