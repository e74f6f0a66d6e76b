"""The peer of `quiet`: what many would write first, a Celery task for each receipt that sends its PUT with requests.

    celery -A bench.plain_celery worker --concurrency=4 --without-gossip --without-mingle

The broker is PLAIN_BROKER_URL, the chat API PLAIN_ENDPOINT. It is treated well: its processes keep their connection.
"""

import os
from functools import lru_cache

import requests
from celery import Celery

QUEUE = "plain"
TASK = "plain.mark_dialog_read"
TIMEOUT_S = 10.0

app = Celery("plain", broker=os.environ.get("PLAIN_BROKER_URL", "redis://127.0.0.1:6379/1"))
app.conf.update(task_default_queue=QUEUE, task_ignore_result=True, broker_connection_retry_on_startup=True)


@lru_cache(maxsize=1)
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@app.task(name=TASK)  # type: ignore[untyped-decorator]  # celery ships no types
def mark_dialog_read(dialog_id: str, user_id: int) -> None:
    """Mark a dialog as read."""
    answer = _session().put(
        f"{os.environ['PLAIN_ENDPOINT']}/chat/Message.json",
        json={"chat_dialog_id": dialog_id, "read": "1"},
        headers={"Authorization": f"ApiKey {os.environ['PLAIN_API_KEY']}", "On-Behalf-Of": str(user_id)},
        timeout=TIMEOUT_S,
    )
    answer.raise_for_status()
