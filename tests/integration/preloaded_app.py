"""A web app whose queue is made and used in a process that is forked afterwards, as `gunicorn --preload` does.

`python -m tests.integration.preloaded_app WAY REDIS_URL`; the last line of its output is what it has seen, as JSON.
A process of its own: pytest has threads, and must not be forked.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable

import redis

from receipt_sync import AsyncReceiptQueue, LocalBuffer, ReceiptQueue
from receipt_sync.cluster import ClusterClient
from tests.shorthand import DIALOG

CHILDREN, THREADS, EACH = 4, 4, 50
_HANGS_AFTER_S = 20


def record(queue: ReceiptQueue, who: int) -> None:
    """As many as one thread does."""
    for number in range(EACH):
        queue.mark_dialog_read(DIALOG, user_id=1 + 1000 * who + number)


def in_threads(queue: ReceiptQueue, who: int) -> None:
    """A worker's threads, each with requests of its own."""
    failed: list[BaseException] = []

    def run(thread: int) -> None:
        try:
            record(queue, THREADS * who + thread)
        except BaseException as error:  # noqa: BLE001 - shown below; a thread's error ends no process
            failed.append(error)

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def connection_of(queue: ReceiptQueue) -> int:
    """How the server names the connection that the queue uses next."""
    return int(queue._redis.client_id())


def child(work: Callable[[], object]) -> tuple[int, int]:
    """A forked process that does something and says what came of it; answers its id and where it says so."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writable)
        return pid, readable
    signal.alarm(_HANGS_AFTER_S)
    try:
        said = json.dumps(work())
    except BaseException as error:  # noqa: BLE001 - told to the parent
        said = json.dumps(repr(error))
    os.write(writable, said.encode())
    os._exit(0)


def said_by(forked: tuple[int, int]) -> object:
    """What a child has said; how it ended if it said nothing."""
    pid, readable = forked
    with os.fdopen(readable) as file:
        said = file.read()
    status = os.waitpid(pid, 0)[1]
    return json.loads(said) if said else f"ended with {status}"


def preload(url: str) -> object:
    """The parent has recorded; it and its children go on at the same time, each in threads."""
    queue = ReceiptQueue(url, timeout_s=10, when_down=LocalBuffer())
    in_threads(queue, 0)

    def work() -> int:
        in_threads(queue, os.getpid())
        return connection_of(queue)

    children = [child(work) for _ in range(CHILDREN)]
    in_threads(queue, 1)
    return [connection_of(queue), *map(said_by, children)]


def pool(url: str) -> object:
    """`multiprocessing` by fork, after use in the parent."""
    queue = ReceiptQueue(url, timeout_s=10)
    record(queue, 0)
    with multiprocessing.get_context("fork").Pool(CHILDREN, initializer=_hold, initargs=(queue,)) as processes:
        processes.map(_record_held, range(1, 1 + CHILDREN), chunksize=1)
    record(queue, 1 + CHILDREN)
    return None


_held: list[ReceiptQueue] = []


def _hold(queue: ReceiptQueue) -> None:
    _held.append(queue)


def _record_held(who: int) -> None:
    record(_held[0], who)


def busy(url: str) -> object:
    """The fork comes while another thread waits for Redis: it holds the locks, and is not there in the child."""
    buffer = LocalBuffer(retry_s=0.05)
    queue = ReceiptQueue("redis://127.0.0.1:1/0", when_down=buffer)
    record(queue, 0)
    locks = (buffer.flushing, buffer._lock, queue._flusher._lock)  # type: ignore[union-attr]
    for lock in locks:
        lock.acquire()
    cluster = ClusterClient((("127.0.0.1", 1),))
    cluster._lock.acquire()

    def work() -> list[object]:
        left = len(buffer)
        record(queue, 1)
        kept = len(buffer)
        queue._redis = redis.Redis.from_url(url)
        try:
            cluster.fcall("none", 0)
        except redis.ConnectionError:
            return [left, kept, queue.flush(), "cluster: ConnectionError"]
        return ["cluster: no error"]

    said = said_by(child(work))
    for lock in locks:
        lock.release()
    return [len(buffer), said]


def loop(url: str) -> object:
    """An async queue that was used before the fork, and another that is made after it."""
    queue = AsyncReceiptQueue(url, timeout_s=10, when_down=LocalBuffer())

    async def record_one(by: AsyncReceiptQueue, *, close: bool) -> None:
        await by.mark_dialog_read(DIALOG, user_id=1)
        if close:
            await by.aclose()

    asyncio.run(record_one(queue, close=False))

    def work() -> list[str]:
        said: list[str] = []
        for use in (record_one(queue, close=False), queue.flush(), queue.aclose()):
            try:
                asyncio.run(use)
            except RuntimeError as error:
                said.append(str(error))
        asyncio.run(record_one(AsyncReceiptQueue(url, timeout_s=10), close=True))
        return said

    return said_by(child(work))


if __name__ == "__main__":
    signal.alarm(3 * _HANGS_AFTER_S)
    ways: dict[str, Callable[[str], object]] = {"preload": preload, "pool": pool, "busy": busy, "loop": loop}
    print(json.dumps(ways[sys.argv[1]](sys.argv[2])))
    sys.stdout.flush()
    os._exit(0)  # what waits in a buffer on purpose is not tried once more
