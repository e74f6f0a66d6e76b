"""The exporter's HTTP: `/metrics` for Prometheus, `/healthz` for whoever watches the process, and nothing else."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

from worker.logs import events

log = logging.getLogger(__name__)

# Whoever connects and says nothing holds a thread for so long.
_CLIENT_TIMEOUT_S = 10.0
_TEXT = [("Content-Type", "text/plain; charset=utf-8")]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def application(collector: Collector) -> Application:
    """The WSGI application.

    `/healthz` says that the process answers, and asks no ledger: a Redis that is away is no reason to start the
    exporter anew, and `receipts_up` says it.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    metrics: Application = make_wsgi_app(registry)

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                return metrics(environ, start_response)
            case "/healthz":
                start_response("200 OK", _TEXT)
                return [b"ok\n"]
            case _:
                start_response("404 Not Found", _TEXT)
                return [b"metrics are at /metrics, health is at /healthz\n"]

    return answer


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True

    def __init__(self, address: str, port: int, app: Application) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)
        self.set_app(app)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called where a request could not be served; who only left, or said nothing, is worth no traceback."""
        error = sys.exception()
        if isinstance(error, OSError):
            events.METRICS_UNANSWERED.say(log, client=str(client_address[0]), error=type(error).__name__)
        else:
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    timeout = _CLIENT_TIMEOUT_S

    def address_string(self) -> str:
        return str(self.client_address[0])  # and not its name, which somebody would have to be asked for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is wsgiref's
        events.METRICS_ASKED.say(log, asked=format % args)
