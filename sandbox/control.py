"""`/_sandbox/…`: turning the sandbox over HTTP. No credentials: it listens on the loopback."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.asking import Endpoint, UnreadableError, query, read, routes
from sandbox.faults import Faults
from sandbox.seeds import WorldSeed, plant
from sandbox.service import ChatApi
from sandbox.sessions import LIFETIME_S

LARGEST_PAGE = 10_000
PAGE = 1_000
LONGEST_WAIT_S = 60.0


class SessionSeed(BaseModel):
    """The body of `POST /_sandbox/sessions`; the session lives `expires_in_s` after its last request."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user_id: Annotated[int, Field(ge=1, lt=2**63)]
    token: Annotated[str, Field(min_length=1)] | None = None
    expires_in_s: Annotated[float, Field(ge=0)] = LIFETIME_S


class JournalQuery(BaseModel):
    """The query of `GET /_sandbox/journal`; with `wait_s` it waits so long for a call after `after`."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = PAGE
    wait_s: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S)] = 0.0


class CountsQuery(BaseModel):
    """The query of `GET /_sandbox/counts`; with `idle_s` it waits so long for every open call to end."""

    model_config = ConfigDict(extra="forbid")

    idle_s: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S)] = 0.0


class Control:
    """The control calls on one sandbox."""

    def __init__(self, api: ChatApi) -> None:
        self._api = api

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted under `/_sandbox`."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/health", self.health),
            ("GET", "/faults", self.show_faults),
            ("PUT", "/faults", self.put_faults),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/world", self.show_world),
            ("POST", "/world", self.build_world),
            ("DELETE", "/world", self.clear_world),
            ("GET", "/messages/{message_id}", self.show_message),
            ("POST", "/sessions", self.open_session),
            ("DELETE", "/sessions/{token}", self.destroy_session),
            ("GET", "/journal", self.show_journal),
            ("DELETE", "/journal", self.clear_journal),
            ("GET", "/counts", self.show_counts),
        ]
        return routes(table)

    async def health(self, _request: Request) -> Response:
        """Say that the sandbox listens."""
        return JSONResponse({"status": "ok"})

    async def show_faults(self, _request: Request) -> Response:
        """Return the faults in force; first_n counts down here."""
        return JSONResponse(self._api.misbehaviour.faults.as_document())

    async def put_faults(self, request: Request) -> Response:
        """Put a whole new set in force; fields left out return to their defaults."""
        self._api.misbehaviour.replace(await read(request, Faults))
        return await self.show_faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """Behave well again."""
        self._api.misbehaviour.replace(Faults())
        return await self.show_faults(request)

    async def build_world(self, request: Request) -> Response:
        """Add users, dialogs and messages, all or none; answers how many."""
        seed = await read(request, WorldSeed)
        complaints = plant(seed, self._api.world, self._api.users)
        if complaints:
            raise UnreadableError(complaints)
        return JSONResponse(
            {"users": len(seed.users), "dialogs": len(seed.dialogs), "messages": len(seed.messages)}, 201
        )

    async def show_world(self, _request: Request) -> Response:
        """Return every dialog and message in full, as nobody in particular sees them."""
        world = self._api.world
        dialogs = [dialog.document(None) for dialog in world.dialogs.values()]
        return JSONResponse(
            {"dialogs": dialogs, "messages": [message.document() for message in world.messages.values()]}
        )

    async def clear_world(self, _request: Request) -> Response:
        """Forget users, dialogs and messages; sessions stay."""
        self._api.world.clear()
        self._api.users.clear()
        return Response(status_code=204)

    async def show_message(self, request: Request) -> Response:
        """Return one message; neither journalled nor marked as read."""
        message = self._api.world.messages.get(request.path_params["message_id"])
        return Response(status_code=404) if message is None else JSONResponse(message.document())

    async def open_session(self, request: Request) -> Response:
        """Open a session without a signature; a token of its own may be given."""
        seed = await read(request, SessionSeed)
        self._api.users.add(seed.user_id)
        session = self._api.sessions.open(seed.user_id, token=seed.token, lifetime_s=seed.expires_in_s)
        shown = {"token": session.token, "user_id": session.user_id, "expires_at": session.expires_at}
        return JSONResponse(shown, 201)

    async def destroy_session(self, request: Request) -> Response:
        """End a session at once."""
        existed = self._api.sessions.destroy(request.path_params["token"])
        return Response(status_code=204 if existed else 404)

    async def show_journal(self, request: Request) -> Response:
        """Return a page of the journal; `next` is the number to go on after."""
        wanted, journal = query(request, JournalQuery), self._api.journal
        await journal.wait_until(lambda: bool(journal.after(wanted.after, 1)), wanted.wait_s)
        entries = journal.after(wanted.after, wanted.limit)
        last = entries[-1].seq if entries else wanted.after
        return JSONResponse({"items": [entry.document() for entry in entries], "next": last})

    async def clear_journal(self, _request: Request) -> Response:
        """Forget the calls and start the counts anew."""
        self._api.journal.clear()
        return Response(status_code=204)

    async def show_counts(self, request: Request) -> Response:
        """Return the counts since the journal was last cleared."""
        wanted, journal = query(request, CountsQuery), self._api.journal
        await journal.wait_until(lambda: journal.counts.open == 0, wanted.idle_s)
        return JSONResponse(journal.counts.as_document())
