"""Options that several commands take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from receipt_sync import InvalidReceipt, validation

Command = TypeVar("Command", bound=Callable[..., Any])
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Age(click.ParamType[int]):
    """A length of time: a number and s, m, h or d; in ms."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`2h` → 7200000."""
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value), re.ASCII)
        if not found:
            self.fail(f"{value!r} is no age: expected a number and s, m, h or d, like 36h", param, ctx)
        return int(found[1]) * _SECONDS[found[2]] * 1000


class ObjectId(click.ParamType[str]):
    """The id of a dialog or a message."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As it is."""
        try:
            return validation.object_id("id", value)
        except InvalidReceipt as error:
            self.fail(f"expected {error.expected}, got {error.found}", param, ctx)


def _all(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def added(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return added


json_object = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
of_application = _all(
    click.option("--application", help="The application; may be left out where there is one only."),
    json_object,
)
of_applications = _all(
    click.option("--application", help="One application; all of them where it is left out, or is 'all'."),
    json_object,
)
filters = _all(
    click.option("--reason", help="Only letters whose reason begins so, e.g. 'rejected: status 422'."),
    click.option("--dialog", help="Only letters about this dialog."),
    click.option("--message", help="Only letters about this message."),
    click.option("--older-than", type=Age(), metavar="AGE", help="Only letters dead for longer, e.g. 36h."),
    click.option("--newer-than", type=Age(), metavar="AGE", help="Only letters dead for less long."),
)
