"""One variable of the environment: how a field of a model says its name, what is expected, and what it means.

The bounds that pydantic enforces, the `expected` of an error and the page in docs/ are made from the same arguments,
so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

Secrecy = Literal["open", "url", "secret"]
"""`url`: the password in it is masked. `secret`: all of it is."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What the documentation and the errors say about one field.

    `falls_back`: other applications take it over. `from_file`: `NAME_FILE` may name a file that holds the value.
    """

    name: str
    expected: str
    meaning: str
    secrecy: Secrecy = "open"
    default_text: str = ""
    falls_back: bool = True
    from_file: bool = True

    def field(self, default: object = ..., **constraints: Any) -> Any:
        """The pydantic field of this variable."""
        return Field(default, json_schema_extra=_Extra(variable=self), **constraints)


class _Extra(dict[str, Any]):
    """Carries the `Variable` where pydantic lets a field carry anything."""


def seconds(name: str, default: float, meaning: str, *, least: float, most: float) -> Any:
    """A field for a duration in seconds, from `least` to `most`; nan and infinity are refused."""
    expected = f"seconds from {number_text(least)} to {number_text(most)}"
    return Variable(name, expected, meaning).field(default, ge=least, le=most, allow_inf_nan=False)


def seconds_like(name: str, other: str, meaning: str, *, least: float, most: float) -> Any:
    """A field for a duration whose default is the value of another field, the one of the variable `other`."""
    field_name = other.removeprefix("RECEIPTS_").lower()
    expected = f"seconds from {number_text(least)} to {number_text(most)}"
    return Variable(name, expected, meaning, default_text=other).field(
        default_factory=lambda data: data[field_name], ge=least, le=most, allow_inf_nan=False
    )


def count(name: str, default: int, meaning: str, *, least: int, most: int) -> Any:
    """A field for a whole number from `least` to `most`."""
    return Variable(name, f"a whole number from {least} to {most}", meaning).field(default, ge=least, le=most)


def switch(name: str, meaning: str, *, default: bool) -> Any:
    """A field for yes or no."""
    return Variable(name, "true or false", meaning).field(default)


def variable_of(field: FieldInfo) -> Variable | None:
    """The variable of a field; `None` for a field that no variable sets."""
    extra = field.json_schema_extra
    return extra["variable"] if isinstance(extra, _Extra) else None


def variables(model: type[BaseModel]) -> Iterator[tuple[str, Variable]]:
    """The fields of a model that a variable sets, in the model's order: field name and variable."""
    for name, field in model.model_fields.items():
        if variable := variable_of(field):
            yield name, variable


def number_text(number: float) -> str:
    """A number as one would type it: `72`, not `72.0`."""
    return str(int(number)) if number == int(number) else str(number)
