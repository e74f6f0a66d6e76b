"""The application: the control calls under `/_sandbox`, and the chat API for everything else."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from sandbox.asking import UnreadableError, complain, routes
from sandbox.control import Control
from sandbox.openapi import document
from sandbox.paging import Paging
from sandbox.service import ChatApi


def build_app(api: ChatApi) -> Starlette:
    """Return the ASGI application around one sandbox's state.

    Args:
        api: The chat API; the caller keeps it to tell it when the server ends.
    """
    app = Starlette(
        routes=[Mount("/_sandbox", routes=control_routes(api))], exception_handlers={UnreadableError: complain}
    )
    # No Mount at "/": its pattern lets no path with a line break in it through.
    app.router.default, app.router.redirect_slashes = api, False
    return app


def control_routes(api: ChatApi) -> list[BaseRoute]:
    """Return everything under `/_sandbox`."""
    described = routes([("GET", "/openapi.json", _describe)])
    return [*Control(api).routes(), *Paging(api).routes(), *described]


async def _describe(_request: Request) -> Response:
    """Return the description of all calls."""
    return JSONResponse(document())
