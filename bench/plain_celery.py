"""The peer of `quiet`: what many would write first, a Celery task for each receipt that sends its PUT with requests.

    celery -A bench.plain_celery worker --concurrency=4 --without-gossip --without-mingle

The broker is PLAIN_BROKER_URL, the chat API PLAIN_ENDPOINT. It is treated well: its processes keep their connection.
"""

import os
from collections.abc import Mapping
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
    _put("/chat/Message.json", {"chat_dialog_id": dialog_id, "read": "1"}, user_id)


@app.task(name="plain.mark_dialog_delivered")  # type: ignore[untyped-decorator]
def mark_dialog_delivered(dialog_id: str, user_id: int) -> None:
    """Mark a dialog as delivered."""
    _put("/chat/Message.json", {"chat_dialog_id": dialog_id, "delivered": "1"}, user_id)


@app.task(name="plain.edit_message")  # type: ignore[untyped-decorator]
def edit_message(dialog_id: str, message_id: str, text: str, user_id: int) -> None:
    """Say what a message says now."""
    _put(f"/chat/Message/{message_id}.json", {"chat_dialog_id": dialog_id, "message": text}, user_id)


def _put(path: str, body: Mapping[str, str], user_id: int) -> None:
    answer = _session().put(
        os.environ["PLAIN_ENDPOINT"] + path,
        json=body,
        headers={"Authorization": f"ApiKey {os.environ['PLAIN_API_KEY']}", "On-Behalf-Of": str(user_id)},
        timeout=TIMEOUT_S,
    )
    answer.raise_for_status()
