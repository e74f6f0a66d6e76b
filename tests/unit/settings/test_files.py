import os
from pathlib import Path

import pytest

from settings import load
from settings.environment import LARGEST_FILE_BYTES
from tests.unit.settings.faults import fault_of


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_value_may_come_from_a_file(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(f"from-file{ending}".encode())
    key = load({"QUICKBLOX_API_KEY_FILE": str(file)}).application("default").api_key
    assert key is not None
    assert key.get_secret_value() == "from-file"


def test_only_the_final_newline_goes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("key\n\n")
    assert fault_of({"QUICKBLOX_API_KEY_FILE": str(file)}).variable == "QUICKBLOX_API_KEY (from QUICKBLOX_API_KEY_FILE)"


@pytest.mark.parametrize("name", ["REDIS_URL", "RECEIPTS_CONNECTIONS", "SENTRY_DSN", "QUICKBLOX_RATE_PER_S"])
def test_every_variable_has_its_file(tmp_path: Path, name: str) -> None:
    values = {"REDIS_URL": "redis://h", "SENTRY_DSN": "https://k@h/1"}
    file = tmp_path / "value"
    file.write_text(values.get(name, "7"))
    assert load({f"{name}_FILE": str(file)}) == load({f"{name}_FILE": str(file)})
    assert load({f"{name}_FILE": str(file)}) != load({})


def test_the_name_of_the_schedule_file_may_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "schedule.json").write_text("{}")
    (tmp_path / "name").write_text(str(tmp_path / "schedule.json") + "\n")
    settings = load({"RECEIPTS_SCHEDULE_FILE_FILE": str(tmp_path / "name")})
    assert settings.schedule_file == tmp_path / "schedule.json"


def test_a_value_and_a_file_together_are_a_fault(tmp_path: Path) -> None:
    fault = fault_of({"REDIS_URL": "redis://h", "REDIS_URL_FILE": str(tmp_path)})
    assert str(fault) == "REDIS_URL and REDIS_URL_FILE is both given; expected only one of them"


def test_an_empty_value_does_not_compete_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://h/3")
    assert load({"REDIS_URL": "", "REDIS_URL_FILE": str(tmp_path / "url")}).redis_url == "redis://h/3"


def test_an_empty_file_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    settings = load(
        {
            "RECEIPTS_APPLICATIONS": "shop",
            "QUICKBLOX_RATE_PER_S": "9",
            "QUICKBLOX_RATE_PER_S__SHOP_FILE": str(tmp_path / "empty"),
        }
    )
    assert settings.application("shop").rate_per_s == 9


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    fault = fault_of({"RECEIPTS_CONNECTIONS_FILE": str(tmp_path / "missing")})
    assert fault.variable == "RECEIPTS_CONNECTIONS_FILE"
    assert "No such file" in fault.expected


def test_a_path_of_a_secret_is_shown_if_it_reads_as_a_path() -> None:
    assert fault_of({"QUICKBLOX_API_KEY_FILE": "/nowhere/key"}).value == "'/nowhere/key'"


def test_a_directory_is_a_fault(tmp_path: Path) -> None:
    assert "directory" in fault_of({"RECEIPTS_CONNECTIONS_FILE": str(tmp_path)}).expected


def test_a_file_that_is_not_utf8_is_a_fault_that_shows_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"secret\xff")
    fault = fault_of({"QUICKBLOX_API_KEY_FILE": str(tmp_path / "key")})
    assert fault.expected.endswith("(it is not UTF-8)")
    assert "secret" not in fault.expected


def test_a_file_too_large_for_a_value_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "book").write_text("1" * (LARGEST_FILE_BYTES + 1))
    assert "larger" in fault_of({"RECEIPTS_CONNECTIONS_FILE": str(tmp_path / "book")}).expected


def test_a_name_with_a_nul_is_a_fault() -> None:
    assert fault_of({"RECEIPTS_CONNECTIONS_FILE": "a\0b"}).variable == "RECEIPTS_CONNECTIONS_FILE"


def test_applications_share_a_pipe_that_can_be_read_only_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"7\n")
    os.close(writing)
    settings = load({"RECEIPTS_APPLICATIONS": "a,b", "QUICKBLOX_RATE_PER_S_FILE": f"/dev/fd/{reading}"})
    os.close(reading)
    assert [application.rate_per_s for application in settings.applications] == [7, 7]


def test_a_bad_value_from_a_file_names_the_file_variable(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("many\n")
    fault = fault_of({"RECEIPTS_CONNECTIONS_FILE": str(tmp_path / "value")})
    assert fault.variable == "RECEIPTS_CONNECTIONS (from RECEIPTS_CONNECTIONS_FILE)"
    assert fault.value == "'many'"
