"""The API's journal, read on the go: a call counts when its end is known, and none is left out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

import pytest

from sandbox.client import Call, SandboxClient
from tests.chaos.puts import Puts, put_of

HEADERS = {"host": "127.0.0.1:21000", "on-behalf-of": "101"}
BODY = '{"chat_dialog_id": "d1", "read": "1"}'


def _call(seq: int, ended: float | None = 2.0, body: str = BODY, status: int | None = 200) -> Call:
    return Call(
        seq,
        1.0,
        ended,
        "PUT",
        "/chat/Message.json",
        "",
        HEADERS,
        body,
        status,
        applied=status == 200,
        applied_at=1.0,
        user_id=None,
    )


class _Api:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def journal(self, after: int) -> list[Call]:
        return [call for call in self.calls if call.seq > after]


def test_reading_stops_at_an_open_call_and_goes_on_when_it_has_ended() -> None:
    api = _Api()
    puts = Puts(cast("SandboxClient", api))
    api.calls = [_call(1), _call(2, ended=None), _call(3)]
    puts.read_on()
    assert len(puts.read) == 1
    api.calls[1] = _call(2, status=None)
    puts.read_on()
    assert [put.status for put in puts.read] == [200, None, 200]


def test_call_without_an_answer_may_still_land() -> None:
    api = _Api()
    puts = Puts(cast("SandboxClient", api))
    just_now = replace(_call(1, status=None), arrived=time.time())
    api.calls = [just_now]
    puts.read_on()
    assert puts.read == []
    with pytest.raises(TimeoutError):
        puts.read_all(timeout_s=0)
    api.calls = [replace(just_now, status=200, applied=True, applied_at=3.5)]
    puts.read_all(timeout_s=5)
    assert [put.landed_s for put in puts.read] == [3.5]


def test_call_without_a_body_was_cut_on_its_way_in() -> None:
    api = _Api()
    puts = Puts(cast("SandboxClient", api))
    api.calls = [_call(1, body="", status=None)]
    puts.read_on()
    assert (puts.read, puts.empty) == ([], 1)


def test_whose_put_and_by_which_wire() -> None:
    put = put_of(_call(1, status=429))
    assert (put.slot, put.port, put.accepted, put.applied) == ("m:d1:u101", 21000, False, False)
