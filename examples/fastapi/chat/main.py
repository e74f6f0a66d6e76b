"""What clients report: `uvicorn chat.main:app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from receipt_sync import MarkDelivered, MarkRead

from .people import CurrentUser, people_from_env
from .receipts import ON_ERROR, Receipts, open_queue


class Read(BaseModel):
    """A dialog was opened. Whether ids are ids is the queue's to say: 400, in its words."""

    model_config = ConfigDict(extra="forbid")

    up_to: str | None = Field(None, description="its newest message: saves a call when a second device says so too")


class Report(BaseModel):
    """One of the things that a device tells when it is online again."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["read", "delivered"]
    dialog_id: str
    up_to: str | None = None

    def receipt(self, user_id: int) -> MarkRead | MarkDelivered:
        """Raises InvalidReceipt for a wrong id."""
        mark = MarkRead if self.kind == "read" else MarkDelivered
        return mark(dialog_id=self.dialog_id, user_id=user_id, up_to=self.up_to)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """What each request finds in its `state`."""
    people = people_from_env()
    async with open_queue() as queue:
        yield {"people": people, "receipts": queue}


app = FastAPI(title="Chat", lifespan=lifespan, exception_handlers={**ON_ERROR})


@app.post("/dialogs/{dialog_id}/read", status_code=202)
async def read(dialog_id: str, body: Read, user_id: CurrentUser, receipts: Receipts) -> None:
    """The user has read the dialog."""
    await receipts.mark_dialog_read(dialog_id, user_id=user_id, up_to=body.up_to)


@app.post("/reports", status_code=202)
async def report(
    reports: Annotated[list[Report], Field(min_length=1, max_length=1_000)], user_id: CurrentUser, receipts: Receipts
) -> None:
    """All that a device has to tell: checked as a whole before any of it is recorded, 500 in a round trip."""
    await receipts.record_many([each.receipt(user_id) for each in reports])
