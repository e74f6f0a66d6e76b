"""The settings as a table that may be shown: one row per variable, secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.application import Application, Configured, Origin, suffix_of
from settings.masking import MASK, NOT_SET, mask_url
from settings.model import Settings
from settings.variable import Variable, number_text, variables


@dataclass(frozen=True, slots=True)
class Row:
    """One variable.

    Attributes:
        variable: Its name; for an application other than `default` with the suffix, even if the value fell back.
        value_masked: What holds now: `********` or `not set` for a secret, an address without its password.
        default: What holds when nothing is given.
        expected: Which values are possible.
        meaning: What it turns.
        source: Where the value comes from; "applications file" for what stands in it, "file" for a file named there.
    """

    variable: str
    value_masked: str
    default: str
    expected: str
    meaning: str
    source: Origin


def describe(settings: Settings) -> list[Row]:
    """Every variable with its value: those of the service, then those of each application."""
    rows = list(_rows(settings, ""))
    for application in settings.applications:
        rows.extend(_rows(application, suffix_of(application.name)))
    return rows


def _rows(configured: Configured, suffix: str) -> Iterator[Row]:
    origins = dict(configured.origins)
    for name, variable in variables(type(configured)):
        value = value_text(getattr(configured, name), variable)
        default = default_text(type(configured).model_fields[name], variable)
        source = origins.get(name, "default")
        yield Row(variable.name + suffix, value, default, variable.expected, variable.meaning, source)


def default_text(field: FieldInfo, variable: Variable) -> str:
    """A field's default as the documentation shows it."""
    if variable.default_text or field.default is PydanticUndefined:
        return variable.default_text
    return value_text(field.default, variable)


def value_text(value: object, variable: Variable) -> str:
    """A value as one would type it, without its secrets."""
    if value is None:
        return NOT_SET
    if variable.secrecy == "secret" or isinstance(value, SecretStr):
        return MASK
    if variable.secrecy == "url":
        return mask_url(str(value))
    return _open_text(value)


def _open_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(item.name if isinstance(item, Application) else str(item) for item in value)
    return number_text(value) if isinstance(value, (int, float)) else str(value)
