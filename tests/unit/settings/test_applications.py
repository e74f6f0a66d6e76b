from pathlib import Path

import pytest

from settings import load
from tests.unit.settings.faults import fault_of, faults_of

TWO = {"RECEIPTS_APPLICATIONS": "default, big-shop"}


def test_names_keep_their_order() -> None:
    assert load({"RECEIPTS_APPLICATIONS": "shop, default,a-1"}).names == ("shop", "default", "a-1")


def test_an_application_has_its_own_settings_first_and_the_plain_ones_second() -> None:
    settings = load(
        TWO
        | {
            "QUICKBLOX_RATE_PER_S": "100",
            "QUICKBLOX_RATE_PER_S__BIG_SHOP": "10",
            "QUICKBLOX_ENDPOINT": "https://plain.example/",
        }
    )
    assert settings.application("default").rate_per_s == 100
    assert settings.application("big-shop").rate_per_s == 10
    assert settings.application("big-shop").endpoint == "https://plain.example"


def test_an_api_key_is_never_borrowed() -> None:
    settings = load(TWO | {"QUICKBLOX_API_KEY": "of-default"})
    assert settings.application("default").api_key is not None
    assert settings.application("big-shop").api_key is None


def test_an_api_key_of_its_own() -> None:
    key = load(TWO | {"QUICKBLOX_API_KEY__BIG_SHOP": "of-shop"}).application("big-shop").api_key
    assert key is not None
    assert key.get_secret_value() == "of-shop"


def test_an_applications_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "rate").write_text("12\n")
    settings = load(TWO | {"QUICKBLOX_RATE_PER_S__BIG_SHOP_FILE": str(tmp_path / "rate"), "QUICKBLOX_RATE_PER_S": "9"})
    assert settings.application("big-shop").rate_per_s == 12
    assert settings.application("default").rate_per_s == 9


def test_a_fault_names_the_applications_variable() -> None:
    assert fault_of(TWO | {"QUICKBLOX_RATE_PER_S__BIG_SHOP": "-1"}).variable == "QUICKBLOX_RATE_PER_S__BIG_SHOP"


def test_a_fault_that_two_applications_share_is_reported_once() -> None:
    assert fault_of(TWO | {"QUICKBLOX_RATE_PER_S": "-1"}).variable == "QUICKBLOX_RATE_PER_S"


def test_a_missing_file_that_two_applications_share_is_reported_once() -> None:
    assert fault_of(TWO | {"QUICKBLOX_RATE_PER_S_FILE": "/nowhere"}).variable == "QUICKBLOX_RATE_PER_S_FILE"


def test_faults_of_several_applications_are_reported_together() -> None:
    environ = TWO | {"QUICKBLOX_RATE_PER_S": "-1", "QUICKBLOX_RATE_PER_S__BIG_SHOP": "-2"}
    assert [fault.variable for fault in faults_of(environ)] == [
        "QUICKBLOX_RATE_PER_S",
        "QUICKBLOX_RATE_PER_S__BIG_SHOP",
    ]


def test_settings_of_an_application_that_is_not_named_are_unknown() -> None:
    assert fault_of({"QUICKBLOX_API_KEY__SHOP": "k"}).value == "unknown"


def test_the_key_of_default_without_default_is_a_fault_that_says_so() -> None:
    fault = fault_of({"RECEIPTS_APPLICATIONS": "shop", "QUICKBLOX_API_KEY": "k"})
    assert "belongs to the application default" in fault.expected


def test_plain_settings_without_default_are_what_others_fall_back_to() -> None:
    settings = load({"RECEIPTS_APPLICATIONS": "shop", "QUICKBLOX_RATE_PER_S": "7"})
    assert settings.application("shop").rate_per_s == 7


@pytest.mark.parametrize("names", ["x,x-file", "x-file,x"])
def test_names_whose_variables_could_not_be_told_apart_are_a_fault(names: str) -> None:
    assert "told apart" in fault_of({"RECEIPTS_APPLICATIONS": names}).expected
