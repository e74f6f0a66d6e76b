import pickle
from pathlib import Path

import pytest

from settings import SettingsError, load
from tests.unit.settings.faults import fault_of, faults_of


def test_all_faults_are_reported_together_one_line_each(tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text('{"job": {"task": "receipts.nothing", "every_s": 0, "kwargs": {}}}')
    environ = {
        "REDIS_URL": "http://localhost",
        "RECEIPTS_GATHER_MIN_S": "5",
        "RECEIPTS_GATHER_MAX_S": "4",
        "RECEIPTS_CONNECTIONS": "many",
        "RECEIPTS_SCHEDULE_FILE": str(schedule),
        "RECEIPTS_CONECTIONS": "4",
        "SENTRY_DSN_FILE": str(tmp_path / "missing"),
        "RECEIPTS_APPLICATIONS": "default,shop",
        "QUICKBLOX_LIST_MAX_IDS__SHOP": "0",
        "QUICKBLOX_API_KEY": "not a key",
    }
    with pytest.raises(SettingsError) as caught:
        load(environ)
    title, *lines = str(caught.value).splitlines()
    assert title == "9 settings cannot be used:"
    assert sorted(line.split()[0].rstrip(":") for line in lines) == [
        "QUICKBLOX_API_KEY",
        "QUICKBLOX_LIST_MAX_IDS__SHOP",
        "RECEIPTS_CONECTIONS",
        "RECEIPTS_CONNECTIONS",
        "RECEIPTS_GATHER_MAX_S",
        "RECEIPTS_SCHEDULE_FILE",
        "RECEIPTS_SCHEDULE_FILE",
        "REDIS_URL",
        "SENTRY_DSN_FILE",
    ]
    assert len(lines) == len(caught.value.faults)


def test_a_broken_ledger_address_is_no_fault_of_the_broker_made_from_it() -> None:
    assert [fault.variable for fault in faults_of({"REDIS_URL": "nonsense"})] == ["REDIS_URL"]


def test_a_long_value_is_cut_and_counted() -> None:
    fault = fault_of({"RECEIPTS_LOG_LEVEL": "x" * 1000})
    assert fault.value == repr("x" * 60) + "… (1000 characters)"


def test_a_value_of_several_lines_stays_in_one() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"RECEIPTS_LOG_LEVEL": "a\nb\x1b[31m\udcff"})
    assert len(str(caught.value).splitlines()) == 2
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("RECEIPTS_GATHER_MAXS", "RECEIPTS_GATHER_MAX_S"),
        ("RECEIPTS_SCHEDULE", "RECEIPTS_SCHEDULE_FILE"),
        ("QUICKBLOX_APIKEY", "QUICKBLOX_API_KEY"),
        ("RECEIPTS_HEALTH_DIR_FILE", "RECEIPTS_HEALTH_DIR"),
        ("QUICKBLOX_API_KEY_FIEL", "QUICKBLOX_API_KEY_FILE"),
        ("QUICKBLOX_API_KEY__SHOPP", "QUICKBLOX_API_KEY__SHOP"),
        ("QUICKBLOX_API_KEY__DEFAULT", "QUICKBLOX_API_KEY"),
        ("QUICKBLOX_RATE_PER_S_SHOP", "QUICKBLOX_RATE_PER_S__SHOP"),
    ],
)
def test_a_misspelt_variable_is_a_fault_with_a_guess_and_without_its_value(name: str, meant: str) -> None:
    fault = fault_of({name: "hunter2-hunter2", "RECEIPTS_APPLICATIONS": "default,shop"})
    assert str(fault) == f"{name} is unknown; expected a variable of docs/settings.md; did you mean {meant}?"


def test_a_variable_that_resembles_none_gets_no_guess() -> None:
    assert "did you mean" not in str(fault_of({"RECEIPTS_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ": "1"}))


def test_variables_of_others_are_left_alone() -> None:
    assert faults_of({"REDIS_URLL": "x", "SENTRY_TRACES": "1", "PATH": "/bin", "receipts_connections": "0"}) == ()


def test_names_that_cannot_be_read_do_not_make_the_suffixes_unknown() -> None:
    environ = {"RECEIPTS_APPLICATIONS": "Shop", "QUICKBLOX_API_KEY__SHOP": "k", "QUICKBLOX_NOTHING__SHOP": "k"}
    assert [fault.variable for fault in faults_of(environ)] == ["RECEIPTS_APPLICATIONS", "QUICKBLOX_NOTHING__SHOP"]


def test_the_error_shows_no_other_error_behind_it() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"RECEIPTS_CONNECTIONS": "0"})
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_the_error_survives_a_pickle() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"RECEIPTS_CONNECTIONS": "0"})
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - made one line above


def test_what_only_producers_read_is_no_fault() -> None:
    assert load({"RECEIPTS_APPLICATION": "default", "RECEIPTS_REDIS_TIMEOUT_S": "1"}) == load({})
