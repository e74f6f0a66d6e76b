"""What the processes connect to, how they know that it is the right one, and how tokens are sealed there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr, ValidationInfo, field_serializer, field_validator

from settings import addresses
from settings.application import Configured
from settings.masking import mask_url
from settings.tls import Authority, authority, with_authority
from settings.token_keys import KEY_BYTES, usable_keys
from settings.variable import Variable


def _broker_of_ledger(data: Mapping[str, Any]) -> str:
    return addresses.broker_of(data["redis_url"])


class Connections(Configured):
    """The settings of the ledger and the broker."""

    # Before the addresses: they take it up.
    redis_ca_file: Authority | None = authority("REDIS_CA_FILE", "the ledger's")
    redis_url: Annotated[str, BeforeValidator(addresses.ledger)] = Variable(
        "REDIS_URL",
        "redis://host:port/db, rediss://…, unix:///path?db=0, redis+sentinel://host:port,host:port/service/db or "
        "redis+cluster://host:port,host:port",
        "The Redis that holds the ledger: one server, one behind Sentinels, or a cluster (docs/redis.md).",
        secrecy="url",
    ).field("redis://127.0.0.1:6379/0")
    broker_ca_file: Authority | None = authority("CELERY_BROKER_CA_FILE", "the broker's")
    broker_url: Annotated[str, BeforeValidator(addresses.broker)] = Variable(
        "CELERY_BROKER_URL",
        "an address, or several joined by ';', with "
        + ", ".join(f"{scheme}://" for scheme in addresses.BROKER_SCHEMES),
        "The broker that carries the doorbells; a must when the ledger is a cluster or has Sentinels behind TLS.",
        secrecy="url",
        default_text="the Redis of REDIS_URL",
    ).field(default_factory=_broker_of_ledger)
    token_keys: Annotated[SecretStr, BeforeValidator(usable_keys)] | None = Variable(
        "RECEIPTS_TOKEN_KEYS",
        f"one or several, joined by ',', each {KEY_BYTES} bytes in base64",
        "Session tokens are sealed with the first while they lie in Redis, and opened with any (docs/security.md). "
        "Producers need the same.",
        secrecy="secret",
    ).field(None)

    @field_validator("redis_url")
    @classmethod
    def _with_its_authority(cls, value: str, info: ValidationInfo) -> str:
        return with_authority(value, info.data.get("redis_ca_file"))

    @field_validator("broker_url")
    @classmethod
    def _with_the_brokers_authority(cls, value: str, info: ValidationInfo) -> str:
        path = info.data.get("broker_ca_file")
        if path is not None and not value.startswith("rediss://"):
            if not all(each.startswith("amqps://") for each in value.split(";")):
                raise ValueError("with a file of an authority the scheme has to be one with TLS: rediss://, amqps://")
            return value  # taken up by worker/broker.py
        return ";".join(with_authority(each, path) for each in value.split(";"))

    @field_serializer("redis_url", "broker_url")
    def _without_password(self, value: str) -> str:
        return mask_url(value)
