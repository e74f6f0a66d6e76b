"""The Celery application: `celery -A nightly.app worker --beat`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import Celery
from celery.schedules import crontab, schedule

from receipt_sync import ReceiptQueue

from .chats import SqliteChats
from .delivered import mark_delivered

A_DAY_S = 24 * 3600
INACTIVE_DAYS = float(os.environ.get("INACTIVE_DAYS", "30"))
EVERY_S = os.environ.get("NIGHTLY_EVERY_S")

# A small run every minute from one to six at night, 300,000 dialogs in all. While Redis or the database is down a run
# fails, and the next one goes on where it stopped. When nothing is left each costs one query.
NIGHTLY = schedule(float(EVERY_S)) if EVERY_S else crontab(hour="1-5", minute="*")

app = Celery("nightly", broker=os.environ.get("CELERY_BROKER_URL") or os.environ["REDIS_URL"])
app.conf.update(
    task_default_queue="nightly",  # the receipts' workers have queues of their own on the same broker
    task_ignore_result=True,
    accept_content=["json"],
    timezone=os.environ.get("NIGHTLY_TIMEZONE", "UTC"),
    beat_schedule={
        "mark delivered for inactive users": {
            "task": "nightly.mark_delivered",
            "schedule": NIGHTLY,
            # While no worker is there, runs do not pile up.
            "options": {"expires": 60},
        }
    },
)
receipts = ReceiptQueue.from_env()
chats = SqliteChats(Path(os.environ.get("CHATS", "chats.sqlite3")))


@app.task(name="nightly.mark_delivered")
def mark_delivered_for_inactive_users() -> str:
    """What beat rings for; the answer stands in the worker's log."""
    recorded = mark_delivered(chats, receipts, unseen_since_s=time.time() - INACTIVE_DAYS * A_DAY_S)
    return f"{recorded} dialogs recorded as delivered"
