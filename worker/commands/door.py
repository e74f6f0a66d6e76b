"""What every command needs: settings, an application and its Redis; and an error in one sentence with its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from receipt_sync.connection import client_of
from settings import Settings, SettingsError, UnknownApplicationError, load
from settings.masking import mask_url
from worker.certificates import why

_REDIS_TIMEOUT_S = 5.0
_OWN_WORDS = ("BROKENKEY ", "VERSION ", "LEDGER ")


class SettingsFaultError(click.ClickException):
    """The settings cannot be used."""

    exit_code = 1


class LedgerError(click.ClickException):
    """The ledger was not reached, or refuses."""

    exit_code = 3


class NoLetterError(click.ClickException):
    """There is no such dead letter."""

    exit_code = 4


class LetterStaysError(click.ClickException):
    """A dead letter cannot be replayed."""

    exit_code = 5


class FaultsError(click.exceptions.Exit):
    """The doctor has found faults, and has said them."""

    def __init__(self) -> None:
        super().__init__(1)


class NotEmptyError(click.ClickException):
    """Something still waits or is in flight."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Door:
    """One application's ledger as a command has it."""

    settings: Settings
    application: str
    client: redis.Redis


def loaded() -> Settings:
    """The settings of this environment.

    Raises:
        SettingsFaultError: they cannot be used; it names every fault.
    """
    try:
        return load()
    except SettingsError as error:
        raise SettingsFaultError(str(error)) from error


@contextmanager
def door(application: str | None) -> Iterator[Door]:
    """An application's ledger; `application` None for the only one.

    Raises:
        SettingsFaultError: the settings cannot be used.
        LedgerError: the ledger was not reached, or refuses.
        click.UsageError: no such application, or none named where there are several.
    """
    settings = loaded()
    with _opened(settings, [known_application(settings, application)]) as [only]:
        yield only


@contextmanager
def doors(application: str | None) -> Iterator[list[Door]]:
    """One application's ledger, or every one's: for None, and for 'all' where none is called so. Raises as `door`."""
    settings = loaded()
    every = application is None or (application == "all" and application not in settings.names)
    with _opened(settings, list(settings.names) if every else [known_application(settings, application)]) as opened:
        yield opened


@contextmanager
def _opened(settings: Settings, names: list[str]) -> Iterator[list[Door]]:
    client = client_of(settings.redis_url, timeout_s=_REDIS_TIMEOUT_S, retry=Retry(NoBackoff(), 1))
    try:
        yield [Door(settings, name, client) for name in names]
    except redis.RedisError as error:
        raise LedgerError(_sentence(error, settings.redis_url)) from error
    finally:
        client.close()


def known_application(settings: Settings, name: str | None) -> str:
    """The application of this name; for None the only one.

    Raises:
        click.UsageError: there is none, or None was said where there are several.
    """
    if name is None and len(settings.names) > 1:
        raise click.UsageError(f"there are several applications; name one: --application {'|'.join(settings.names)}")
    try:
        return settings.application(name or settings.names[0]).name
    except UnknownApplicationError as error:
        raise click.UsageError(str(error)) from error


def _sentence(error: redis.RedisError, url: str) -> str:
    """Our functions' own words; of any other error its kind alone, for some hold addresses and passwords."""
    at = f"{mask_url(url)} (REDIS_URL)"
    if not isinstance(error, redis.ResponseError):
        return f"the ledger was not reached at {at}: {why(error)}"
    if str(error).startswith("WRONGTYPE"):
        return f"a key of the ledger at {at} holds something else; a running worker names it or sets it aside"
    words = str(error) if str(error).startswith(_OWN_WORDS) else type(error).__name__
    return f"the ledger at {at} refuses: {words}"
