"""Logging set up for a process of Celery's: one handler on the root, in place of what Celery would set up."""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import os
import sys
from typing import Any, TextIO

import click
from celery import Celery, signals
from celery.apps import worker as celery_worker
from celery.apps.beat import Beat
from click.core import ParameterSource

from settings import Settings
from worker.logs import events, private
from worker.logs.celery_lines import quieten_tasks
from worker.logs.lines import HumanLines, JsonLines
from worker.logs.repetition import Repetition

log = logging.getLogger(__name__)

_STDERR = 2
# Chatty below WARNING, and none of it says anything about receipts.
_QUIET = ("urllib3", "requests", "asyncio", "amqp", "redis", "kombu.pidbox")


class Logging:
    """The logging of one process, and of those that it forks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        release = settings.sentry_release
        self._everywhere: dict[str, str] = {} if release is None else {"release": release}

    def install(self, app: Celery) -> None:
        """Takes Celery's place, when a command of it sets logging up: worker and beat. Flower sets nothing up."""
        private.keep_messages_private()
        self._app = app
        signals.celeryd_init.connect(self._on_worker, weak=False)
        signals.celeryd_after_setup.connect(self._on_worker_starts, weak=False)
        signals.setup_logging.connect(self._on_celerys_setup, weak=False)
        own = {"banner_wanted": not self.is_json(sys.__stderr__), "own_level": self._settings.log_level}
        app.Beat = app.subclass_with_self(_Beat, name="Beat", **own)
        if sys.argv[1:] and "flower" in sys.argv:
            # Tornado leaves a root logger alone that has a handler.
            self.start(logging.getLevelName(self._settings.log_level))

    def _on_worker(self, sender: str, instance: Any, **_: object) -> None:
        self._everywhere["worker"] = sender
        # Its banner is no line. `worker.starts` says what it said.
        instance.quiet = instance.quiet or self.is_json(sys.__stderr__)
        # Now, for Celery warns of the user root before it sets logging up.
        self.start(logging.getLevelName(self._settings.log_level))

    def _on_worker_starts(self, instance: Any, **_: object) -> None:
        instance.loglevel = logging.getLogger().level  # its banner shows the tasks from INFO on
        processes = instance.concurrency if isinstance(instance.concurrency, int) else None
        events.WORKER_STARTS.say(log, processes=processes, applications=",".join(self._settings.names))

    def _on_celerys_setup(self, loglevel: int | None = None, logfile: str | None = None, **_: object) -> None:
        own = logging.getLevelName(self._settings.log_level)
        self.start(loglevel if loglevel and _is_asked_for("loglevel") else own, logfile)
        # What prints is a line, too.
        self._app.log.redirect_stdouts("WARNING")

    def start(self, level: int, file: str | None = None) -> None:
        """Puts the handler in place.

        Args:
            level: the least severe lines that are written.
            file: where they go; None for stderr.
        """
        stream = sys.__stderr__ if file is None else None
        handler = logging.StreamHandler(stream) if file is None else logging.handlers.WatchedFileHandler(file)
        handler.setFormatter(self.formatter(stream))
        repetition = Repetition(self._settings.log_repeats_per_min, _past_filters(handler))
        handler.addFilter(repetition)
        atexit.register(repetition.tell_all)
        signals.worker_process_shutdown.connect(lambda **_: repetition.tell_all(), weak=False)
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(level)
        logging.captureWarnings(capture=True)
        quieten_tasks(level)
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        if self.is_json(stream):
            celery_worker.safe_say = self._say_in_a_signal

    def is_json(self, stream: TextIO | None) -> bool:
        """Whether lines that go there are JSON; None for a file."""
        chosen = self._settings.log_format
        return chosen == "json" or (chosen == "auto" and not (stream is not None and stream.isatty()))

    def formatter(self, stream: TextIO | None) -> logging.Formatter:
        """For lines that go there."""
        if self.is_json(stream):
            return JsonLines(self._everywhere)
        return HumanLines(colour=stream is not None and stream.isatty())

    def _say_in_a_signal(self, message: str, _file: object = None) -> None:
        """Celery's word that a signal has come, which it writes past logging: a handler may interrupt a write."""
        record = logging.makeLogRecord({"name": "celery.worker", "levelno": logging.INFO, "msg": message.strip()})
        os.write(_STDERR, (JsonLines(self._everywhere).format(record) + "\n").encode())


class _Beat(Beat):
    """Prints no banner where lines are JSON."""

    banner_wanted = True
    own_level = "INFO"
    quiet: bool

    def run(self) -> None:
        """Called once."""
        self.quiet = self.quiet or not self.banner_wanted
        if not _is_asked_for("loglevel"):
            self.loglevel = logging.getLevelName(self.own_level)
        super().run()


def _is_asked_for(option: str) -> bool:
    """Whether somebody has said it to Celery, by an argument or its variable: its own default is not meant."""
    command = click.get_current_context(silent=True)
    defaults = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
    return command is None or command.get_parameter_source(option) not in defaults


def _past_filters(handler: logging.Handler) -> Any:
    """Writes a record through a handler, past its filters."""

    def write(record: logging.LogRecord) -> None:
        handler.acquire()
        try:
            handler.emit(record)
        finally:
            handler.release()

    return write
