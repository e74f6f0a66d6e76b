"""From an environment to one frozen value, or to one error with every fault."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.application import DEFAULT_NAME, Application, Configured, names_of
from settings.environment import Environment, FieldSource
from settings.errors import Fault, SettingsError
from settings.model import Settings
from settings.rows import value_text
from settings.schedule import Job, load_schedule
from settings.variable import Variable, variable_of

Model = TypeVar("Model", bound=Configured)


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that an environment gives.

    Args:
        environ: Names and values of the environment's variables; an empty value counts as not set.

    Raises:
        SettingsError: A value cannot be used, two contradict each other, or a variable that begins like ours is
            unknown. It lists every fault with its variable, its value and what was expected.
    """
    environment = Environment(environ)
    source = FieldSource(Settings, environment)
    values = source()
    names = _names(environment, source)
    applications = [_application(environment, name) for name in names or (DEFAULT_NAME,)]
    values["applications"] = tuple(application for application in applications if application)
    values["schedule"] = _schedule(environment, source)
    settings = _build(Settings, environment, source, values)
    environment.report_unknown(names)
    # Outside of any except block: a traceback must not show pydantic's error, which knows the values.
    if environment.faults or settings is None:
        raise SettingsError(dict.fromkeys(environment.faults))
    return settings


def _names(environment: Environment, source: FieldSource) -> tuple[str, ...] | None:
    if "applications_file" in source.given:
        if "applications" in source.given:
            both = f"{source.given['applications'].name} and {source.given['applications_file'].name}"
            environment.faults.append(Fault(both, "both given", "only one of them"))
        return environment.take_file(source.given["applications_file"].text) or None
    if "applications" not in source.given:
        return (DEFAULT_NAME,)
    try:
        return names_of(source.given["applications"].text)
    except ValueError as error:
        environment.faults.append(_fault(Settings, source, "applications", str(error)))
        return None


def _application(environment: Environment, name: str) -> Application | None:
    source = FieldSource(Application, environment, name)
    return _build(Application, environment, source, {"name": name, **source()})


def _schedule(environment: Environment, source: FieldSource) -> tuple[Job, ...]:
    if "schedule_file" not in source.given:
        return ()
    try:
        return tuple(load_schedule(source.given["schedule_file"].text).values())
    except SettingsError as error:
        environment.faults.extend(error.faults)
        return ()


def _build(
    model: type[Model], environment: Environment, source: FieldSource, values: Mapping[str, Any]
) -> Model | None:
    origins = tuple((name, given.origin) for name, given in source.given.items())
    try:
        return model(**{**values, "origins": origins})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    # A default that was not made because the field it is made from has a fault is no fault of its own.
    real = [detail for detail in details if detail["type"] != "default_factory_not_called"]
    environment.faults.extend(_fault(model, source, str(detail["loc"][0]), _reason(detail)) for detail in real)
    return None


def _reason(detail: ErrorDetails) -> str:
    # Only our own checks raise ValueError, and they say nothing of the value; pydantic's sentences may repeat it.
    return str(detail.get("ctx", {}).get("error", "")) if detail["type"] == "value_error" else ""


def _fault(model: type[Configured], source: FieldSource, field_name: str, reason: str) -> Fault:
    field = model.model_fields[field_name]
    variable = variable_of(field) or Variable(field_name, "a value of its type", "")
    given = source.given.get(field_name)
    default = variable.default_text or value_text(field.default, variable)
    value = source.value_text(field_name, variable) or f"{default} (default)"
    expected = f"{variable.expected} ({reason})" if reason else variable.expected
    return Fault(given.name if given else variable.name, value, expected)
