"""What of the worker reaches Sentry, with nothing private in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.logging import ignore_logger

from settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


def start_sentry(settings: Settings) -> None:
    """Starts Sentry where a DSN is set; without one nothing is ever sent.

    Local variables stay off: they hold texts and tokens, and the SDK's scrubber does not find them there.
    """
    if settings.sentry_dsn is None:
        return
    # Its line beside its event would be a second one.
    ignore_logger("worker.alerts")
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment,
        release=settings.sentry_release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        integrations=[CeleryIntegration()],
        before_send=_without_arguments,
    )


def _without_arguments(event: Event, _hint: Hint) -> Event:
    job = event.get("extra", {}).get("celery-job")
    if isinstance(job, dict):
        event["extra"]["celery-job"] = {"task_name": job.get("task_name")}
    return event
