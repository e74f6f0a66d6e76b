"""`python -m worker metrics`: the exporter for Prometheus, until it is told to end."""

from __future__ import annotations

import logging
import signal
import threading

import click
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync.connection import client_of
from worker.commands.door import loaded
from worker.logs import events
from worker.logs.setup import Logging
from worker.metrics.collector import LedgerCollector
from worker.metrics.server import Server, application

log = logging.getLogger(__name__)

# Twice within a scrape's time: a connection that has gone stale is opened anew once.
_REDIS_TIMEOUT_S = 3.0


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=9464, show_default=True, help="0: any that is free.")
def metrics(*, address: str, port: int) -> None:
    """Serve metrics of all applications for Prometheus at /metrics, until SIGTERM or SIGINT.

    They are read from the ledger with every scrape. Whoever reaches the port can read them: application names and
    numbers, nothing private; there is no password.
    """
    settings = loaded()
    Logging(settings).start(logging.getLevelName(settings.log_level))
    client = client_of(settings.redis_url, timeout_s=_REDIS_TIMEOUT_S, retry=Retry(NoBackoff(), 1))
    try:
        server = Server(address, port, application(LedgerCollector(client, settings.names)))
    except OSError as error:
        raise click.ClickException(f"cannot listen at {address} port {port}: {error.strerror}") from error
    _end_on_signals(server)
    events.METRICS_SERVED.say(log, address=address, port=server.server_port)
    with server:
        server.serve_forever()


def _end_on_signals(server: Server) -> None:
    def end(*_: object) -> None:
        # In a thread: it waits for the loop, which this handler interrupts.
        threading.Thread(target=server.shutdown, daemon=True).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
