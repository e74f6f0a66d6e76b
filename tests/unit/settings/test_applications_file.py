"""Applications from a TOML file: what holds, where it comes from, and what is said when it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Settings, SettingsError, describe, load
from settings.application import Application
from settings.applications_file import EXAMPLE, key_of
from settings.rows import value_text
from settings.variable import variables
from tests.certificates import Authority
from tests.unit.settings.faults import fault_of, faults_of

SECRET = "secret-of-the-shop"
Write = Callable[[str], dict[str, str]]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes the file; answers the environment that names it."""

    def write(content: str) -> dict[str, str]:
        (tmp_path / "applications.toml").write_text(content, encoding="utf-8")
        return {"RECEIPTS_APPLICATIONS_FILE": str(tmp_path / "applications.toml")}

    return write


def test_a_table_is_an_application(written: Write) -> None:
    settings = load(
        written(
            """
            [shop]
            endpoint = "https://shop.example"
            api_key = "secret-of-the-shop"
            rate_per_s = 12.5
            list_max_ids = 7
            comma_lists = false
            [big-shop]
            """
        )
    )
    assert settings.names == ("shop", "big-shop")
    shop = settings.application("shop")
    assert (shop.endpoint, shop.rate_per_s, shop.list_max_ids) == ("https://shop.example", 12.5, 7)
    assert shop.comma_lists is False
    assert shop.api_key is not None
    assert shop.api_key.get_secret_value() == SECRET
    assert settings.application("big-shop").model_dump(exclude={"name"}) == Application().model_dump(exclude={"name"})


LOGIN = {"application_id": "12", "auth_key": "key", "auth_secret": "secret", "login": "receipts", "password": "word"}


@pytest.mark.parametrize("field", [name for name, _ in variables(Application)])
def test_every_variable_of_an_application_has_its_key(written: Write, tmp_path: Path, field: str) -> None:
    variable = dict(variables(Application))[field]
    default = getattr(Application(), field)
    own = {"application_id": "12", "ca_file": str(Authority(tmp_path).path)}
    text = own.get(field) or (SECRET if variable.secrecy == "secret" else value_text(default, variable))
    (tmp_path / "value").write_text(text)
    # A service session takes all five or none.
    others = "".join(f"{name} = {value!r}\n" for name, value in LOGIN.items() if field in LOGIN and name != field)
    content = f"[shop]\n{others}{key_of(variable)}_file = {str(tmp_path / 'value')!r}"
    by_file, shop = (
        dict(load(written(content)).application("shop").origins),
        load(written(content)).application("shop"),
    )
    assert by_file[field] == "file"
    assert variable.secrecy == "secret" or field in own or getattr(shop, field) == default
    inline = load(written(f"[shop]\n{others}{key_of(variable)} = {text!r}")).application("shop")
    assert dict(inline.origins)[field] == "applications file"


def test_what_stands_before_the_first_table_holds_for_all(written: Write) -> None:
    settings = load(written("rate_per_s = 9\n[shop]\n[big-shop]\nrate_per_s = 20"))
    assert [settings.application(name).rate_per_s for name in settings.names] == [9, 20]


def test_own_before_common_and_environment_before_file(written: Write) -> None:
    file = written("rate_per_s = 1\n[shop]\nrate_per_s = 3\n[big-shop]\n")

    def rates(**environ: str) -> list[float]:
        return [application.rate_per_s for application in load(file | environ).applications]

    assert rates() == [3, 1]
    assert rates(QUICKBLOX_RATE_PER_S="2") == [3, 2]
    assert rates(QUICKBLOX_RATE_PER_S="2", QUICKBLOX_RATE_PER_S__SHOP="4") == [4, 2]


def test_the_default_application_may_have_a_table_too(written: Write) -> None:
    file = written("[default]\nrate_per_s = 3")
    assert load(file).application("default").rate_per_s == 3
    assert load(file | {"QUICKBLOX_RATE_PER_S": "2"}).application("default").rate_per_s == 2


def test_rows_tell_what_stands_in_the_file(written: Write, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    content = f"rate_per_s = 9\n[shop]\napi_key_file = {str(tmp_path / 'key')!r}\nlist_max_ids = 7"
    rows = {row.variable: (row.value_masked, row.source) for row in describe(load(written(content)))}
    assert rows["QUICKBLOX_API_KEY__SHOP"] == ("********", "file")
    assert rows["QUICKBLOX_RATE_PER_S__SHOP"] == ("9", "applications file")
    assert rows["QUICKBLOX_LIST_MAX_IDS__SHOP"] == ("7", "applications file")
    assert rows["QUICKBLOX_ENDPOINT__SHOP"] == ("https://api.quickblox.com", "default")
    assert rows["RECEIPTS_APPLICATIONS"][0] == "shop"


def test_the_documented_example_can_be_used_as_far_as_its_files_go(written: Write) -> None:
    faults = faults_of(written(EXAMPLE))
    assert [fault.variable for fault in faults] == [
        "RECEIPTS_APPLICATIONS_FILE: table 'shop', api_key_file",
        "RECEIPTS_APPLICATIONS_FILE: table 'big-shop', api_key_file",
    ]
    assert {fault.value for fault in faults} == {"'/run/secrets/shop_api_key'", "'/run/secrets/big_shop_api_key'"}


def test_every_fault_at_once_each_with_its_place(written: Write) -> None:
    content = """
    api_key = "secret-of-the-shop"
    rate_per_s = -1
    [shop]
    rate_pers = 5
    list_max_ids = 0
    read_timeout_s = [1]
    api_key = "secret of the shop"
    [Shop]
    [x]
    comma_lists = "perhaps"
    comma_lists_file = "/nowhere"
    """
    faults = faults_of(written(content) | {"RECEIPTS_CONNECTIONS": "0"})
    place = "RECEIPTS_APPLICATIONS_FILE: "
    assert {(fault.variable, fault.value) for fault in faults} == {
        ("RECEIPTS_CONNECTIONS", "'0'"),
        (place + "api_key", "before the first table"),
        (place + "rate_per_s", "'-1'"),
        (place + "table 'shop', 'rate_pers'", "unknown"),
        (place + "table 'shop', list_max_ids", "'0'"),
        (place + "table 'shop', read_timeout_s", "a list"),
        (place + "table 'shop', api_key", "********"),
        (place + "table", "'Shop'"),
        (place + "table 'x', comma_lists and comma_lists_file", "both given"),
    }
    by_place = {fault.variable: fault.expected for fault in faults}
    assert by_place[place + "table 'shop', 'rate_pers'"] == "a key of docs/settings.md; did you mean rate_per_s?"
    assert by_place[place + "table 'shop', list_max_ids"] == "a whole number from 1 to 200"
    assert "secret" not in str(SettingsError(faults))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "a file with a table for each application (it has none)"),
        ("[shop", "the path of a TOML file (it is not TOML (at end of document))"),
        (f'[shop]\napi_key = "{SECRET}\n', "the path of a TOML file (it is not TOML (at line 2, column "),
        (f"[shop]\n{SECRET} = 1\n{SECRET} = 2\n", "the path of a TOML file (it is not TOML (at line 3, column "),
        ("a = " + "[" * 10_000, "the path of a TOML file (it is not TOML)"),
        ("# " + "x" * 1_048_576, "the path of a TOML file (it is larger than 1048576 bytes)"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_not_what(written: Write, content: str, expected: str) -> None:
    environ = written(content)
    fault = fault_of(environ)
    assert fault.variable == "RECEIPTS_APPLICATIONS_FILE"
    assert fault.expected.startswith(expected)
    assert SECRET not in str(fault)


def test_a_number_without_end_is_no_number(written: Write) -> None:
    assert fault_of(written(f"[shop]\nrate_per_s = 0x{'f' * 10_000}")).value == "a int"


@pytest.mark.parametrize("text", ["nan", "inf", "1e999"])
def test_numbers_that_toml_knows_and_nobody_wants_are_faults(written: Write, text: str) -> None:
    assert fault_of(written(f"[shop]\nrate_per_s = {text}")).expected == "0, or a number of at least 1"


def test_names_come_from_one_place(written: Write) -> None:
    fault = fault_of(written("[shop]") | {"RECEIPTS_APPLICATIONS": "shop"})
    assert (fault.variable, fault.value) == ("RECEIPTS_APPLICATIONS and RECEIPTS_APPLICATIONS_FILE", "both given")


def test_names_whose_variables_could_not_be_told_apart_are_a_fault(written: Write) -> None:
    assert "told apart" in fault_of(written("[x]\n[x-file]")).expected


def test_the_key_of_default_beside_a_file_without_default_is_a_fault(written: Write) -> None:
    assert "belongs to the application default" in fault_of(written("[shop]") | {"QUICKBLOX_API_KEY": "k"}).expected


def test_variables_of_an_application_that_the_file_does_not_name_are_unknown(written: Write) -> None:
    assert fault_of(written("[shop]") | {"QUICKBLOX_RATE_PER_S__CHOP": "3"}).value == "unknown"


def test_an_empty_text_counts_as_not_set(written: Write) -> None:
    assert load(written('[shop]\nendpoint = ""')).application("shop").endpoint == Application().endpoint


def test_nothing_of_the_file_is_shown(written: Write) -> None:
    settings: Settings = load(written(f'[shop]\napi_key = "{SECRET}"'))
    assert SECRET not in repr(settings)
    assert SECRET not in str(describe(settings))
