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
from stack.redis_server import HOST, RedisServer, reached_at
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

    def __init__(self, ends: ExitStack, directory: Path, host: str) -> None:
        self._ends, self._directory, self._host = ends, directory, host
        self.redis_server = ends.enter_context(RedisServer(directory / "redis", options=reached_at(host)))
        self.redis: redis.Redis = ends.enter_context(self.redis_server.client())
        port = free_port()
        ends.enter_context(start_sandbox(sys.executable, port, directory, api_key=API_KEY, host=host))
        self.api_url = f"http://{host}:{port}"
        self.api = ends.enter_context(SandboxClient(self.api_url))
        self.queue = ReceiptQueue(self.redis_server.url, timeout_s=5)
        ends.callback(self.queue.close)
        self.workers: list[Process] = []
        self.calls_seen = 0

    def start_workers(
        self,
        count: int,
        settings: Mapping[str, str],
        name: str = "worker",
        enter: Sequence[Sequence[str]] = (),
    ) -> list[Process]:
        """Start workers by the Procfile's command, called `<name>-1` and so on, and wait until they are ready.

        Args:
            count: How many.
            settings: Of all of them.
            name: Tells them from others on the same machine.
            enter: For each, what its command begins with, e.g. to run on another machine.

        Raises:
            stack.process.ProcessError: One ended, or is not ready in time.
        """
        env = {
            "REDIS_URL": self.redis_server.url.replace(HOST, self._host),
            "QUICKBLOX_ENDPOINT": self.api_url,
            "QUICKBLOX_API_KEY": API_KEY,
            **settings,
        }
        labels = [f"{name}-{number}" for number in range(1, count + 1)]
        workers = [
            start_from_procfile("worker", env, self._directory, f"-n {label}@bench", label=label, enter=way)
            for label, way in zip(labels, enter or [()] * count, strict=True)
        ]
        return [self._keep(worker) for worker in workers]

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> Process:
        """Start another worker that says ` ready.`, from a command.

        Raises:
            stack.process.ProcessError: It ended, or is not ready in time.
        """
        return self._keep(Process(name, command, env, PROJECT, self._directory / f"{name}.log"))

    def _keep(self, worker: Process) -> Process:
        self.workers.append(self._ends.enter_context(worker))
        worker.wait_for_line(" ready.", READY_WITHIN_S)
        return worker


@contextmanager
def running(host: str = HOST) -> Iterator[Running]:
    """Redis and the sandbox on free ports, in a directory that is thrown away; everything ends with the block.

    Args:
        host: This machine's address for the workers, and where the sandbox listens.
    """
    with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory, ExitStack() as ends:
        yield Running(ends, Path(directory), host)


def wait_until(holds: Callable[[], bool], timeout_s: float) -> bool:
    """Wait for something to hold; answers whether it does now."""
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
