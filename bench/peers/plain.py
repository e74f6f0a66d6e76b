"""What many would write first: a Celery task for each receipt. And one that does nothing, the least that Celery costs.

celery -A bench.peers.plain worker
"""

from bench.peers import putting

app = putting.make_app("plain")


@app.task(**putting.RETRIES)  # type: ignore[untyped-decorator]  # celery ships no types
def mark_dialog_read(dialog_id: str, user_id: int) -> None:
    """Tell the API of one receipt."""
    putting.mark(dialog_id, user_id, "read")


@app.task(**putting.RETRIES)  # type: ignore[untyped-decorator]
def mark_dialog_delivered(dialog_id: str, user_id: int) -> None:
    """The same for another flag."""
    putting.mark(dialog_id, user_id, "delivered")


@app.task(**putting.RETRIES)  # type: ignore[untyped-decorator]
def edit_message(dialog_id: str, message_id: str, text: str, user_id: int) -> None:
    """Say what a message says now."""
    putting.edit(dialog_id, message_id, text, user_id)


@app.task  # type: ignore[untyped-decorator]  # celery ships no types
def nothing(dialog_id: str, user_id: int) -> None:
    """Take a receipt's arguments and do nothing."""
