"""How many mark PUTs per second the sandbox bears: `python -m bench.sandbox_speed`.

The world holds 20,000 messages in dialogs of 100. Callers on 32 connections mark whole dialogs as read, each waiting
for its answer before the next call, for a bounded time. The callers run in this process and the sandbox in its own, so
on two cores each has one; the figure by processor time is the sandbox's alone.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from subprocess import PIPE, Popen
from typing import Any, cast
from urllib.parse import urlsplit

import click
import uvloop

from sandbox.client import SandboxClient

DIALOGS = 200
MESSAGES_EACH = 100
USERS = (101, 102)
CONNECTIONS = 32
END_S = 10.0


def world() -> dict[str, list[Any]]:
    """Return the parts of the world, for `SandboxClient.build_world`."""
    dialogs = [{"_id": f"{number:024x}", "type": 2, "occupants_ids": list(USERS)} for number in range(DIALOGS)]
    messages = [
        {"_id": f"{number:024x}", "chat_dialog_id": f"{number % DIALOGS:024x}", "sender_id": USERS[0], "message": "hi"}
        for number in range(DIALOGS * MESSAGES_EACH)
    ]
    return {"users": list(USERS), "dialogs": dialogs, "messages": messages}


def put(dialog: int) -> bytes:
    """Return the bytes of one PUT that marks a whole dialog as read, as the worker would send it."""
    body = json.dumps({"chat_dialog_id": f"{dialog:024x}", "read": 1})
    return (
        "PUT /chat/Message.json HTTP/1.1\r\nHost: sandbox\r\nUser-Agent: bench\r\nAccept: */*\r\n"
        "Content-Type: application/json\r\nAuthorization: ApiKey sandbox-api-key\r\n"
        f"On-Behalf-Of: {USERS[1]}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Caller(asyncio.Protocol):
    """One connection that sends the next PUT once the last one was answered with an empty 200."""

    def __init__(self, calls: list[bytes], numbers: Iterator[int], until_s: float) -> None:
        self._calls = calls
        self._numbers = numbers
        self._until_s = until_s
        self._transport: asyncio.WriteTransport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first PUT."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's transports derive from none of asyncio's
        self._next()

    def data_received(self, data: bytes) -> None:
        """Check one answer and go on; an empty 200 fits into one segment."""
        if not data.startswith(b"HTTP/1.1 200") or not data.endswith(b"\r\n\r\n"):
            self.done.set_exception(RuntimeError(f"not an empty 200: {data[:200]!r}"))
        elif time.monotonic() >= self._until_s:
            self.done.set_result(None)
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail when the sandbox leaves first."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the sandbox closed the connection"))

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        if self._transport is not None:
            self._transport.write(self._calls[next(self._numbers) % len(self._calls)])


async def load(host: str, port: int, seconds: float) -> None:
    """Keep every connection busy for so many seconds."""
    calls, numbers = [put(dialog) for dialog in range(DIALOGS)], count()
    until_s = time.monotonic() + seconds
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(calls, numbers, until_s), host, port))[1]
        for _ in range(CONNECTIONS)
    ]
    try:
        async with asyncio.timeout(seconds + END_S):
            await asyncio.gather(*(caller.done for caller in callers))
    finally:
        for caller in callers:
            caller.close()


@contextmanager
def running_sandbox() -> Iterator[str]:
    """Start a sandbox on a free port, yield its base URL, end it."""
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(END_S)


def measure(base_url: str, seconds: float) -> dict[str, float]:
    """Load the sandbox and return `puts`, `wall_s`, `cpu_s` (the sandbox's), `puts_per_s`, `puts_per_cpu_s`."""
    place = urlsplit(base_url)
    with SandboxClient(base_url) as sandbox:
        sandbox.build_world(**world())
        sandbox.clear_journal()
        before, started_s = sandbox.counts(), time.monotonic()
        uvloop.run(load(str(place.hostname), int(place.port or 0), seconds))
        wall_s, after = time.monotonic() - started_s, sandbox.counts()
    puts, cpu_s = after["applied"], after["cpu_s"] - before["cpu_s"]
    return {
        "puts": puts,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "puts_per_s": puts / wall_s,
        "puts_per_cpu_s": puts / cpu_s,
    }


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=5.0, type=click.FloatRange(0.1, 60.0), help="How long to load it.")
def main(seconds: float) -> None:
    """Measure mark PUTs per second against a sandbox of its own."""
    with running_sandbox() as base_url:
        found = measure(base_url, seconds)
    click.echo(
        f"{found['puts']:,} PUTs in {found['wall_s']:.1f} s: {found['puts_per_s']:,.0f} PUT/s; "
        f"the sandbox used {found['cpu_s']:.1f} CPU s: {found['puts_per_cpu_s']:,.0f} PUT per CPU second"
    )


if __name__ == "__main__":
    main()
