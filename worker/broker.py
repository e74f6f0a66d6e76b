"""The broker as kombu wants it: its address, and the options of its transport."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kombu import transport as kombu_transports
from kombu.transport.pyamqp import SSLTransport

from receipt_sync.addresses import several_servers

# A call into a connection whose other end is gone is given up after this long. One round of Celery's event loop may
# meet several and consumes nothing meanwhile: with 20 s a worker alone was back after 41-61 s, with 5 after 14-16.
ANSWER_TIMEOUT_S = 3
_CONNECT_TIMEOUT_S = 5
# One Sentinel after another is asked.
_SENTINEL_TIMEOUT_S = 2
# Receipts in the hands of a worker that was killed come back to the queue after this long.
_VISIBILITY_S = 120


def kombu_broker(url: str) -> tuple[str, dict[str, Any]]:
    """The address and the transport's options for `CELERY_BROKER_URL`, which spells Sentinels as the ledger does.

    kombu takes Sentinels as `sentinel://…;sentinel://…`, each with the credentials and the database of the Redis
    behind them, and the service's name and what the Sentinels want to be told among the options.
    """
    if url.startswith(("amqp", "pyamqp")):
        return url, {"confirm_publish": True}
    address = several_servers(url)
    if address is None:
        return url, _redis_options()
    user, password = (quote(address.options.get(name, ""), safe="") for name in ("username", "password"))
    credentials = f"{user}:{password}@" if user or password else ""
    database = address.options.get("db", 0)
    urls = [f"sentinel://{credentials}{_bracketed(host)}:{port}/{database}" for host, port in address.places]
    timeouts = {"socket_timeout": _SENTINEL_TIMEOUT_S, "socket_connect_timeout": _SENTINEL_TIMEOUT_S}
    of_sentinels = {"master_name": address.service, "sentinel_kwargs": timeouts | address.sentinel_options}
    return ";".join(urls), _redis_options() | of_sentinels


class _Verifying(SSLTransport):
    """AMQP over TLS. kombu's own checks who has signed a certificate, but not whose it is."""

    ca_file: str | None = None

    def establish_connection(self) -> Any:
        """Opens a connection to the broker that is this one's turn; its name is asked for anew each time."""
        connection: Any = self.client  # kombu's annotation lacks what it is given when it is made
        authority = {} if self.ca_file is None else {"ca_certs": self.ca_file}
        connection.ssl = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": connection.hostname, **authority}
        return super().establish_connection()  # type: ignore[no-untyped-call]


def verify_amqps(ca_file: Path | None) -> None:
    """Lets this process connect to `amqps://` brokers alone whose certificate is theirs.

    Args:
        ca_file: with whose authorities it is checked; None: with those that the machine trusts.
    """
    own = type("Verifying", (_Verifying,), {"ca_file": None if ca_file is None else str(ca_file)})
    kombu_transports._transport_cache.pop("amqps", None)  # noqa: SLF001 - a name that was looked up stays resolved
    aliases: Any = kombu_transports.TRANSPORT_ALIASES  # annotated as names alone; classes are taken as well
    aliases["amqps"] = lambda: own


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _redis_options() -> dict[str, Any]:
    return {
        "visibility_timeout": _VISIBILITY_S,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
