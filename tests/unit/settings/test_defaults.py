import dataclasses

import pytest
from pydantic import ValidationError

from settings import Application, Settings, SettingsError, UnknownApplicationError, load


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.redis_url == settings.broker_url == "redis://127.0.0.1:6379/0"
    assert settings.names == ("default",)
    assert settings.schedule == ()


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("gather_min_s", 0),
        ("gather_max_s", 2),
        ("gather_edit_min_s", 0),
        ("gather_edit_max_s", 2),
        ("gather_delivered_min_s", 0),
        ("gather_delivered_max_s", 2),
        ("give_up_after_s", 86_400),
        ("token_wait_s", 86_400),
        ("token_life_s", 7_200),
        ("backoff_base_s", 1),
        ("backoff_cap_s", 300),
        ("retry_after_max_s", 300),
        ("unauthorized_hold_s", 30),
        ("crashes_max", 5),
        ("lease_margin_s", 5),
        ("remember_s", 86_400),
        ("dead_keep_s", 2_592_000),
        ("dead_keep_max", 100_000),
        ("max_text_bytes", 65_536),
        ("connections", 16),
        ("syncs_max", 2),
        ("sync_time_s", 10),
        ("permit_s", 3),
        ("shutdown_s", 7),
        ("schedule_file", None),
        ("sentry_dsn", None),
        ("sentry_environment", "production"),
        ("sentry_release", None),
        ("log_level", "INFO"),
        ("log_format", "auto"),
        ("log_repeats_per_min", 60),
        ("health_dir", None),
        ("stuck_after_s", 25),
    ],
)
def test_defaults_of_the_service(field: str, default: object) -> None:
    assert getattr(load({}), field) == default


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("endpoint", "https://api.quickblox.com"),
        ("api_key", None),
        ("plan_calls_per_s", 80),
        ("share_left", 0.1),
        ("rate_per_s", 72),
        ("connect_timeout_s", 3.05),
        ("read_timeout_s", 10),
        ("comma_lists", True),
        ("list_max_ids", 50),
        ("both_flags", True),
    ],
)
def test_defaults_of_an_application(field: str, default: object) -> None:
    assert getattr(load({}).application("default"), field) == default


def test_given_values_arrive_in_their_types() -> None:
    settings = load(
        {
            "RECEIPTS_GATHER_MAX_S": "3.5",
            "RECEIPTS_CONNECTIONS": "8",
            "QUICKBLOX_BOTH_FLAGS": "no",
            "RECEIPTS_LOG_LEVEL": "debug",
            "SENTRY_RELEASE": "2024.11",
            "SENTRY_ENVIRONMENT": "staging",
        }
    )
    assert settings.gather_max_s == 3.5
    assert settings.connections == 8
    assert settings.application("default").both_flags is False
    assert settings.log_level == "DEBUG"
    assert settings.sentry_release == "2024.11"
    assert settings.sentry_environment == "staging"


def test_an_empty_variable_counts_as_not_set() -> None:
    empty = {"RECEIPTS_GATHER_MAX_S": "", "QUICKBLOX_API_KEY": "", "RECEIPTS_NOBODY_KNOWS": "", "REDIS_URL_FILE": ""}
    assert load(empty) == Settings()


def test_settings_are_frozen() -> None:
    settings = load({})
    with pytest.raises(ValidationError):
        settings.gather_max_s = 3.0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.application("default").rate_per_s = 3.0  # type: ignore[misc]
    assert isinstance(hash(settings), int)


def test_a_fault_is_frozen_too() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"RECEIPTS_CONNECTIONS": "0"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        caught.value.faults[0].value = "other"  # type: ignore[misc]


def test_a_model_built_in_code_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATHER_MAX_S", "9")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/1")
    monkeypatch.setenv("ENDPOINT", "https://elsewhere.example")
    assert Settings().gather_max_s == 2
    assert Settings().redis_url == "redis://127.0.0.1:6379/0"
    assert Application().endpoint == "https://api.quickblox.com"


def test_load_reads_the_process_environment_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIPTS_CONNECTIONS", "7")
    assert load().connections == 7


def test_an_unknown_application_is_named_together_with_the_known_ones() -> None:
    with pytest.raises(KeyError) as caught:
        load({"RECEIPTS_APPLICATIONS": "default,shop"}).application("chop")
    assert isinstance(caught.value, UnknownApplicationError)
    assert str(caught.value) == "no application 'chop': the settings name default, shop"


def test_the_lease_is_the_longest_request_and_a_margin() -> None:
    settings = load(
        {
            "QUICKBLOX_CONNECT_TIMEOUT_S": "2",
            "QUICKBLOX_READ_TIMEOUT_S": "30",
            "RECEIPTS_LEASE_MARGIN_S": "4",
        }
    )
    assert settings.lease_s(settings.application("default")) == 36


def test_a_put_may_land_as_long_after_it_was_given_up_as_its_answer_was_waited_for() -> None:
    assert load({"QUICKBLOX_READ_TIMEOUT_S": "30"}).application("default").lands_within_s == 30
    given = {"QUICKBLOX_READ_TIMEOUT_S": "30", "QUICKBLOX_LANDS_WITHIN_S": "0"}
    assert load(given).application("default").lands_within_s == 0
