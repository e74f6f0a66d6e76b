import copy
import logging
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import Settings, SettingsError, describe, load
from settings.masking import mask_url

SECRET = "hunter2-S3cr3t"
FULL = {
    "REDIS_URL": f"redis://user:{SECRET}@ledger:6379/1",
    "CELERY_BROKER_URL": f"redis://:{SECRET}@one:6379/1;redis://:{SECRET}@two:6379/1",
    "RECEIPTS_APPLICATIONS": "default,shop",
    "QUICKBLOX_API_KEY": SECRET,
    "QUICKBLOX_API_KEY__SHOP": SECRET,
    "SENTRY_DSN": f"https://{SECRET}@sentry.example/1",
}


def test_no_view_of_the_settings_shows_a_secret(tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text(
        f'{{"job": {{"task": "receipts.edit_message", "every_s": 1, "kwargs": {{"token": "{SECRET}"}}}}}}'
    )
    settings = load(FULL | {"RECEIPTS_SCHEDULE_FILE": str(schedule)})
    views = [
        repr(settings),
        str(settings),
        f"{settings}",
        repr(describe(settings)),
        settings.model_dump_json(),
    ]
    views += [
        settings.model_dump_json(),
        repr(settings.applications),
        repr(settings.schedule),
        str(settings.model_dump()),
    ]
    assert SECRET not in "".join(views)
    assert "ledger:6379/1" in repr(settings)


def test_the_secrets_are_there_for_those_who_ask() -> None:
    settings = load(FULL)
    key = settings.application("shop").api_key
    assert key is not None
    assert key.get_secret_value() == SECRET
    assert settings.sentry_dsn is not None
    assert settings.sentry_dsn.get_secret_value() == FULL["SENTRY_DSN"]
    assert settings.redis_url == FULL["REDIS_URL"]
    assert settings.broker_url == FULL["CELERY_BROKER_URL"]


def test_copies_keep_the_secrets_and_the_masks() -> None:
    settings = load(FULL)
    for other in (copy.deepcopy(settings), pickle.loads(pickle.dumps(settings))):  # noqa: S301 - made here
        assert other == settings
        assert other.redis_url == FULL["REDIS_URL"]
        assert SECRET not in repr(other)


def test_a_broker_made_from_the_ledger_is_masked_like_it() -> None:
    settings = load({"REDIS_URL": f"redis://:{SECRET}@ledger/1"})
    assert SECRET in settings.broker_url
    assert SECRET not in repr(settings) + repr(describe(settings))


@pytest.mark.parametrize(
    "environ",
    [
        {"REDIS_URL": f"redis://:{SECRET}@ledger:port/0"},
        {"REDIS_URL": f"redis://:{SECRET}@ledger/none"},
        {"REDIS_URL": f"redis://:{SECRET}"},
        {"REDIS_URL": f"http://u:{SECRET}@ledger"},
        {"REDIS_URL": f":{SECRET}@ledger"},
        {"REDIS_URL": f"redis://:a/b#{SECRET}@ledger"},
        {"REDIS_URL": f"redis://u:{SECRET}\u2100x@ledger"},
        {"REDIS_URL": f"redis://u:{SECRET}[@ledger"},
        {"REDIS_URL": f"redis://ledger/none?password={SECRET}@x"},
        {"CELERY_BROKER_URL": f"kafka://u:{SECRET}@broker"},
        {"CELERY_BROKER_URL": f"amqp://u:{SECRET};@broker"},
        {"QUICKBLOX_ENDPOINT": f"https://u:{SECRET}@api"},
        {"QUICKBLOX_ENDPOINT": f"https://api?token={SECRET}"},
        {"QUICKBLOX_API_KEY": f"{SECRET} {SECRET}"},
        {"QUICKBLOX_API_KYE": SECRET},
        {"QUICKBLOX_API_KEY_FILE": SECRET},
        {"REDIS_URL_FILE": f"redis://:{SECRET}@ledger"},
        {"SENTRY_DSN": SECRET},
        {"SENTRY_DSN_FILE": f"https://{SECRET}@sentry.example/1"},
        {"QUICKBLOX_API_KEY": SECRET, "QUICKBLOX_API_KEY_FILE": "/run/key"},
        {"QUICKBLOX_API_KEY": SECRET, "RECEIPTS_APPLICATIONS": "shop"},
        FULL | {"RECEIPTS_CONNECTIONS": "0"},
    ],
)
def test_no_fault_shows_a_secret(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(caught.value.faults)


def test_an_error_of_a_model_built_in_code_shows_no_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(redis_url=f"http://u:{SECRET}@ledger", sentry_dsn=SECRET)
    assert SECRET not in str(caught.value)


def test_the_debug_log_of_pydantic_settings_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    caplog.set_level(logging.DEBUG)
    load(FULL)
    assert "redis_url" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
        ("localhost:6379", "localhost:6379"),
        ("redis://u:p@h:1/0", "redis://u:********@h:1/0"),
        ("redis://:p@h/0", "redis://:********@h/0"),
        ("redis://p@h/0", "redis://********@h/0"),
        ("redis://u:a@b/c@h/0", "redis://u:********@h/0"),
        ("unix:///s?db=1&password=p&x=1", "unix:///s?db=1&password=********&x=1"),
        ("redis://h/0?PassWord=a@b", "redis://h/0?PassWord=********"),
        ("amqp://u:p@a//;amqp://u:q@b//", "amqp://u:********@a//;amqp://u:********@b//"),
        ("redis://:pa;ss@h", "redis://:********@h"),
        ("redis://:forgotten", "redis://********"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_password(text: str, masked: str) -> None:
    assert mask_url(text) == masked
