"""`python -m worker record …`: receipts by hand, through the same door as a web app's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

import click

from receipt_sync import EditMessage, InvalidReceipt, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from worker.commands.door import Door, door
from worker.commands.options import ObjectId, of_application
from worker.commands.printing import print_json
from worker.sealing import seal_of

Command = TypeVar("Command", bound=Callable[..., Any])


def _actor(command: Command) -> Command:
    """Whom the PUT is sent for. A token would be seen by everybody on the machine if it stood among the arguments."""
    for option in (
        click.option("--token-file", type=click.File("rb"), help="A file with a session token; - is standard input."),
        click.option("--user", "user_id", type=int, help="The acting user; with the API key unless a token is given."),
    ):
        command = option(command)
    return command


def _messages(command: Command) -> Command:
    for option in (
        click.option("--up-to", type=ObjectId(), help="The whole dialog; this message was seen last."),
        click.option(
            "--message", "messages", type=ObjectId(), multiple=True, help="Only this message; more than once."
        ),
    ):
        command = option(command)
    return command


@click.group()
def record() -> None:
    """Record a receipt by hand, to try a deployment; how it is watched is said then.

    It is checked and recorded as a web app's is (`ReceiptQueue`), and sent by the workers like any other: this marks
    messages in earnest.
    """


@record.command()
@of_application
@_actor
@_messages
@click.argument("dialog_id", metavar="DIALOG", type=ObjectId())
def read(*, dialog_id: str, **given: Any) -> None:
    """A user has read a DIALOG, or some of its messages."""
    _mark(MarkRead, dialog_id, **given)


@record.command()
@of_application
@_actor
@_messages
@click.argument("dialog_id", metavar="DIALOG", type=ObjectId())
def delivered(*, dialog_id: str, **given: Any) -> None:
    """A user has received a DIALOG's messages, or some."""
    _mark(MarkDelivered, dialog_id, **given)


@record.command()
@of_application
@_actor
@click.option("--text", help="What the message says now; without it the text is read from standard input.")
@click.option("--revision", type=int, help="Its place among the edits of this message; by default the time in ms.")
@click.argument("dialog_id", metavar="DIALOG", type=ObjectId())
@click.argument("message_id", metavar="MESSAGE", type=ObjectId())
def edit(
    *,
    application: str | None,
    as_json: bool,
    user_id: int | None,
    token_file: BinaryIO | None,
    text: str | None,
    revision: int | None,
    dialog_id: str,
    message_id: str,
) -> None:
    """A MESSAGE of a DIALOG says something else now; the text comes from --text or standard input.

    Of a text from standard input the last newline is left out. The text is not printed again.
    """
    token = _line(token_file)
    if text is None and token_file is sys.stdin.buffer:
        raise click.UsageError("text and token cannot both come from standard input")
    said = _text(sys.stdin.buffer.read()) if text is None else text
    with _refused(), door(application) as opened:
        receipt = EditMessage(
            dialog_id=dialog_id,
            message_id=message_id,
            text=said,
            user_id=user_id,
            token=token,
            revision=revision,
            max_text_bytes=opened.settings.max_text_bytes,
        )
        _queue(opened).record_many([receipt])
    _say(opened.application, receipt, f"--message {message_id}", as_json=as_json)


def _mark(
    kind: type[MarkRead | MarkDelivered],
    dialog_id: str,
    *,
    application: str | None,
    as_json: bool,
    user_id: int | None,
    token_file: BinaryIO | None,
    messages: tuple[str, ...],
    up_to: str | None,
) -> None:
    token = _line(token_file)
    with _refused():
        receipt = kind(dialog_id=dialog_id, user_id=user_id, token=token, message_ids=messages or None, up_to=up_to)
        with door(application) as opened:
            _queue(opened).record_many([receipt])
    _say(opened.application, receipt, f"--user {user_id}" if user_id else "", as_json=as_json)


def _queue(opened: Door) -> ReceiptQueue:
    settings = opened.settings
    return ReceiptQueue(
        client=opened.client,
        application=opened.application,
        max_text_bytes=settings.max_text_bytes,
        seal=seal_of(settings),
    )


def _say(application: str, receipt: Receipt, narrowed: str, *, as_json: bool) -> None:
    wired = receipt.wire(0) if isinstance(receipt, EditMessage) else receipt.wire()
    slot = wired[1]
    watch = f"python -m worker inspect {receipt.dialog_id} {narrowed} --application {application}".replace("  ", " ")
    if as_json:
        print_json({"application": application, "slot": slot, "watch": watch})
        return
    click.echo(f"Recorded in {application}, slot {slot}.")
    click.echo(f"Watch it: {watch}")


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except InvalidReceipt as error:
        raise click.UsageError(str(error)) from error


def _line(file: BinaryIO | None) -> str | None:
    return None if file is None else _text(file.read())


def _text(raw: bytes) -> str:
    try:
        return raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise click.UsageError("expected UTF-8, got something else") from None
