"""Told what became of receipts: a Celery application of your own, with none of the worker's code.

    RECEIPTS_HOOK_TASK=chat.receipts_told RECEIPTS_HOOK_QUEUE=chat    for the receipts' workers
    celery -A told worker --queues chat                               here, with REDIS_URL for the broker

A notice may come twice, and those of one dialog out of order: each has an `id` that rises with time, and `handled`
remembers the ones of the last hour. docs/hooks.md lists what a notice holds.
"""

from __future__ import annotations

import os
from typing import Any

import redis
from celery import Celery

app = Celery("chat", broker=os.environ["REDIS_URL"])
app.conf.update(accept_content=["json"], task_ignore_result=True, task_acks_late=True)
handled = redis.Redis.from_url(os.environ["REDIS_URL"])
AN_HOUR_S = 3600


@app.task(name="chat.receipts_told")
def receipts_told(notices: list[dict[str, Any]]) -> None:
    """Takes up to 100 notices."""
    for notice in notices:
        seen = f"chat:seen:{notice['application']}:{notice['id']}"
        if handled.exists(seen):
            continue
        tell_the_others(notice)
        # Not before they know: a worker that dies in between tells them twice rather than never.
        handled.set(seen, 1, ex=AN_HOUR_S)


def tell_the_others(notice: dict[str, Any]) -> None:
    """Here your own web sockets would be told; the example keeps a list of sentences."""
    if notice["outcome"] == "dead":
        sentence = f"{notice['receipts']} receipts died: {notice['reason']}"
    elif notice["kind"] == "edit":
        sentence = f"message {notice['message_id']} was edited in dialog {notice['dialog_id']}"
    else:
        verb = "read" if notice["read"] or notice["read_message_ids"] else "received"
        sentence = f"user {notice['user_id']} has {verb} messages of dialog {notice['dialog_id']}"
    handled.rpush("chat:told", sentence)
