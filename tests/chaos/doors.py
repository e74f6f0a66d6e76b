"""How a producer hands receipts over: to us, or to a peer's Celery tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import redis
from kombu.exceptions import OperationalError

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from traffic.evidence import Recorded

Record = Callable[[Sequence[Recorded]], None]
TIMEOUT_S = 2.0


class NotRecordedError(Exception):
    """The call failed: nobody knows whether the receipts were recorded."""


def _ours(url: str) -> Record:
    queue = ReceiptQueue(url, timeout_s=TIMEOUT_S)

    def record(receipts: Sequence[Recorded]) -> None:
        try:
            queue.record_many([_receipt(receipt) for receipt in receipts])
        except redis.RedisError as error:
            raise NotRecordedError from error

    return record


def _receipt(receipt: Recorded) -> Receipt:
    dialog, user = receipt.dialog, receipt.user
    if receipt.kind == "edit":
        revision = receipt.revision
        return EditMessage(
            dialog_id=dialog, message_id=receipt.message, text=receipt.text, user_id=user, revision=revision
        )
    kind = MarkRead if receipt.kind == "read" else MarkDelivered
    return kind(dialog_id=dialog, user_id=user, up_to=receipt.message or None)


def _peer(module: str) -> Callable[[str], Record]:
    """A peer's door: one task per receipt, called as its documentation says."""

    def door(url: str) -> Record:
        from importlib import import_module  # noqa: PLC0415 - the peers' modules make Celery applications

        peer = import_module(module)
        peer.app.conf.broker_url = url

        def record(receipts: Sequence[Recorded]) -> None:
            try:
                for receipt in receipts:
                    peer.put.apply_async(kwargs=task_arguments(receipt), retry=False)
            except (OperationalError, redis.RedisError, OSError) as error:
                raise NotRecordedError from error

        return record

    return door


def task_arguments(receipt: Recorded) -> dict[str, str | int]:
    """What a peer's task is called with: the path and the body of its PUT, and whose it is."""
    if receipt.kind == "edit":
        return {
            "path": f"/chat/Message/{receipt.message}.json",
            "dialog": receipt.dialog,
            "user": receipt.user,
            "text": receipt.text,
        }
    return {"path": "/chat/Message.json", "dialog": receipt.dialog, "user": receipt.user, "flag": receipt.kind}


DOORS: Mapping[str, Callable[[str], Record]] = {
    "ours": _ours,
    "plain": _peer("tests.chaos.plain_celery"),
    "singleton": _peer("tests.chaos.singleton_celery"),
}
