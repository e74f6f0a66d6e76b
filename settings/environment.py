"""What the environment gives, and which of its names nobody knows.

A value comes from `NAME` or from the file that `NAME_FILE` names; for an application from `NAME__SHOP` before `NAME`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from settings.application import DEFAULT_NAME, Application, Configured, Origin, suffix_of
from settings.errors import Fault, shown
from settings.masking import MASK, mask_url
from settings.model import Settings
from settings.variable import Variable, variable_of, variables

OUR_PREFIXES = ("RECEIPTS_", "QUICKBLOX_")
PRODUCERS = {"RECEIPTS_APPLICATION", "RECEIPTS_REDIS_TIMEOUT_S"}
"""What only `ReceiptQueue.from_env` reads: web app and worker often share one environment."""
LARGEST_FILE_BYTES = 65_536
"""The most that is read of a NAME_FILE: a value is a line, not a book."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it came from."""

    name: str
    text: str
    origin: Origin


class Environment:
    """The variables that are set, and the faults met while reading them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: text for name, text in environ.items() if text}
        self._read: dict[str, Given | None] = {}
        self.faults: list[Fault] = []

    def first(self, names: Iterable[str], variable: Variable) -> Given | None:
        """The value under the first of the names that is set; `None` when none is, or when reading it was a fault."""
        for name in names:
            if given := self._once(name, variable):
                return given
        return None

    def _once(self, name: str, variable: Variable) -> Given | None:
        # Applications share what they fall back to, and a pipe (a shell's `<(…)`) can be read only once.
        if name not in self._read:
            self._read[name] = self._value(name, variable)
        return self._read[name]

    def _value(self, name: str, variable: Variable) -> Given | None:
        path = self._environ.get(f"{name}_FILE")
        if path is None:
            return Given(name, self._environ[name], "environment") if name in self._environ else None
        if name in self._environ:
            self.faults.append(Fault(f"{name} and {name}_FILE", "both given", "only one of them"))
            return None
        try:
            text = _content(path)
        except ValueError as error:
            value = shown(path) if variable.secrecy == "open" or path.startswith(("/", ".", "~")) else MASK
            self.faults.append(Fault(f"{name}_FILE", value, f"the path of a file with the value ({error})"))
            return None
        return Given(f"{name} (from {name}_FILE)", text, "file") if text else None

    def report_unknown(self, names: tuple[str, ...] | None) -> None:
        """Reports each of our variables that means nothing here. Its value stays hidden: it may be a misspelt secret.

        Args:
            names: The names of the applications; `None` if they are not known, then any suffix may be right.
        """
        known = _known(names or (DEFAULT_NAME,))
        for name in sorted(self._environ):
            plain = re.sub("__.+", "", name) if names is None else name
            if name.startswith(OUR_PREFIXES) and not {name, plain} & known:
                self.faults.append(Fault(name, "unknown", _meant(name, known)))


def _known(names: tuple[str, ...]) -> set[str]:
    ours = {variable.name for _, variable in variables(Settings)}
    for _, variable in variables(Application):
        ours.update(name for app in names for name in names_of_variable(variable, app))
    return ours | PRODUCERS | {f"{name}_FILE" for name in ours}


def _meant(name: str, known: set[str]) -> str:
    owner = name.removesuffix("_FILE")
    if any(owner == variable.name for _, variable in variables(Application)):
        return f"no such variable, for it belongs to the application {DEFAULT_NAME}, which RECEIPTS_APPLICATIONS omits"
    plain = name.replace(f"__{DEFAULT_NAME.upper()}", "")
    close = [plain] if plain in known else difflib.get_close_matches(name, sorted(known), n=1)
    return f"a variable of docs/settings.md; did you mean {close[0]}?" if close else "a variable of docs/settings.md"


def names_of_variable(variable: Variable, application: str) -> list[str]:
    """Where a variable of an application is looked up, first to last."""
    suffix = suffix_of(application)
    own = [variable.name + suffix]
    return [*own, variable.name] if suffix and variable.falls_back else own


def _content(path: str) -> str:
    """A file's content without its final newline; the error says why there is none and shows nothing of it."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror or type(error).__name__) from None
    if len(content) > LARGEST_FILE_BYTES:
        raise ValueError(f"it is larger than {LARGEST_FILE_BYTES} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    return re.sub(r"\r?\n\Z", "", text)


class FieldSource(PydanticBaseSettingsSource):
    """pydantic-settings' view of an `Environment`: what it gives for the fields of one model."""

    def __init__(self, model: type[Configured], environment: Environment, application: str = DEFAULT_NAME) -> None:
        super().__init__(model)
        self._environment = environment
        self._application = application
        self.given: dict[str, Given] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of one field, wrapped if it is a secret: PYDANTIC_SETTINGS_DEBUG logs what arguments hold."""
        variable = variable_of(field)
        names = names_of_variable(variable, self._application) if variable else []
        given = self._environment.first(names, variable) if variable else None
        if variable is None or given is None:
            return None, field_name, False
        self.given[field_name] = given
        return given.text if variable.secrecy == "open" else SecretStr(given.text), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values that are given, by field."""
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value is not None}

    def value_text(self, field_name: str, variable: Variable) -> str | None:
        """The given value as a fault may show it; `None` if the field has its default."""
        if field_name not in self.given:
            return None
        if variable.secrecy == "secret":
            return MASK
        text = self.given[field_name].text
        return shown(mask_url(text) if variable.secrecy == "url" else text)
