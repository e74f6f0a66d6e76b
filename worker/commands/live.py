"""What a command shows while it goes on: one place on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

_LINE_EVERY_S = 5.0


class Progress:
    """What is being done, on standard error: it must not get into what a program reads."""

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False)
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None
        self._said_s = -_LINE_EVERY_S

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, text: str, picture: RenderableType | None = None) -> None:
        """Shows what holds now, on a terminal the picture if there is one; without a terminal at most every 5 s."""
        if self._live:
            self._live.update(picture or Text(text), refresh=True)
        elif time.monotonic() - self._said_s >= _LINE_EVERY_S:
            self._said_s = time.monotonic()
            click.echo(text, err=True)
