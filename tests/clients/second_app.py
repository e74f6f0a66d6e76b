"""Another team's Celery application: it has none of receipt sync's code, and knows its names alone.

    python second_app.py BROKER_URL < calls

A line of its input is a JSON object: `task`, and `args`, `kwargs` as there are. Each line of its output is a task's id.
"""

import json
import sys

from celery import Celery

app = Celery("shop", broker=sys.argv[1])


def record(task: str, *args: object, **kwargs: object) -> str:
    """Sends a receipt; when it returns, the broker has it. Answers the task's id."""
    sent = app.send_task(task, args=args, kwargs=kwargs, queue="receipts", serializer="json", ignore_result=True)
    return str(sent.id)


if __name__ == "__main__":
    for line in sys.stdin:
        call = json.loads(line)
        print(record(call["task"], *call.get("args", ()), **call.get("kwargs", {})), flush=True)
