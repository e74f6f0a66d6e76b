import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import worker.ledger.outcomes
from tests.unit.worker.examples import message_id
from worker.ledger import Again, Back, Dead, Done, Outcome, Part
from worker.ledger.outcomes import settle_arguments, timed

SETTLE_LUA = (Path(worker.ledger.outcomes.__file__).parent / "lua" / "settle.lua").read_text(encoding="utf-8")
A, B = message_id(1), message_id(2)
NOTHING = {
    "flags": "rd",
    "ids": "",
    "delay_ms": "0",
    "costs": "0",
    "hold_ms": "0",
    "list limit": "",
    "wants token": "0",
    "in doubt": "0",
    "reason": "",
    "status": "",
    "words": "",
    "request id": "",
    "verdict": "",
    "took_ms": "",
}


def documented_order() -> list[str]:
    """The names after "ARGV per claim:" in the header, up to the line that explains the outcomes."""
    header = re.search(r"^-- ARGV +per claim: (.*?)^-- +outcome ", SETTLE_LUA, re.MULTILINE | re.DOTALL)
    assert header
    return [name.strip() for name in header[1].replace("\n--", " ").split(",")]


def order_of_the_code() -> list[str]:
    """The fields that settle.lua's `read` fills, by their place among the arguments."""
    table = re.search(r"return \{(slot = a\[1\].*?)\}", SETTLE_LUA, re.DOTALL)
    assert table
    fields = re.findall(r"(\w+) = (?:tonumber\()?a\[(\d+)\]", table[1])
    return [name for name, _ in sorted(fields, key=lambda field: int(field[1]))]


def as_lua_reads(outcome: Outcome) -> dict[str, str]:
    arguments = settle_arguments("m:slot", 7, outcome)
    named = dict(zip(documented_order(), [str(argument) for argument in arguments], strict=True))
    assert (named.pop("slot"), named.pop("generation")) == ("m:slot", "7")
    return named


def test_header_and_code_of_settle_lua_say_the_same_order() -> None:
    spoken = {
        "letters": "flags",
        "list_limit": "list limit",
        "wants_token": "wants token",
        "in_doubt": "in doubt",
        "request_id": "request id",
    }
    assert [spoken.get(name, name) for name in order_of_the_code()] == documented_order()
    assert f"local FIELDS = {len(documented_order())}\n" in SETTLE_LUA


@pytest.mark.parametrize(
    ("part", "flags", "ids"), [(Part("rd"), "rd", ""), (Part("r", (A, B)), "r", f"{A},{B}"), (Part(), "", "")]
)
def test_done(part: Part, flags: str, ids: str) -> None:
    assert as_lua_reads(Done(part)) == NOTHING | {"outcome": "done", "flags": flags, "ids": ids, "verdict": "sent"}


def test_a_put_that_was_timed() -> None:
    for outcome in (Done(Part()), Again("why", "throttled"), Dead("why", "rejected", Part())):
        assert as_lua_reads(timed(outcome, 80))["took_ms"] == "80"
    assert as_lua_reads(timed(Back("why"), 80))["took_ms"] == ""


def test_again_at_its_least() -> None:
    assert as_lua_reads(Again("why", "")) == NOTHING | {"outcome": "again", "reason": "why"}


def test_again_with_everything() -> None:
    outcome = Again("why", "throttled", 11, True, 22, 33, True)
    assert as_lua_reads(outcome) == NOTHING | {
        "outcome": "again",
        "reason": "why",
        "verdict": "throttled",
        "delay_ms": "11",
        "costs": "1",
        "hold_ms": "22",
        "list limit": "33",
        "wants token": "1",
    }


def test_dead_for_a_part() -> None:
    outcome = Dead("why", "rejected", Part("d", (A,)), 422, "said", "id-1")
    assert as_lua_reads(outcome) == NOTHING | {
        "outcome": "dead",
        "flags": "d",
        "ids": A,
        "reason": "why",
        "status": "422",
        "words": "said",
        "request id": "id-1",
        "verdict": "rejected",
    }


def test_dead_for_an_edit_is_no_dead_for_all() -> None:
    assert as_lua_reads(Dead("why", "rejected", Part()))["outcome"] == "dead"


def test_dead_for_all() -> None:
    assert as_lua_reads(Dead("why", "")) == NOTHING | {"outcome": "dead_all", "reason": "why"}


def test_back() -> None:
    assert as_lua_reads(Back("why")) == NOTHING | {"outcome": "back", "reason": "why"}


@pytest.mark.parametrize("outcome", [Done(Part()), Again("", ""), Dead("", ""), Dead("", "", Part()), Back("")])
def test_settle_lua_knows_every_outcome(outcome: Outcome) -> None:
    table = re.search(r"^local OUTCOMES = \{(.*?)^\}", SETTLE_LUA, re.MULTILINE | re.DOTALL)
    assert table
    known: Sequence[str] = re.findall(r"^  (\w+) = ", table[1], re.MULTILINE)
    assert as_lua_reads(outcome)["outcome"] in known


def test_the_apis_words_show_in_no_repr() -> None:
    assert "private" not in repr(Dead("why", "rejected", words="private"))
