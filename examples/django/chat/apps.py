"""The app as Django starts it."""

from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Makes the receipts' queue when Django starts: one for the process, before there are threads."""

    name = "chat"

    def ready(self) -> None:
        """Raises ValueError, naming the variable, when the settings of the queue are wrong."""
        from .receipts import queue  # noqa: PLC0415 - an app's modules are imported once its models are ready

        queue()
