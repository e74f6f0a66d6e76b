"""redis-py's client with a short way to the server: what a web app spends on recording is mostly the client's work.

For every command redis-py takes a connection out of its pool, asks the socket whether it is still usable, and puts it
back; that takes longer than the command. Here a connection is borrowed from the pool for a moment and used for as many
commands as fall into it. An app that records now and then meets the pool's checks each time, as ever; one that records
a thousand receipts a second meets them once.

Instrumentation that wraps `redis.Redis.execute_command` does not see these commands. A queue that is given a client
(`ReceiptQueue(client=…)`) uses that one as it is.
"""

from __future__ import annotations

import os
import time
from typing import Any

import redis

# A connection goes back to the pool with the first command after this time at the latest: what the pool does then (is
# it closed, is it marked for another server, has its password changed?) is as good as done for every command.
_BORROWED_S = 0.25
# More than so many at once are for the pool alone, which has a limit to its connections.
_KEPT_MAX = 8


class DirectClient(redis.Redis):
    """A client that borrows its connections; safe to share between threads and to use after a fork."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Whose they are, and the connections with the time when each was borrowed. A list is a stack that threads share
        # without a lock: to pop and to append are one step each.
        self._kept: tuple[int, list[tuple[Any, float]]] = os.getpid(), []

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """One command; errors, retries and answers are redis-py's."""
        connection, borrowed_s = self._borrow()
        try:
            return connection.retry.call_with_retry(
                lambda: self._ask(connection, arguments, options), lambda _error: connection.disconnect()
            )
        except redis.ResponseError:
            raise
        except BaseException:
            # Its answer may still be under way, and would be taken for the next command's.
            connection.disconnect()
            raise
        finally:
            self._keep(connection, borrowed_s)

    def close(self) -> None:
        """Gives the connections back; the client may be used again."""
        kept = self._own()
        while kept:
            self.connection_pool.release(kept.pop()[0])
        super().close()

    def _ask(self, connection: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        connection.send_command(*arguments, **options)
        return self.parse_response(connection, arguments[0], **options)  # type: ignore[no-untyped-call]

    def _borrow(self) -> tuple[Any, float]:
        now_s, kept = time.monotonic(), self._own()
        try:
            connection, borrowed_s = kept.pop()
        except IndexError:
            return self.connection_pool.get_connection(), now_s
        if now_s - borrowed_s < _BORROWED_S:
            return connection, borrowed_s
        self.connection_pool.release(connection)
        return self.connection_pool.get_connection(), now_s

    def _keep(self, connection: Any, borrowed_s: float) -> None:
        kept = self._own()
        if len(kept) < _KEPT_MAX:
            kept.append((connection, borrowed_s))
        else:
            self.connection_pool.release(connection)

    def _own(self) -> list[tuple[Any, float]]:
        pid, kept = self._kept
        if pid != os.getpid():
            # After a fork they are the parent's; the pool forgets its own by itself.
            kept = []
            self._kept = os.getpid(), kept
        return kept
