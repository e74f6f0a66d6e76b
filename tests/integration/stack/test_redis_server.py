import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import redis

from stack import process_table, redis_server
from stack.process import ProcessError
from stack.redis_server import RedisServer, shipped_binary


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a directory with spaces"


@pytest.fixture
def server(directory: Path) -> Iterator[RedisServer]:
    with RedisServer(directory, fsync="always") as started:
        yield started


def test_the_shipped_binary_can_be_run() -> None:
    assert os.access(shipped_binary(), os.X_OK)


def test_answers_bytes_under_its_url(server: RedisServer) -> None:
    assert server.url == f"redis://127.0.0.1:{server.port}/0"
    with server.client() as client, redis.Redis.from_url(server.url) as by_url:
        client.set("name", "value")
        assert by_url.get("name") == b"value"


def test_listens_on_the_loopback_and_never_evicts_nor_snapshots(server: RedisServer, directory: Path) -> None:
    with server.client() as client:
        found = client.config_get("bind", "maxmemory-policy", "save", "appendonly", "appendfsync", "dir")
    assert found == {
        "bind": "127.0.0.1",
        "maxmemory-policy": "noeviction",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "dir": str(directory.resolve()),
    }


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_data_survive_a_kill(directory: Path, fsync: Literal["always", "everysec"]) -> None:
    with RedisServer(directory, fsync=fsync) as server:
        port, pid = server.port, server.process.pid
        with server.client() as client:
            for number in range(500):
                client.rpush("numbers", number)
        server.kill()
        assert not server.process.alive
        server.restart()
        assert (server.port, server.process.alive) == (port, True)
        assert server.process.pid != pid
        with server.client() as client:
            assert client.lrange("numbers", 0, -1) == [str(number).encode() for number in range(500)]


def test_a_running_server_can_be_restarted(server: RedisServer) -> None:
    with server.client() as client:
        client.set("name", "value")
        server.restart()
        assert client.get("name") == b"value"


def test_without_append_only_a_restart_forgets(directory: Path) -> None:
    with RedisServer(directory, append_only=False) as server, server.client() as client:
        client.set("name", "value")
        server.restart()
        assert client.get("name") is None


def test_further_options_are_handed_on(directory: Path) -> None:
    with RedisServer(directory, options={"maxmemory": "20mb"}) as server, server.client() as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(20 * 1024 * 1024)}


def test_stop_ends_it(directory: Path) -> None:
    server = RedisServer(directory)
    server.stop()
    assert server.process.exit_code == 0


def test_a_port_that_another_server_holds_is_told_and_not_taken_for_ours(directory: Path, tmp_path: Path) -> None:
    with RedisServer(tmp_path / "first") as first, pytest.raises(ProcessError, match=r"(?i)address already in use"):
        RedisServer(directory, port=first.port)


def test_nothing_is_left_of_a_server_that_does_not_answer(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "silent-server"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(redis_server, "READY_WITHIN_S", 0.1)
    with pytest.raises(ProcessError, match=r"waited for an answer to PING: not within 0\.1 s") as caught:
        RedisServer(directory, binary=silent)
    pid = re.findall(r"\(pid (\d+)\)", str(caught.value))[0]
    assert int(pid) not in {row.pid for row in process_table.rows()}


def test_a_missing_binary_is_told(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RedisServer(directory, binary=tmp_path / "no-such-server")
