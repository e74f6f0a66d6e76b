"""The floor: an asyncio worker written by hand, as fast as Python gets, which loses everything when it dies.

    python -m bench.peers.floor

Receipts come by a Redis list, are joined in a dict of this process, and are sent over a few connections that stay open,
with HTTP written out by hand. No lease, no retry, no rate, no accounts: a receipt is off the list before it is sent,
and the worker ends when a PUT is not accepted. What it costs is what nobody who promises more can go below by much.
"""

import asyncio
import json
import os
from collections.abc import Awaitable
from typing import cast
from urllib.parse import urlsplit

import redis.asyncio

QUEUE, COVERED = "floor", "floor:covered"
CONNECTIONS = 32
AT_ONCE = 1_000
WAIT_S = 1

Slot = tuple[str, int]


class Floor:
    """One worker."""

    def __init__(self, broker_url: str, endpoint: str, api_key: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(broker_url)
        self._place, self._api_key = urlsplit(endpoint), api_key
        self._pending: dict[Slot, int] = {}
        self._arrived = asyncio.Condition()
        self._sending = self._covered = 0

    async def run(self) -> None:
        """Work until a PUT is not accepted, or the list or the API is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            for _ in range(CONNECTIONS):
                tasks.create_task(self._send())

    async def _take(self) -> None:
        print("floor ready.", flush=True)
        while True:
            first = await cast("Awaitable[list[bytes] | None]", self._redis.blpop([QUEUE], WAIT_S))
            if first is None:
                continue
            more = await cast("Awaitable[list[bytes] | None]", self._redis.lpop(QUEUE, AT_ONCE))
            async with self._arrived:
                for item in [first[1], *(more or ())]:
                    dialog, user = json.loads(item)
                    self._pending[dialog, user] = self._pending.get((dialog, user), 0) + 1
                self._arrived.notify_all()

    async def _send(self) -> None:
        reader, writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        while True:
            async with self._arrived:
                await self._arrived.wait_for(lambda: self._pending)
            while self._pending:
                slot = next(iter(self._pending))
                receipts = self._pending.pop(slot)
                self._sending += 1
                await self._put(reader, writer, slot)
                self._sending -= 1
                self._covered += receipts
            if not self._sending:
                await self._redis.set(COVERED, self._covered)

    async def _put(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, slot: Slot) -> None:
        dialog, user = slot
        body = f'{{"chat_dialog_id": "{dialog}", "read": "1"}}'
        writer.write(
            f"PUT /chat/Message.json HTTP/1.1\r\nHost: {self._place.netloc}\r\nContent-Type: application/json\r\n"
            f"Authorization: ApiKey {self._api_key}\r\nOn-Behalf-Of: {user}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        await reader.readexactly(int(rest.partition(b"\r\n")[0] or 0))
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"a PUT was not accepted: {head[:100]!r}")


if __name__ == "__main__":
    asyncio.run(Floor(os.environ["PEER_BROKER_URL"], os.environ["PEER_ENDPOINT"], os.environ["PEER_API_KEY"]).run())
