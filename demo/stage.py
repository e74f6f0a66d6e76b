"""The stage: Redis, sandbox, worker, beat and Flower as processes of this machine; whatever it starts it ends."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from demo.accounts import is_empty
from demo.scenario import GATHER_S, RATE_PER_S
from sandbox.client import SandboxClient
from settings.masking import mask_url
from stack.ports import free_port
from stack.process import Process, ProcessError
from stack.redis_server import RedisServer
from stack.services import start_from_procfile, start_sandbox

API_KEY = "demo-api-key"
READY = {"worker": "ready.", "beat": "beat: Starting", "flower": "Visit me at"}
READY_WITHIN_S = 60.0
END_WITHIN_S = 8.0  # nothing is lost here by a harder end
LEDGER_TIMEOUT_S = 10.0
JOB_SENT = "Sending due task"


class RefusedError(Exception):
    """The run cannot begin; the text says why and what would help."""


@dataclass(slots=True)
class Stage:
    """Everything that runs.

    Attributes:
        log_dir: Logs, the schedule file, and the data of a Redis of its own.
        redis_url: The ledger and the broker.
        ledger: A client of it.
        sandbox_url: The chat API.
        sandbox: Turns the sandbox.
        flower_url: What an operator looks at.
    """

    log_dir: Path
    redis_url: str
    ledger: redis.Redis
    sandbox_url: str
    sandbox: SandboxClient
    flower_port: int
    _processes: dict[str, Process] = field(default_factory=dict)
    _env: dict[str, str] = field(default_factory=dict)

    @property
    def flower_url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.flower_port}"

    @property
    def page_url(self) -> str:
        """The sandbox's page."""
        return f"{self.sandbox_url}/_sandbox/page/"

    def start_services(self, schedule: Mapping[str, Any], names: Sequence[str] = tuple(READY)) -> None:
        """Start worker, beat and Flower, or some of them, by the Procfile's commands; wait until they are ready.

        Raises:
            ProcessError: One of them ended, or is not ready in time.
        """
        self._env = self._environment(schedule)
        for name in names:
            self._start(name)
        for name in names:
            self._processes[name].wait_for_line(READY[name], READY_WITHIN_S)

    def check(self) -> None:
        """Make sure that all of them live.

        Raises:
            ProcessError: One has ended; with its last words.
        """
        for process in self._processes.values():
            if not process.alive:
                raise ProcessError(f"{process.name} ended with exit code {process.exit_code}. {process.log}")

    def jobs_sent(self) -> int:
        """How many times beat says that it has sent its job."""
        return sum(JOB_SENT in line for line in self._processes["beat"].log.lines(half=False))

    def stop_beat(self) -> int:
        """End beat, so that nothing new is recorded; returns how many times it has sent its job."""
        self._processes["beat"].stop(END_WITHIN_S)
        sent = self.jobs_sent()
        del self._processes["beat"]
        return sent

    def start_beat(self) -> None:
        """Start it again."""
        self._start("beat").wait_for_line(READY["beat"], READY_WITHIN_S)

    def end(self) -> None:
        """End the services, the last one first."""
        while self._processes:
            self._processes.popitem()[1].stop(END_WITHIN_S)

    def add(self, process: Process) -> None:
        """Have a process looked after."""
        self._processes[process.name] = process

    def _start(self, name: str) -> Process:
        process = start_from_procfile(name, self._env, self.log_dir)
        self.add(process)
        return process

    def _environment(self, schedule: Mapping[str, Any]) -> dict[str, str]:
        schedule_file = self.log_dir / "schedule.json"
        schedule_file.write_text(json.dumps(schedule, indent=2), encoding="utf-8")
        return {
            "REDIS_URL": self.redis_url,
            "QUICKBLOX_ENDPOINT": self.sandbox_url,
            "QUICKBLOX_API_KEY": API_KEY,
            "QUICKBLOX_RATE_PER_S": str(RATE_PER_S),
            "RECEIPTS_GATHER_MAX_S": str(GATHER_S),
            "RECEIPTS_SCHEDULE_FILE": str(schedule_file),
            "BEAT_STATE": str(self.log_dir / "beat-state"),
            "PORT": str(self.flower_port),
        }


@contextmanager
def set_up(log_dir: Path, redis_url: str | None, sandbox_port: int = 0) -> Iterator[Stage]:
    """Start Redis and the sandbox; at the end, whatever the reason, end everything that runs.

    Args:
        log_dir: Exists; may contain spaces.
        redis_url: A Redis to use instead of one of our own; its ledger has to be empty.
        sandbox_port: 0 takes a free one.

    Raises:
        RefusedError: That Redis cannot be used.
        ProcessError: A process ended, or is not ready in time.
    """
    with ExitStack() as ends:
        url = redis_url or ends.enter_context(RedisServer(log_dir / "redis")).url
        ledger = ends.enter_context(connect(url))
        require_empty(ledger, url)
        port = sandbox_port or free_port()
        process = start_sandbox(sys.executable, port, log_dir, api_key=API_KEY)
        ends.callback(process.stop, END_WITHIN_S)
        sandbox_url = f"http://127.0.0.1:{port}"
        sandbox = ends.enter_context(SandboxClient(sandbox_url))
        stage = Stage(log_dir, url, ledger, sandbox_url, sandbox, free_port())
        ends.callback(stage.end)
        yield stage


def connect(url: str) -> redis.Redis:
    """A client of the ledger; nothing is sent yet.

    Raises:
        RefusedError: redis-py does not understand the address.
    """
    try:
        return redis.Redis.from_url(url, socket_timeout=LEDGER_TIMEOUT_S, socket_connect_timeout=LEDGER_TIMEOUT_S)
    except ValueError as error:
        raise RefusedError(f"REDIS_URL={mask_url(url)}: expected an address such as redis://host:6379/0") from error


def require_empty(ledger: redis.Redis, url: str) -> None:
    """Make sure that nobody's receipts are in the ledger.

    Raises:
        RefusedError: It cannot be reached, or it has been used.
    """
    try:
        empty = is_empty(ledger)
    except redis.RedisError as error:
        raise RefusedError(f"REDIS_URL={mask_url(url)}: expected a Redis that answers: {error}") from error
    if not empty:
        raise RefusedError(
            f"REDIS_URL={mask_url(url)}: there are receipts in this ledger, and the demo would send them to its "
            "sandbox. Name an empty database, or unset REDIS_URL to have a Redis started for the demo."
        )
