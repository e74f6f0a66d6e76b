"""An event: what can stand in a log line, declared once and said by whoever sees it happen."""

from __future__ import annotations

import logging
from dataclasses import dataclass


class UndeclaredFieldError(TypeError):
    """Code says of an event what its declaration does not know, or leaves out what it must say."""


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of log line.

    Attributes:
        name: stable, for searches and alerts: `lease.ran_out`.
        level: of `logging`.
        sentence: what happened, in plain words; nothing private, no values.
        required: fields that every such line has.
        optional: fields that it may have.
    """

    name: str
    level: int
    sentence: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def say(self, log: logging.Logger, *, because: BaseException | None = None, **fields: object) -> None:
        """Writes it, if its level is on. A field that is None is left out; `because` is an error whose way is shown.

        Raises:
            UndeclaredFieldError: in the tests alone (`Checked`): at night a line too much is better than none.
        """
        if not log.isEnabledFor(self.level):
            return
        given = {name: value for name, value in fields.items() if value is not None}
        if Checked.on:
            self._check(given)
        # The template differs from event to event, so that whatever groups lines by it (Sentry) tells them apart.
        template = self.sentence + (": " if given else "") + " ".join(f"{name}=%({name})s" for name in given)
        extra = {"event": self.name, "fields": given}
        # An empty mapping would not be taken as the template's.
        log.log(self.level, template, *filter(None, [given]), exc_info=because, extra=extra, stacklevel=2)

    def _check(self, given: dict[str, object]) -> None:
        unknown, missing = given.keys() - {*self.required, *self.optional}, set(self.required) - given.keys()
        if unknown or missing:
            raise UndeclaredFieldError(f"{self.name}: undeclared {sorted(unknown)}, missing {sorted(missing)}")


class Checked:
    """Whether a wrong call of `say` raises; switched on by the tests (tests/conftest.py)."""

    on = False
