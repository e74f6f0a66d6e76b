"""How the ledger's functions come to a server, and what one does that cannot take them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from receipt_sync import ReceiptQueue, keys
from receipt_sync.functions import RECORDING
from stack.redis_server import RedisServer
from tests.histories import settlement
from tests.integration.ledger.real import APPLICATION, PREFIX, RealLedger
from tests.ledger_audit import Accounts, audit
from tests.shorthand import dialogs, read
from worker.ledger import Settled
from worker.ledger.functions import LEDGER


def one_round(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(2)])
    claims = real.claim()
    assert real.ledger.settle([settlement(claim, "done") for claim in claims]) == [Settled.ENDED, Settled.ENDED]
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=2)


def libraries(client: redis.Redis) -> set[str]:
    listed: Any = client.function_list("receipt_sync_*")
    return {library[1].decode() for library in listed}


def test_a_server_that_has_lost_its_functions_is_given_them_again(real: RealLedger) -> None:
    real.redis.function_flush()
    one_round(real)
    assert libraries(real.redis) == {RECORDING.name, LEDGER.name}


def test_so_is_one_that_loses_them_between_two_calls_of_many_receipts(real: RealLedger) -> None:
    real.redis.function_flush()
    real.record([read(dialog=dialog) for dialog in dialogs(1_001)])
    assert audit(real.redis, APPLICATION) == Accounts(recorded=1_001, pending=1_001)


def test_libraries_of_another_release_stay(real: RealLedger) -> None:
    other = LEDGER.source.replace(LEDGER.digest, "0123456789ab")
    real.redis.function_load(other, replace=True)
    one_round(real)
    assert libraries(real.redis) >= {LEDGER.name, "receipt_sync_ledger_0123456789ab"}
    real.redis.function_delete("receipt_sync_ledger_0123456789ab")


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """Knows no functions, as before 7.0."""
    directory: Path = tmp_path_factory.mktemp("old")
    configuration = directory / "old.conf"
    configuration.write_text('rename-command FCALL ""\nrename-command FUNCTION ""\n')
    with RedisServer(directory, options={"include": str(configuration)}) as server, server.client() as client:
        yield client


def test_a_server_without_functions_runs_them_as_scripts(old_server: redis.Redis) -> None:
    old_server.flushall()
    one_round(RealLedger(old_server))


def test_so_it_does_for_many_receipts(old_server: redis.Redis) -> None:
    old_server.flushall()
    real = RealLedger(old_server)
    real.record([read(dialog=dialog) for dialog in dialogs(1_001)])
    assert audit(old_server, APPLICATION) == Accounts(recorded=1_001, pending=1_001)


def test_an_error_of_a_script_holds_no_argument(old_server: redis.Redis) -> None:
    old_server.flushall()
    old_server.set(f"{PREFIX}:due", "garbage")
    with pytest.raises(redis.ResponseError, match="BROKENKEY") as raised:
        ReceiptQueue(client=old_server, application=APPLICATION).mark_dialog_read("a" * 24, token="a-secret")
    told: BaseException | None = raised.value
    while told is not None:
        assert "a-secret" not in str(told)
        told = told.__context__


def test_a_full_server_drains_though_it_cannot_take_the_library(real: RealLedger) -> None:
    real.record([read(dialog=dialog) for dialog in dialogs(2)])
    real.redis.function_delete(LEDGER.name)
    real.redis.config_set("maxmemory", 1)
    try:
        claims = real.claim()
        assert real.ledger.settle([settlement(claim, "done") for claim in claims]) == [Settled.ENDED, Settled.ENDED]
        assert libraries(real.redis) == {RECORDING.name}
    finally:
        real.redis.config_set("maxmemory", 0)
    assert audit(real.redis, APPLICATION) == Accounts(recorded=2, covered=2)


def test_what_one_application_has_published_is_nothing_to_another(real: RealLedger) -> None:
    later = keys.prefix("later")
    real.redis.hset(f"{later}:policy", mapping={"gather_min_ms": 60_000, "gather_max_ms": 60_000})
    other = ReceiptQueue(client=real.redis, application="later")
    for dialog in dialogs(3):
        real.record([read(dialog=dialog)])
        other.mark_dialog_read(dialog, user_id=1)
    now_ms = real.redis.time()[0] * 1000
    assert all(due_ms > now_ms + 50_000 for _, due_ms in real.redis.zrange(f"{later}:due", 0, -1, withscores=True))
    assert len(real.claim()) == 3


@pytest.mark.parametrize("library", [RECORDING, LEDGER], ids=lambda library: library.name)
def test_begin_alone_sets_what_belongs_to_one_call(library: Any) -> None:
    """A library lives on: what another place assigned would be seen by the next call, of another application."""
    code = re.sub(r"--[^\n]*", "", library.text)
    state = set(re.search(r"^local (prefix, .*)$", code, re.MULTILINE)[1].split(", "))  # type: ignore[index]
    memo = {"last_stored", "last_read"}
    shared = code[: code.index("\nlocal functions = {}")]
    made = re.findall(r"^local ((?!function)[\w, ]+?)(?: = .*)?$", shared, re.MULTILINE)
    names = {name for each in made for name in each.split(", ")}
    assert {name for name in names if not name.isupper()} == state | memo | ({"law", "set_key_aside"} & names)
    begin = re.search(r"^local function begin\(.*?^end$", code, re.MULTILINE | re.DOTALL)[0]  # type: ignore[index]
    for name in state:
        set_there = len(re.findall(rf"^\s+(?:[\w, ]+, )?{name}(?:, [\w, ]+)? = ", begin, re.MULTILINE))
        set_anywhere = len(re.findall(rf"^\s+(?:[\w, ]+, )?{name}(?:, [\w, ]+)? = ", code, re.MULTILINE))
        assert (name, set_there, set_anywhere) == (name, 1, 1)
