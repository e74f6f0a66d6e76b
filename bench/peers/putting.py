"""What the Celery peers have in common: their application's options, and the PUTs with their retries.

Celery's documentation advises: no results where nobody reads them; a large prefetch multiplier for many short tasks
(userguide/optimizing: "values like 50 or 150 might make sense"; 64 is its example); autoretry with exponential backoff
and jitter. A connection is kept open by every thread, as requests' documentation advises.

PEER_BROKER_URL is the broker, PEER_ENDPOINT the chat API, PEER_API_KEY its key.
"""

import logging
import os
import threading
from collections.abc import Mapping
from typing import Any

import requests
from celery import Celery
from celery.app import trace as celery_trace
from celery.worker import strategy as celery_strategy

TIMEOUT_S = 10.0
PREFETCH = 64
RETRIES: dict[str, Any] = {
    "autoretry_for": (requests.RequestException,),
    "max_retries": 100,
    "retry_backoff": True,
    "retry_jitter": True,
}
_threads = threading.local()


def make_app(name: str) -> Celery:
    """A peer's application; its queue has the same name."""
    app = Celery(name, broker=os.environ.get("PEER_BROKER_URL", "redis://127.0.0.1:6379/1"))
    # Celery tells each task in two lines; our worker tells them at DEBUG, so nobody's are written (worker/logs).
    for told in (celery_strategy, celery_trace):
        told.logger.setLevel(logging.WARNING)
    app.conf.update(
        task_default_queue=name,
        task_ignore_result=True,
        worker_prefetch_multiplier=PREFETCH,
        broker_connection_retry_on_startup=True,
    )
    return app


def mark(dialog_id: str, user_id: int, flag: str) -> None:
    """Send the PUT that marks a dialog, as `read` or `delivered`.

    Raises:
        requests.RequestException: It was not accepted.
    """
    _put("/chat/Message.json", {"chat_dialog_id": dialog_id, flag: "1"}, user_id)


def edit(dialog_id: str, message_id: str, text: str, user_id: int) -> None:
    """Send the PUT that edits a message.

    Raises:
        requests.RequestException: It was not accepted.
    """
    _put(f"/chat/Message/{message_id}.json", {"chat_dialog_id": dialog_id, "message": text}, user_id)


def _put(path: str, body: Mapping[str, str], user_id: int) -> None:
    answer = _session().put(
        os.environ["PEER_ENDPOINT"] + path,
        json=body,
        headers={"Authorization": f"ApiKey {os.environ['PEER_API_KEY']}", "On-Behalf-Of": str(user_id)},
        timeout=TIMEOUT_S,
    )
    answer.raise_for_status()


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_threads, "session", None)
    if session is None:
        session = _threads.session = requests.Session()
        session.trust_env = False  # a third faster than with requests' default
    return session
