"""What can be turned for one QuickBlox application, and the ground both models stand on.

The defaults follow what QuickBlox documents: 80 calls per second on the smallest plan, and one path for several
messages of a dialog (https://docs.quickblox.com).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from settings import addresses
from settings.masking import mask_url
from settings.service_session import credential, digits, line, require_all_or_none
from settings.tls import Authority, authority
from settings.variable import Variable, count, seconds, switch, variable_of

DEFAULT_NAME = "default"
NAME_PATTERN = r"[a-z0-9-]{1,32}"
Origin = Literal["default", "environment", "file", "applications file"]


class Configured(BaseSettings):
    """A frozen model whose text never shows a secret and that reads the environment only through `settings.load`."""

    # Without hide_input_in_errors the ValidationError of a model built in code would show the value it refused.
    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    origins: tuple[tuple[str, Origin], ...] = Field((), repr=False)
    """Where the fields that have not their default come from: pairs of field name and origin."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments alone: a model built in a test must not depend on the machine's environment."""
        return (init_settings,)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            variable = variable_of(type(self).model_fields[name]) if name in type(self).model_fields else None
            hides = variable is not None and variable.secrecy == "url"
            yield name, mask_url(value) if hides else value


def _none_or_at_least(least: float, why: str) -> Callable[[float], float]:
    def check(value: float) -> float:
        if 0 < value < least:
            raise ValueError(why)
        return value

    return check


_plan = _none_or_at_least(10, "with the largest share left to the application less than one call would remain")
_rate = _none_or_at_least(1, "between 0 and 1 the pace could not keep its promise of a bounded wait")


def _rate_of_plan(data: Mapping[str, Any]) -> float:
    rate_per_s = float(data["plan_calls_per_s"]) * (1 - float(data["share_left"]))
    return round(rate_per_s, 6)  # 10 * (1 - 0.9) is a little less than 1


def _read_timeout(data: Mapping[str, Any]) -> float:
    return float(data["read_timeout_s"])


def header_text(value: object) -> SecretStr:
    """An API key that can stand in an HTTP header."""
    text = addresses.plain(value)
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("it holds a space or a character outside ASCII")
    return SecretStr(text)


class Application(Configured):
    """One QuickBlox application. Every variable but the credentials falls back from `NAME__SHOP` to `NAME`."""

    name: Annotated[str, StringConstraints(pattern=f"^{NAME_PATTERN}$")] = DEFAULT_NAME
    endpoint: Annotated[str, BeforeValidator(addresses.endpoint)] = Variable(
        "QUICKBLOX_ENDPOINT",
        "http:// or https:// and a host, without credentials, query or fragment",
        "Where the chat API answers; enterprise plans have an address of their own.",
        secrecy="url",
    ).field("https://api.quickblox.com")
    ca_file: Authority | None = authority("QUICKBLOX_CA_FILE", "the chat API's")
    api_key: Annotated[SecretStr, BeforeValidator(header_text)] | None = Variable(
        "QUICKBLOX_API_KEY",
        "printable ASCII without spaces",
        "The application's API key. Without it only receipts that carry a session token can be sent, and those of the "
        "service session's user.",
        secrecy="secret",
        falls_back=False,
    ).field(None)
    plan_calls_per_s: Annotated[float, AfterValidator(_plan)] = Variable(
        "QUICKBLOX_PLAN_CALLS_PER_S",
        "0, or a number of at least 10",
        "Calls per second that the plan allows for the whole account: 80, 120 or 160. 0 means no limit (Enterprise).",
    ).field(80.0, ge=0, allow_inf_nan=False)
    share_left: float = Variable(
        "QUICKBLOX_SHARE_LEFT",
        "a number from 0 to 0.9",
        "The share of the plan's calls that is left for the application's own: 0.1 is a tenth.",
    ).field(0.1, ge=0, le=0.9, allow_inf_nan=False)
    application_id: Annotated[SecretStr, BeforeValidator(digits)] | None = credential(
        "QUICKBLOX_APPLICATION_ID",
        "1 to 19 digits",
        "the application's number. With the four below the worker logs in and acts for that one user, where there is "
        "no API key (docs/sessions.md). All five or none.",
    )
    auth_key: Annotated[SecretStr, BeforeValidator(header_text)] | None = credential(
        "QUICKBLOX_AUTH_KEY", "printable ASCII without spaces", "the application's authorization key."
    )
    auth_secret: Annotated[SecretStr, BeforeValidator(header_text)] | None = credential(
        "QUICKBLOX_AUTH_SECRET",
        "printable ASCII without spaces",
        "the application's authorization secret. It signs, and is never sent.",
    )
    login: Annotated[SecretStr, BeforeValidator(line)] | None = credential(
        "QUICKBLOX_LOGIN", "one line of text", "the user's login, or e-mail address where there is an `@` in it."
    )
    password: Annotated[SecretStr, BeforeValidator(line)] | None = credential(
        "QUICKBLOX_PASSWORD", "one line of text", "the user's password."
    )
    rate_per_s: Annotated[float, AfterValidator(_rate)] = Variable(
        "QUICKBLOX_RATE_PER_S",
        "0, or a number of at least 1",
        "PUTs per second, summed over all workers; 0 means no limit. Where it is given, plan and share say nothing.",
        default_text="72: QUICKBLOX_PLAN_CALLS_PER_S less QUICKBLOX_SHARE_LEFT",
    ).field(default_factory=_rate_of_plan, ge=0, allow_inf_nan=False)
    connect_timeout_s: float = seconds(
        "QUICKBLOX_CONNECT_TIMEOUT_S",
        3.05,
        "How long a connection to the chat API may take to open. A little more than 3, TCP's first retransmission.",
        least=0.01,
        most=300,
    )
    read_timeout_s: float = seconds(
        "QUICKBLOX_READ_TIMEOUT_S", 10.0, "How long the chat API may be silent before it answers.", least=0.01, most=300
    )
    lands_within_s: float = Variable(
        "QUICKBLOX_LANDS_WITHIN_S",
        "seconds from 0 to 3600",
        "How long after a PUT was given up without an answer the chat API may still apply it. Another text for the "
        "same message waits so long; marks do not wait.",
        default_text="QUICKBLOX_READ_TIMEOUT_S",
    ).field(default_factory=_read_timeout, ge=0, le=3600, allow_inf_nan=False)
    comma_lists: bool = switch(
        "QUICKBLOX_COMMA_LISTS", "Whether one PUT may name several messages, joined by commas.", default=True
    )
    list_max_ids: int = count("QUICKBLOX_LIST_MAX_IDS", 50, "How many messages one PUT may name.", least=1, most=200)
    both_flags: bool = switch(
        "QUICKBLOX_BOTH_FLAGS", "Whether one PUT may carry `read` and `delivered` together.", default=True
    )

    @field_validator("ca_file")
    @classmethod
    def _checks_something(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not str(info.data.get("endpoint", "https://")).startswith("https://"):
            raise ValueError("with it the endpoint has to be https://")
        return value

    @field_validator("password")
    @classmethod
    def _all_or_none(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        # On the last of the five, not on the model: a model's validator is silent while any other field has a fault.
        require_all_or_none({**info.data, "password": value}, suffix_of(info.data.get("name", DEFAULT_NAME)))
        return value


def suffix_of(name: str) -> str:
    """The suffix of an application's variables: `__BIG_SHOP` for `big-shop`, nothing for `default`."""
    return "" if name == DEFAULT_NAME else "__" + name.upper().replace("-", "_")


def names_of(text: str) -> tuple[str, ...]:
    """The names in a comma list.

    Raises:
        ValueError: A name is not one, stands twice, or would share a variable with another: the API key of `x-file`
            and the file with the API key of `x` would both be `QUICKBLOX_API_KEY__X_FILE`.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(re.fullmatch(NAME_PATTERN, name) for name in names):
        raise ValueError("a name is empty, too long or holds another character")
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice")
    if any(f"{name}-file" in names for name in names):
        raise ValueError("one name is another one and '-file', and their variables could not be told apart")
    return names
