import os
import socket
import subprocess
import sys

import pytest

from stack import ports
from stack.services import PROJECT, environment


def test_nobody_listens_on_a_free_port() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports.free_port()))


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "LOWEST", ports.HIGHEST - 40)
    given = [ports.free_port() for _ in range(15)]
    assert len(set(given)) == 15


def test_a_taken_port_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        taken = server.getsockname()[1]
        monkeypatch.setattr(ports, "LOWEST", taken)
        monkeypatch.setattr(ports, "HIGHEST", taken)
        with pytest.raises(OSError, match=f"no free port .* between {taken} and {taken}"):
            ports.free_port()


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    assert 1024 < ports.LOWEST <= ports.free_port() <= ports.HIGHEST < 32_768


def test_no_other_process_gets_it_before_this_one_has_ended() -> None:
    ask = (
        "import sys; from stack import ports; ports.LOWEST = ports.HIGHEST = int(sys.argv[1]); print(ports.free_port())"
    )

    def another_gets(port: int) -> bool:
        asked = subprocess.run(
            [sys.executable, "-c", ask, str(port)], cwd=PROJECT, env=environment({}), capture_output=True, check=False
        )
        assert (asked.returncode == 0) == (asked.stdout == f"{port}\n".encode()), asked.stderr
        return asked.returncode == 0

    port = ports.free_port()
    assert not another_gets(port)
    os.close(ports._given.pop(port))
    assert another_gets(port)
    assert another_gets(port)
