"""What the environment gives, and which of its names nobody knows.

A value comes from `NAME` or from the file that `NAME_FILE` names. For an application what is its own comes before what
holds for all, and the environment before the applications file: `NAME__SHOP`, the table `[shop]`, `NAME`, what stands
before the first table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from settings import applications_file
from settings.application import DEFAULT_NAME, Application, Configured, Origin, suffix_of
from settings.applications_file import ApplicationsFile
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
        self._file = ApplicationsFile()
        self.faults: list[Fault] = []

    def take_file(self, path: str) -> tuple[str, ...]:
        """Takes an applications file in; answers the applications that it names, none where it cannot be used."""
        self._file = applications_file.read(path)
        self.faults.extend(self._file.faults)
        return self._file.names

    def of_service(self, variable: Variable) -> Given | None:
        """A value; `None` when there is none, or when reading it was a fault."""
        return self._once(variable.name, partial(self._value, variable.name, variable))

    def of_application(self, variable: Variable, application: str) -> Given | None:
        """The same for an application."""
        for owner in (application, None) if variable.falls_back else (application,):
            name = variable.name if owner is None else variable.name + suffix_of(owner)
            place = applications_file.place(owner, applications_file.key_of(variable))
            given = self._once(name, partial(self._value, name, variable))
            if given := given or self._once(place, partial(self._entry, owner, variable)):
                return given
        return None

    def _once(self, place: str, read: Callable[[], Given | None]) -> Given | None:
        # Applications share what they fall back to, and a pipe (a shell's `<(…)`) can be read only once.
        if place not in self._read:
            self._read[place] = read()
        return self._read[place]

    def _entry(self, owner: str | None, variable: Variable) -> Given | None:
        """A value of the applications file."""
        entries, key = self._file.entries(owner), applications_file.key_of(variable)
        path, place = entries.get(f"{key}_file"), applications_file.place(owner, key)
        if path is None:
            return Given(place, entries[key], "applications file") if key in entries else None
        if key in entries:
            self.faults.append(Fault(f"{place} and {key}_file", "both given", "only one of them"))
            return None
        return self._of_file(f"{place}_file", f"{place} (from {key}_file)", path, variable)

    def _value(self, name: str, variable: Variable) -> Given | None:
        path = self._environ.get(f"{name}_FILE") if variable.from_file else None
        if path is None:
            return Given(name, self._environ[name], "environment") if name in self._environ else None
        if name in self._environ:
            self.faults.append(Fault(f"{name} and {name}_FILE", "both given", "only one of them"))
            return None
        return self._of_file(f"{name}_FILE", f"{name} (from {name}_FILE)", path, variable)

    def _of_file(self, says: str, name: str, path: str, variable: Variable) -> Given | None:
        try:
            text = _content(path)
        except ValueError as error:
            value = shown(path) if variable.secrecy == "open" or path.startswith(("/", ".", "~")) else MASK
            self.faults.append(Fault(says, value, f"the path of a file with the value ({error})"))
            return None
        return Given(name, text, "file") if text else None

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
    known = set(PRODUCERS)
    for _, variable in variables(Settings):
        known |= {variable.name, f"{variable.name}_FILE"} if variable.from_file else {variable.name}
    for _, variable in variables(Application):
        for name in (name for app in names for name in names_of_variable(variable, app)):
            known |= {name, f"{name}_FILE"}
    return known


def _meant(name: str, known: set[str]) -> str:
    owner = name.removesuffix("_FILE")
    if any(owner == variable.name for _, variable in variables(Application)):
        return f"no such variable, for it belongs to the application {DEFAULT_NAME}, which is none of the applications"
    plain = name.replace(f"__{DEFAULT_NAME.upper()}", "")
    close = [plain] if plain in known else difflib.get_close_matches(name, sorted(known), n=1)
    return f"a variable of docs/settings.md; did you mean {close[0]}?" if close else "a variable of docs/settings.md"


def names_of_variable(variable: Variable, application: str) -> list[str]:
    """The names under which the environment may hold a variable of an application."""
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

    def __init__(self, model: type[Configured], environment: Environment, application: str | None = None) -> None:
        super().__init__(model)
        self._environment = environment
        self._application = application
        self.given: dict[str, Given] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of one field, wrapped if it is a secret: PYDANTIC_SETTINGS_DEBUG logs what arguments hold."""
        variable = variable_of(field)
        given = self._given(variable) if variable else None
        if variable is None or given is None:
            return None, field_name, False
        self.given[field_name] = given
        return given.text if variable.secrecy == "open" else SecretStr(given.text), field_name, False

    def _given(self, variable: Variable) -> Given | None:
        if self._application is None:
            return self._environment.of_service(variable)
        return self._environment.of_application(variable, self._application)

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
