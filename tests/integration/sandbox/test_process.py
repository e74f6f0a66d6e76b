"""The process: its one line, its options, its end."""

import signal
import subprocess
import sys

import pytest

from sandbox.client import SandboxClient
from tests.integration.sandbox.chat import END_S, WORLD, Chat, by_key, server

WAIT_S = 20.0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_hung_and_waiting_calls(ending: signal.Signals) -> None:
    with server() as (process, url), SandboxClient(url) as sandbox:
        sandbox.build_world(**WORLD)
        chat = Chat(url)
        sandbox.faults(hang_share=1.0)
        with chat.sent(read=1):
            [hung] = sandbox.journal(wait_s=WAIT_S)
            sandbox.faults(latency_ms=600_000)
            with chat.sent(read=1):
                assert len(sandbox.journal(after=hung.seq, wait_s=WAIT_S)) == 1
                process.send_signal(ending)
                rest, complaints = process.communicate(timeout=END_S)
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_it_listens_when_it_says_so_and_takes_its_credentials_from_options() -> None:
    with server("--api-key", "other") as (_process, url), SandboxClient(url) as sandbox:
        assert sandbox.health() == {"status": "ok"}
        sandbox.build_world(**WORLD)
        chat = Chat(url)
        assert chat.put(read=1, who=by_key(key="other")).status_code == 200
        assert chat.put(read=1, who=by_key()).status_code == 401
        chat.close()


def test_a_port_that_is_taken_ends_it_with_an_error(base_url: str) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", base_url.rsplit(":", 1)[1]]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=END_S, check=False)
    assert ended.returncode not in (0, None)
    assert "address already in use" in ended.stderr.lower()
    assert ended.stdout == ""


def test_the_client_imports_nothing_of_the_server() -> None:
    script = "import sys, sandbox.client; print([m for m in sys.modules if m.startswith(('sandbox.', 'starlette'))])"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=END_S, check=True)
    assert ended.stdout.strip() == "['sandbox.client']"
