"""The Celery application: `celery -A worker.app worker|beat|flower`. The one place with effects at import.

Celery carries doorbells and takes receipts from foreign clients; every promise is the ledger's. What its options are
for stands beside them; what was measured, in docs/decisions.
"""

from __future__ import annotations

import sys

from celery import Celery
from kombu.entity import Exchange, Queue

from settings import Settings, SettingsError, load
from worker import lifecycle
from worker.admission import most_bytes
from worker.broker import kombu_broker, verify_amqps
from worker.contract import DOORBELL_QUEUE, RECEIPTS_QUEUE, RECORDING, SYNC
from worker.guard import guard
from worker.health.seeing import ConsumingStep
from worker.health.watchdog import watchdog_step
from worker.hook import hook_step
from worker.keeping import keeping_step
from worker.ledger import Ledger
from worker.logs.setup import Logging
from worker.quarantine import Quarantine
from worker.runtime import runtime
from worker.sentry import start_sentry
from worker.ticker import ticker_step


def _load() -> Settings:
    try:
        return load()
    except SettingsError as error:
        sys.exit(str(error))


def _queue(name: str) -> Queue:
    # An exchange and a key of its own: with Celery's defaults both queues would get every message.
    return Queue(name, Exchange(name, type="direct"), routing_key=name)  # type: ignore[no-untyped-call]


def make_app(settings: Settings) -> Celery:
    """The Celery application for these settings."""
    verify_amqps(settings.broker_ca_file)
    broker_url, transport_options = kombu_broker(settings.broker_url)
    app = Celery("receipt_sync", broker=broker_url, include=["tasks.recording", "tasks.syncing"])
    app.conf.update(
        # JSON only: a pickle from the broker would be code from the broker.
        task_serializer="json",
        accept_content=["json"],
        # Nobody reads results, and a backend would cost a write for every doorbell.
        result_backend=None,
        task_ignore_result=True,
        # A receipt is taken off the broker when it stands in the ledger, not before.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # Where a process always stays free of syncs there are more: lifecycle.messages_ahead.
        worker_prefetch_multiplier=1,
        task_default_queue=RECEIPTS_QUEUE,
        task_routes={SYNC: {"queue": DOORBELL_QUEUE}, **{name: {"queue": RECEIPTS_QUEUE} for name in RECORDING}},
        task_queues=[_queue(name) for name in (RECEIPTS_QUEUE, DOORBELL_QUEUE)],
        worker_send_task_events=True,
        task_send_sent_event=False,
        # Read by lifecycle.SoftlyStopping, which waits no longer than needed.
        worker_soft_shutdown_timeout=settings.shutdown_s,
        worker_enable_soft_shutdown_on_idle=False,
        # Would leave messages stuck (measured); syncs end by themselves.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=transport_options,
        # A Redis that says no (full, read-only, a key of another type) must not end the worker.
        broker_channel_error_retry=True,
        worker_proc_alive_timeout=30,
        beat_scheduler="worker.beat:Scheduler",
        # So often beat says that it lives, whatever its schedule.
        beat_max_loop_interval=5,
        timezone="UTC",
    )
    app.steps["worker"].add(keeping_step(settings))
    app.steps["worker"].add(ticker_step(settings))
    app.steps["worker"].add(watchdog_step(settings))
    app.steps["consumer"].add(ConsumingStep)
    app.steps["worker"].add(hook_step(settings))
    # With several applications one process stays free of syncs, whatever they may take together.
    lifecycle.install(app, settings.syncs_max if len(settings.applications) == 1 else None)
    guard(app, Quarantine(lambda: _ledgers(settings)), most_bytes(settings.max_text_bytes))
    return app


def _ledgers(settings: Settings) -> dict[str, Ledger]:
    return {name: way.ledger for name, way in runtime(settings).ways.items()}


settings = _load()
start_sentry(settings)
app = make_app(settings)
Logging(settings).install(app)
