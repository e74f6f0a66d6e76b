"""The running system for tests: real Redis, sandbox and workers, looked at from outside.

Tests in tests/system reach it only through its fixture, the producers' package and what any operator can see: the
API's journal and the ledger's accounts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis

from receipt_sync import ReceiptQueue
from sandbox.client import Call, SandboxClient
from stack.ports import free_port
from stack.process import Process
from stack.redis_server import HOST, RedisServer, reached_at
from stack.services import PROJECT, environment, start_from_procfile, start_sandbox
from tests.ledger_audit import Accounts, audit

__all__ = ["API_KEY", "PATIENCE_S", "PROJECT", "Call", "Process", "StartSystem", "System", "until"]

API_KEY = "sandbox-api-key"
PATIENCE_S = 60.0
_POLL_S = 0.02
# Short enough that a test of a dead worker or a silent API takes seconds; the shape is that of production.
QUICK = {
    "QUICKBLOX_CONNECT_TIMEOUT_S": "1",
    "QUICKBLOX_READ_TIMEOUT_S": "1.5",
    "RECEIPTS_LEASE_MARGIN_S": "1",
    "RECEIPTS_BACKOFF_BASE_S": "0.2",
    "RECEIPTS_BACKOFF_CAP_S": "1",
    "RECEIPTS_UNAUTHORIZED_HOLD_S": "1",
    "RECEIPTS_GATHER_MAX_S": "0.3",
    "RECEIPTS_SHUTDOWN_S": "7",
    "QUICKBLOX_RATE_PER_S": "0",
    "WORKER_CONCURRENCY": "2",
}


def redis_users() -> Path | None:
    """The file with the users that Redis servers of tests are to have: with `make test-acl` those that we document."""
    return PROJECT / "docker" / "redis" / "users.acl" if os.environ.get("TEST_REDIS_ACL") else None


def until(holds: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Waits until something holds; AssertionError with `what` when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    between = threading.Event()
    while not holds():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"after {timeout_s} s still not: {what}")
        between.wait(_POLL_S)


class System:
    """One application's whole system; workers are started when a test asks for them."""

    def __init__(self, directory: Path, settings: Mapping[str, str], host: str = HOST) -> None:
        """Starts Redis and the API.

        Args:
            directory: For what they write.
            settings: Of all workers.
            host: This machine's address for workers on another one.
        """
        self._directory, self._host = directory, host
        self._settings = {**QUICK, **settings}
        self.api_port = free_port()
        self.health_dir = directory / "health"
        self.workers: list[Process] = []
        self._more_apis: list[Process] = []
        self.redis_server = RedisServer(
            directory / "redis", fsync="always", users=redis_users(), options=reached_at(host)
        )
        self.redis: redis.Redis = self.redis_server.client()
        self.start_api()
        self.receipts = ReceiptQueue(self.redis_server.url_of("producer"), timeout_s=5)

    # The API -----------------------------------------------------------------------------------------------------

    def start_api(self) -> None:
        """Starts the sandbox, with an empty world; on the same port as before."""
        self.api_process = start_sandbox(
            sys.executable, self.api_port, self._directory, api_key=API_KEY, host=self._host
        )
        self.api = SandboxClient(f"http://{self._host}:{self.api_port}")

    def start_another_api(self) -> tuple[SandboxClient, str]:
        """One more sandbox, for other applications; answers its client and its address."""
        port = free_port()
        self._more_apis.append(start_sandbox(sys.executable, port, self._directory, api_key=API_KEY))
        return SandboxClient(f"http://127.0.0.1:{port}"), f"http://127.0.0.1:{port}"

    def queue(self, application: str) -> ReceiptQueue:
        """The recording end of another application."""
        return ReceiptQueue(self.redis_server.url_of("producer"), application=application, timeout_s=5)

    def dialog(self, number: int, users: tuple[int, ...] = (7, 123), messages: int = 3) -> tuple[str, list[str]]:
        """A dialog and its messages, all sent by the first user; answers their ids."""
        dialog_id = f"d{number:023x}"
        message_ids = [f"e{number:015x}{i:08x}" for i in range(messages)]
        self.api.build_world(
            users=users,
            dialogs=[{"_id": dialog_id, "type": 2, "occupants_ids": list(users)}],
            messages=[
                {"_id": id_, "chat_dialog_id": dialog_id, "sender_id": users[0], "message": "as sent"}
                for id_ in message_ids
            ],
        )
        return dialog_id, message_ids

    def puts(self) -> list[Call]:
        """Every PUT the API has seen so far."""
        return [call for call in self.api.journal() if call.method == "PUT"]

    def logins(self) -> list[Call]:
        """Every `POST /session.json` the API has seen so far."""
        return [call for call in self.api.journal() if call.method == "POST"]

    def applied(self) -> list[Call]:
        """Those whose meaning was carried out."""
        return [call for call in self.puts() if call.applied]

    def wait_for_puts(self, count: int) -> list[Call]:
        """Waits until the API has seen so many PUTs; answers all."""
        until(lambda: len(self.puts()) >= count, f"{count} PUTs at the API")
        return self.puts()

    # Workers -----------------------------------------------------------------------------------------------------

    def start_worker(
        self, extra_args: str = "", until_it_says: str = " ready.", enter: Sequence[str] = (), **settings: str
    ) -> Process:
        """Starts one more worker by the Procfile's own command, and waits until it is ready, or says something else.

        Args:
            extra_args: Of its command.
            until_it_says: What is waited for.
            enter: What its command begins with, e.g. to run on another machine.
            settings: Beside those of all workers.
        """
        return self._start_worker(PROJECT, extra_args, until_it_says, settings, enter)

    def start_worker_of(self, project: Path) -> Process:
        """Starts one more worker of another tree of this project: an older one."""
        # It may not know the variable, and would refuse to start; an empty one is none.
        return self._start_worker(project, "", " ready.", {"RECEIPTS_HEALTH_DIR": ""})

    def _start_worker(
        self, project: Path, extra: str, until_it_says: str, settings: Mapping[str, str], enter: Sequence[str] = ()
    ) -> Process:
        name = f"worker-{len(self.workers) + 1}"
        env, extra_args = self.environment(settings), f"-n {name}@test {extra}"
        worker = start_from_procfile(
            "worker", env, self._directory, extra_args, label=name, project=project, enter=enter
        )
        self.workers.append(worker)
        worker.wait_for_line(until_it_says, PATIENCE_S)
        return worker

    def operate(self, *arguments: str) -> str:
        """Runs an operator's command, `python -m worker …`, to its end; answers what it printed."""
        command = [sys.executable, "-m", "worker", *arguments]
        env = environment(self.environment({}) | {"REDIS_URL": self.redis_server.url_of("operator")})
        ended = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def health(self, question: str) -> tuple[int, str]:
        """What `python -m worker health` says of the workers: its exit code and its words."""
        command = [sys.executable, "-m", "worker", "health", question]
        env = environment(self.environment({}))
        ended = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout.strip()

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The settings of a process of this system."""
        return self._settings | {
            "REDIS_URL": self.redis_server.url.replace(HOST, self._host),
            "QUICKBLOX_ENDPOINT": f"http://{self._host}:{self.api_port}",
            "QUICKBLOX_API_KEY": API_KEY,
            "RECEIPTS_HEALTH_DIR": str(self.health_dir),
            **settings,
        }

    # The ledger --------------------------------------------------------------------------------------------------

    def accounts(self, application: str = "default") -> Accounts:
        """The accounts, after an audit slot by slot."""
        return audit(self.redis, application)

    def wait_until_settled(self, timeout_s: float = PATIENCE_S) -> Accounts:
        """Waits until nothing waits and nothing is in flight; answers the audited accounts."""

        def settled() -> bool:
            counts = self.redis.hmget("rs:{default}:counts", ["recorded", "pending", "in_flight"])
            recorded, pending, in_flight = (int(value or 0) for value in counts)
            return recorded > 0 and pending == 0 and in_flight == 0

        until(settled, "every receipt covered or dead", timeout_s)
        return self.accounts()

    def dead_letters(self) -> list[dict[str, str]]:
        """The dead letters, oldest first."""
        letters: Any = self.redis.xrange("rs:{default}:dead")
        return [{key.decode(): value.decode() for key, value in fields.items()} for _, fields in letters]

    def stop(self) -> None:
        """Ends everything."""
        for worker in self.workers:
            worker.kill()
        for api in (self.api_process, *self._more_apis):
            api.kill()
        self.redis.close()
        self.redis_server.kill()


StartSystem = Callable[..., System]
