"""Our packer says to Redis, byte for byte, what redis-py's own says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from receipt_sync.packing import Packer

PACKER, THEIRS = Packer(), cast("Callable[..., list[bytes]]", cast("Any", redis.Connection)().pack_command)
WORDS = st.text() | st.integers() | st.binary() | st.floats(allow_nan=False)
NAMES = st.sampled_from(["FCALL", "PING", "FUNCTION LOAD", "CLIENT SETINFO"])


@given(NAMES, st.lists(WORDS, max_size=12))
def test_the_bytes_are_those_of_redis_py(name: str, words: list[object]) -> None:
    assert b"".join(PACKER.pack(name, *words)) == b"".join(THEIRS(name, *words))


def test_a_long_text_counts_in_bytes() -> None:
    assert PACKER.pack("ECHO", "ä" * 9_000) == [b"*2\r\n$4\r\nECHO\r\n$18000\r\n" + "ä".encode() * 9_000 + b"\r\n"]


@pytest.mark.parametrize("wrong", [None, True, [], {}])
def test_what_redis_does_not_take_is_refused(wrong: object) -> None:
    with pytest.raises(redis.DataError):
        PACKER.pack("ECHO", wrong)
