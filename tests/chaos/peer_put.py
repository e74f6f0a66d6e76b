"""What both peers' tasks do: one PUT for one receipt, and options of Celery as its documentation advises.

Late acknowledgement, rejection on a lost worker, prefetch of one, autoretry with exponential backoff and jitter; socket
timeouts and a short visibility timeout, without which a killed worker's tasks would come back after an hour only.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import requests
from celery import Celery

TIMEOUTS_S = (1.0, 1.5)
RETRIES: dict[str, Any] = {
    "autoretry_for": (requests.RequestException,),
    "max_retries": 100,
    "retry_backoff": 1,
    "retry_backoff_max": 5,
    "retry_jitter": True,
}


def make_app(name: str) -> Celery:
    """A peer's application."""
    app = Celery(name, broker=os.environ.get("PEER_BROKER_URL", "redis://127.0.0.1:6379/1"))
    app.conf.update(
        task_default_queue=name,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        singleton_backend_kwargs={"socket_timeout": 5, "socket_connect_timeout": 5},
        broker_transport_options={
            "visibility_timeout": 30,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 20,
            "socket_connect_timeout": 20,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
    )
    return app


@lru_cache(maxsize=1)
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def send(path: str, dialog: str, user: int, flag: str, text: str) -> None:
    """One PUT; raises requests.RequestException unless it was accepted."""
    body = {"chat_dialog_id": dialog} | ({flag: "1"} if flag else {"message": text})
    headers = {"Authorization": f"ApiKey {os.environ['PEER_API_KEY']}", "On-Behalf-Of": str(user)}
    url = os.environ["PEER_ENDPOINT"] + path
    _session().put(url, json=body, headers=headers, timeout=TIMEOUTS_S).raise_for_status()
