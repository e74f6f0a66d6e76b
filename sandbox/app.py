"""The application: the control calls under `/_sandbox`, and the chat API for everything else."""

from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.asking import UnreadableError, complain
from sandbox.control import Control
from sandbox.paging import Paging
from sandbox.service import ChatApi


def build_app(api: ChatApi) -> Starlette:
    """Return the ASGI application around one sandbox's state.

    Args:
        api: The chat API; the caller keeps it to tell it when the server ends.
    """
    return Starlette(
        routes=[Mount("/_sandbox", routes=[*Control(api).routes(), *Paging(api).routes()]), Mount("/", app=api)],
        exception_handlers={UnreadableError: complain},
    )
