"""The system under measurement: Redis, the sandbox and workers, as the Procfile starts them."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from receipt_sync import ReceiptQueue
from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.process import Process
from stack.redis_server import RedisServer
from stack.services import PROJECT, start_from_procfile, start_sandbox

API_KEY = "sandbox-api-key"
READY_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.05


class Running:
    """What has been started; made by `running`.

    Attributes:
        redis_server: The ledger and the broker.
        redis: Its client.
        api_url: The sandbox's address.
        api: Its client.
        queue: Records receipts.
        workers: Those that were started, ours and others'.
        calls_seen: The journal's number up to which a measurement has looked.
    """

    def __init__(self, ends: ExitStack, directory: Path) -> None:
        self._ends, self._directory = ends, directory
        self.redis_server = ends.enter_context(RedisServer(directory / "redis"))
        self.redis: redis.Redis = ends.enter_context(self.redis_server.client())
        port = free_port()
        ends.enter_context(start_sandbox(sys.executable, port, directory, api_key=API_KEY))
        self.api_url = f"http://127.0.0.1:{port}"
        self.api = ends.enter_context(SandboxClient(self.api_url))
        self.queue = ReceiptQueue(self.redis_server.url, timeout_s=5)
        ends.callback(self.queue.close)
        self.workers: list[Process] = []
        self.calls_seen = 0

    def start_workers(self, count: int, settings: Mapping[str, str]) -> None:
        """Start workers by the Procfile's command and wait until they are ready.

        Raises:
            stack.process.ProcessError: One ended, or is not ready in time.
        """
        env = {
            "REDIS_URL": self.redis_server.url,
            "QUICKBLOX_ENDPOINT": self.api_url,
            "QUICKBLOX_API_KEY": API_KEY,
            **settings,
        }
        labels = [f"worker-{number}" for number in range(1, count + 1)]
        workers = [
            start_from_procfile("worker", env, self._directory, f"-n {label}@bench", label=label) for label in labels
        ]
        for worker in workers:
            self._keep(worker)

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start another worker that says ` ready.`, from a command.

        Raises:
            stack.process.ProcessError: It ended, or is not ready in time.
        """
        self._keep(Process(name, command, env, PROJECT, self._directory / f"{name}.log"))

    def _keep(self, worker: Process) -> None:
        self.workers.append(self._ends.enter_context(worker))
        worker.wait_for_line(" ready.", READY_WITHIN_S)


@contextmanager
def running() -> Iterator[Running]:
    """Redis and the sandbox on free ports, in a directory that is thrown away; everything ends with the block."""
    with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory, ExitStack() as ends:
        yield Running(ends, Path(directory))


def wait_until(holds: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for something to hold; answers whether it does now."""
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
