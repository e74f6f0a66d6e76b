"""Values that somebody may send: right ones, nearly right ones, and anything."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from receipt_sync.calls import PARAMETERS
from tests.integration.raw_messages import envelope

TOKEN = "a-private-token"
_IDS = st.sampled_from(["d" * 24, "e" * 24, "0" * 24, "D" * 24, "d" * 23, "d" * 24 + "\n", "٣" * 24])
_EDGES = [
    0,
    1,
    -1,
    2**31,
    2**53,
    2**63,
    2**64,
    10**400,
    1e308,
    float("inf"),
    float("nan"),
    True,
    None,
    "",
    "\x00",
    "\ud800",
]
_LEAVES = st.sampled_from(_EDGES) | st.text(max_size=20) | st.integers() | st.floats() | _IDS
JSON: SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ANYTHING: SearchStrategy[Any] = (
    JSON
    | st.binary(max_size=20)
    | st.complex_numbers()
    | st.frozensets(_IDS, max_size=3)
    | st.tuples(_LEAVES)
    | st.builds(object)
)
NAMES = st.sampled_from(sorted(PARAMETERS))
_RIGHT: dict[str, SearchStrategy[Any]] = {
    "dialog_id": _IDS,
    "message_id": _IDS,
    "up_to": _IDS | st.none(),
    "message_ids": st.lists(_IDS, max_size=4) | st.none(),
    "user_id": st.integers(-1, 2**63) | st.none(),
    "token": st.just(TOKEN) | st.none(),
    "text": st.text(min_size=1, max_size=50) | st.just("x" * 70_000),
    "revision": st.integers(-1, 2**53) | st.none(),
    "application": st.sampled_from(["default", "another", "", "DEFAULT"]),
}


@st.composite
def arguments(draw: st.DrawFn, name: str, values: SearchStrategy[Any], more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Arguments by name: most of them right, some of them anything, some of other names."""
    given: dict[str, Any] = {}
    for parameter in (*PARAMETERS[name], *more):
        if draw(st.integers(0, 3)):
            right = draw(st.integers(0, 5)) > 0
            given[parameter] = draw(_RIGHT[parameter] if right else values)
    if draw(st.integers(0, 9)) == 0:
        given[draw(st.text(max_size=8))] = draw(values)
    return given


def _mutated(draw: st.DrawFn, whole: Any, depth: int = 0) -> Any:
    if draw(st.integers(0, 7)) == 0:
        return draw(JSON)
    if isinstance(whole, dict) and depth < 4:
        kept = {key: _mutated(draw, value, depth + 1) for key, value in whole.items() if draw(st.integers(0, 11))}
        return kept | (draw(st.dictionaries(st.text(max_size=6), JSON, max_size=1)) if draw(st.booleans()) else {})
    return whole


_BODIES: list[Any] = [
    [[], {}, {}], [["d" * 24], {"user_id": 1}, None], [[], {"application": "default", "permit": "p"}, {"chord": None}],
    {"task": "receipts.sync", "id": "1", "args": [], "kwargs": {}},
]  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> bytes:
    """Items of a queue: any bytes, or an envelope some parts of which are anything, cut or bitten."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    body = draw(st.sampled_from(_BODIES)) if draw(st.booleans()) else draw(JSON)
    fields: dict[str, Any] = {"headers__id": "id"}
    if draw(st.booleans()):
        name = draw(
            st.sampled_from(["task", "id", "eta", "expires", "timelimit", "shadow", "chord", "retries", "update"])
        )
        fields[f"headers__{name}"] = draw(JSON)
    if draw(st.integers(0, 4)) == 0:
        fields["headers"] = {}
    item = json.dumps(_mutated(draw, envelope(body=_sayable(body), **fields))).encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(item)))
        item = item[:at] + draw(st.binary(max_size=3)) + item[at + draw(st.integers(0, 3)) :]
    return item


def _sayable(value: Any) -> Any:
    return json.loads(json.dumps(value))
