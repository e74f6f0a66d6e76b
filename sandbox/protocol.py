"""uvicorn's HTTP protocol, which here also hands the transport to the application, and cuts open calls at the end."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.line import TRANSPORT


class SandboxProtocol(HttpToolsProtocol):
    """One connection of a caller."""

    def on_message_begin(self) -> None:
        """Begin a call: its scope carries the transport, for calls that are to be reset."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {TRANSPORT: self.transport}

    def shutdown(self) -> None:
        """End with the server: an open call (a hung one, as a rule) is cut instead of waited for."""
        if self.cycle is None or self.cycle.response_complete:
            super().shutdown()
        else:
            self.transport.abort()
