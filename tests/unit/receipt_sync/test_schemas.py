"""docs/schemas against the worker's own checks: what a schema takes the worker takes, what it refuses he refuses.

Where JSON Schema cannot say it, `DIFFERENCES` does, and docs/celery-clients.md tells it to whoever relies on a schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipt_sync import InvalidReceipt, validation
from receipt_sync.calls import DELIVERED, EDIT, PARAMETERS, READ, receipt_from_call
from stack.services import PROJECT

SCHEMAS = PROJECT / "docs" / "schemas"
D, M, TOKEN = "53a99a7be4b094c7c6d31b41", "53aabe15e4b077ddd43e7fd3", "eddf864695d72d33b959eec2ae6c640d817dfada"
Kwargs = dict[str, Any]

MARK: Kwargs = {"dialog_id": D, "user_id": 123}
WHOLE_MARK: Kwargs = {**MARK, "token": TOKEN, "message_ids": [M, D], "application": "default"}
FULL: dict[str, list[Kwargs]] = {
    READ: [MARK, WHOLE_MARK, {"dialog_id": D, "token": TOKEN, "up_to": M}],
    DELIVERED: [MARK, WHOLE_MARK, {"dialog_id": D, "token": TOKEN, "up_to": M}],
    EDIT: [
        {"dialog_id": D, "message_id": M, "text": "updated message", "user_id": 123},
        {"dialog_id": D, "message_id": M, "text": "updated message", "token": TOKEN, "revision": 7, "user_id": 123},
    ],
}
EDGES: list[Any] = [
    *(None, True, False, 0, 1, -1, 123, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 10**400, 0.5, 1.0, -0.0, 1e300),
    *("", " ", "x", D, M, D[1:], f"{D}0", D.upper(), f"{D}\n", f"\n{D}", "٣" * 24, "\uff11" * 24),
    *(TOKEN, f"{TOKEN}\n", "a b", "é", "\x7f", "x" * 4096, "x" * 4097),
    *("sealed1.", "sealed1.ab", "Sealed1.x", "xsealed1.x", "sealed1"),
    *("default", "shop-2", "Shop", "shop_2", "a" * 32, "a" * 33, "default\n"),
    *("a\nb\tc", "a\rb", "a\x00b", "a\x85b", "a\xa0b", "\u2028", "🎉", "\ud800", "a\udfffb"),
    *("x" * 65_536, "x" * 65_537, "é" * 32_768, "é" * 32_769),
    *([], [D], [D, D], [D.upper()], [D, None], [[D]], [D] * 1000, [D] * 1001),
    *([f"{n:024x}" for n in range(count)] for count in (1000, 1001)),
    *({}, {D: D}, {"a": 1}),
]


@cache
def schema(name: str) -> Any:
    """The validator of a task's arguments."""
    said = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(said)
    return jsonschema.Draft202012Validator(said)


def worker_takes(name: str, kwargs: Kwargs) -> bool:
    """Whether `record_call` would make a receipt of it, for an application of any right name."""
    rest = dict(kwargs)
    try:
        validation.application(rest.pop("application", "default"))
        receipt_from_call(name, (), rest, validation.MAX_TEXT_BYTES)
    except InvalidReceipt:
        return False
    return True


def has_a_whole_float(given: Kwargs) -> bool:
    return any(isinstance(given.get(each), float) for each in ("user_id", "revision"))


def has_a_text_of_many_bytes(given: Kwargs) -> bool:
    text = given.get("text")
    return isinstance(text, str) and len(text.encode(errors="replace")) > validation.MAX_TEXT_BYTES


def has_half_a_character(given: Kwargs) -> bool:
    text = given.get("text")
    return isinstance(text, str) and any("\ud800" <= char <= "\udfff" for char in text)


def lists_many_ids(given: Kwargs) -> bool:
    ids = given.get("message_ids")
    return isinstance(ids, list) and len(ids) > validation.MAX_IDS


# What a schema cannot say, each with what the schema answers where the worker says otherwise.
DIFFERENCES: Mapping[str, tuple[Callable[[Kwargs], bool], bool]] = {
    "1.0 is an integer to JSON Schema": (has_a_whole_float, True),
    "a text's bytes are not its characters": (has_a_text_of_many_bytes, True),
    "half of a surrogate pair is a character to some": (has_half_a_character, True),
    "an id that is listed twice counts once": (lists_many_ids, False),
}


def compare(name: str, kwargs: Kwargs) -> bool:
    """Asserts that both say the same, or may differ and do so in the direction that is told; answers the worker's."""
    kwargs = json.loads(json.dumps(kwargs))
    by_schema, by_worker = schema(name).is_valid(kwargs), worker_takes(name, kwargs)
    if by_schema != by_worker:
        told = [says for differs, says in DIFFERENCES.values() if differs(kwargs)]
        assert by_schema in told, (name, kwargs, f"the schema says {by_schema}, the worker {by_worker}")
    return by_worker


@pytest.mark.parametrize("name", [READ, DELIVERED, EDIT])
def test_each_argument_at_its_edges(name: str) -> None:
    for full in FULL[name]:
        assert compare(name, full)
        for parameter in {*PARAMETERS[name], "application", "unknown"}:
            compare(name, {key: value for key, value in full.items() if key != parameter})
            for value in EDGES:
                compare(name, full | {parameter: value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Kwargs]:
    """A right call with a few changes: arguments left out, at an edge, of another type, unknown."""
    name = draw(st.sampled_from([READ, DELIVERED, EDIT]))
    kwargs = dict(draw(st.sampled_from(FULL[name])))
    for _ in range(draw(st.integers(0, 3))):
        parameter = draw(st.sampled_from([*PARAMETERS[name], "application"]) | st.text(max_size=8))
        if draw(st.integers(0, 4)) == 0:
            kwargs.pop(parameter, None)
        else:
            kwargs[parameter] = draw(st.sampled_from(EDGES) | JSON)
    return name, kwargs


@settings(max_examples=300)
@given(calls())
def test_whatever_is_said_both_say_the_same(call: tuple[str, Kwargs]) -> None:
    compare(*call)


@pytest.mark.parametrize(
    ("difference", "name", "kwargs"),
    [
        ("1.0 is an integer to JSON Schema", READ, MARK | {"user_id": 1.0}),
        ("1.0 is an integer to JSON Schema", EDIT, FULL[EDIT][0] | {"revision": 5.0}),
        ("a text's bytes are not its characters", EDIT, FULL[EDIT][0] | {"text": "é" * 40_000}),
        ("half of a surrogate pair is a character to some", EDIT, FULL[EDIT][0] | {"text": "\ud800"}),
        ("an id that is listed twice counts once", READ, MARK | {"message_ids": [M] * 1001}),
    ],
)
def test_where_they_differ_the_page_says_so(difference: str, name: str, kwargs: Kwargs) -> None:
    differs, by_schema = DIFFERENCES[difference]
    assert differs(kwargs)
    assert (schema(name).is_valid(kwargs), worker_takes(name, kwargs)) == (by_schema, not by_schema)
    assert difference in (PROJECT / "docs" / "celery-clients.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [READ, DELIVERED, EDIT])
def test_a_schema_names_the_arguments_that_the_worker_knows(name: str) -> None:
    said = schema(name).schema
    assert set(said["properties"]) == {*PARAMETERS[name], "application"}
    assert said["$id"] == f"urn:receipt-sync:{name}"
    assert all(each["description"] for each in said["properties"].values())


def test_there_is_a_schema_for_each_task_and_none_besides() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{name}.schema.json" for name in PARAMETERS}
