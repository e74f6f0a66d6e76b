"""The page's own calls under `/_sandbox`: its files, the stream of what happens, and the players' letterbox."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from sandbox.asking import Endpoint, UnreadableError, read, routes
from sandbox.plays import Offer, Plays, Press
from sandbox.service import ChatApi
from sandbox.watching import Watch

LOOK_EVERY_S = 0.2
SILENCE_S = 10.0
_FILES = Path(__file__).parent / "page"


class Paging:
    """The page of one sandbox."""

    def __init__(self, api: ChatApi) -> None:
        self._api = api
        self._plays = Plays()

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted under `/_sandbox`."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/", self.enter),
            ("GET", "/watch", self.watch),
            ("GET", "/plays", self.take),
            ("PUT", "/plays", self.offer),
            ("POST", "/plays", self.press),
        ]
        return [*routes(table), Mount("/page", StaticFiles(directory=_FILES, html=True))]

    async def enter(self, _request: Request) -> Response:
        """Lead a browser to the page."""
        return RedirectResponse("/_sandbox/page/")

    async def watch(self, _request: Request) -> Response:
        """Stream what happens, as server-sent events, until the watcher or the sandbox leaves."""
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _events(self) -> AsyncIterator[str]:
        watch, silent_s = Watch(self._api, self._plays), 0.0
        yield "retry: 1000\n\n"
        while not self._api.ending.is_set():
            changed = watch.look()
            silent_s = 0.0 if changed else silent_s + LOOK_EVERY_S
            if changed:
                yield f"data: {json.dumps(changed, separators=(',', ':'))}\n\n"
            elif silent_s >= SILENCE_S:
                silent_s = 0.0
                yield ": still here\n\n"  # a watcher that has gone is noticed by writing
            try:
                await asyncio.wait_for(self._api.ending.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def offer(self, request: Request) -> Response:
        """A player says what it can play, what it plays, and how the receipts stand."""
        self._plays.offer = await read(request, Offer)
        return JSONResponse(self._plays.document())

    async def take(self, _request: Request) -> Response:
        """A player takes the buttons that were pressed."""
        return JSONResponse({"pressed": self._plays.take()})

    async def press(self, request: Request) -> Response:
        """The page's button."""
        pressed = await read(request, Press)
        if not self._plays.press(pressed.play):
            raise UnreadableError({"play": [f"nobody plays {pressed.play!r} now"]})
        return JSONResponse({"pressed": pressed.play}, 202)
