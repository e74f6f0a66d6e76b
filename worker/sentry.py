"""What leaves the worker for Sentry: when it starts, and what is said of which application and slot.

Privacy is private_events.py's. Everything that is sent passes it, but for check-ins of beat's jobs, which hold a job's
name and when it runs.
"""

from __future__ import annotations

import sentry_sdk
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.integrations.stdlib import StdlibIntegration

from settings import Settings
from worker.logs.private import pseudonym
from worker.private_events import before_send, before_send_transaction

# What they say as errors is told otherwise: once for each outage or kind by alerts.py and deaths.py, a broker that is
# away by the ticker, a process that was killed by the task that it took along.
_TOLD_OTHERWISE = (
    "worker.alerts",
    "worker.quarantine",
    "worker.sending",
    "celery.worker.consumer.consumer",
    "multiprocessing",
)


def start_sentry(settings: Settings) -> None:
    """Starts Sentry where a DSN is set; without one nothing is ever sent.

    Local variables stay off: they hold texts and tokens, and the SDK's scrubber does not find them there. Of the SDK's
    other integrations those are off that would tell command lines, addresses of requests and Redis commands, and put
    headers of Sentry's into calls to the chat API.
    """
    if settings.sentry_dsn is None:
        return
    for name in _TOLD_OTHERWISE:
        ignore_logger(name)
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment,
        release=settings.sentry_release,
        # None, not 0: with 0 the SDK would still go on with the traces of others.
        traces_sample_rate=settings.sentry_traces_sample_rate or None,
        trace_propagation_targets=[],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        integrations=[CeleryIntegration(monitor_beat_tasks=True)],
        auto_enabling_integrations=False,
        disabled_integrations=[ArgvIntegration(), StdlibIntegration()],
        before_send=before_send,
        before_send_transaction=before_send_transaction,
    )


def tag_errors(application: str, slot: str = "") -> None:
    """Whatever is sent from here on, in this task, names its application, and its slot by a pseudonym."""
    if not sentry_sdk.get_client().is_active():
        return
    sentry_sdk.set_tag("application", application)
    if slot:
        sentry_sdk.set_tag("slot", pseudonym(slot))
