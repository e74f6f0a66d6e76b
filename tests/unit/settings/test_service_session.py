"""The service session's credentials: all of one application's, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import Application, describe, load
from settings.service_session import CREDENTIALS
from tests.unit.settings.faults import SERVICE_SESSION, fault_of, faults_of


def test_they_arrive_and_none_shows() -> None:
    settings = load(SERVICE_SESSION)
    given = [getattr(settings.application("default"), name).get_secret_value() for name in CREDENTIALS]
    assert given == list(SERVICE_SESSION.values())
    assert "hunter2" not in repr(settings) + str(describe(settings)) + settings.model_dump_json()


@pytest.mark.parametrize("missing", SERVICE_SESSION)
def test_one_that_is_missing_is_named(missing: str) -> None:
    fault = fault_of({name: value for name, value in SERVICE_SESSION.items() if name != missing})
    assert fault.variable == "QUICKBLOX_PASSWORD"
    assert f"all five or none; missing: {missing})" in fault.expected
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize("given", SERVICE_SESSION)
def test_one_alone_names_the_four_others(given: str) -> None:
    others = ", ".join(name for name in SERVICE_SESSION if name != given)
    assert f"missing: {others})" in fault_of({given: SERVICE_SESSION[given]}).expected


def test_one_with_a_fault_of_its_own_is_not_missing() -> None:
    assert fault_of(SERVICE_SESSION | {"QUICKBLOX_AUTH_KEY": "with space"}).variable == "QUICKBLOX_AUTH_KEY"


def test_they_are_never_borrowed_from_another_application() -> None:
    settings = load({"RECEIPTS_APPLICATIONS": "default,shop"} | SERVICE_SESSION)
    assert [getattr(settings.application("shop"), name) for name in CREDENTIALS] == [None] * 5


def test_another_applications_are_missing_by_its_own_names() -> None:
    environ = {"RECEIPTS_APPLICATIONS": "default,big-shop"} | SERVICE_SESSION
    shop = {f"{name}__BIG_SHOP": value for name, value in SERVICE_SESSION.items()}
    assert load(environ | shop).application("big-shop").password is not None
    del shop["QUICKBLOX_AUTH_SECRET__BIG_SHOP"]
    (fault,) = faults_of(environ | shop)
    assert fault.variable == "QUICKBLOX_PASSWORD__BIG_SHOP"
    assert "missing: QUICKBLOX_AUTH_SECRET__BIG_SHOP)" in fault.expected


def test_they_may_stand_in_a_table_of_the_applications_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2 pass")
    lines = ["[shop]", "application_id = 22", 'auth_key = "k"', 'auth_secret = "s"', 'login = "ann"']
    (tmp_path / "applications.toml").write_text("\n".join([*lines, f"password_file = '{tmp_path / 'password'}'"]))
    shop = load({"RECEIPTS_APPLICATIONS_FILE": str(tmp_path / "applications.toml")}).application("shop")
    given = [getattr(shop, name).get_secret_value() for name in CREDENTIALS]
    assert given == ["22", "k", "s", "ann", "hunter2 pass"]
    (tmp_path / "applications.toml").write_text("\n".join(lines))
    fault = fault_of({"RECEIPTS_APPLICATIONS_FILE": str(tmp_path / "applications.toml")})
    assert "missing: QUICKBLOX_PASSWORD__SHOP)" in fault.expected


@pytest.mark.parametrize("key", CREDENTIALS)
def test_none_holds_for_all_applications(tmp_path: Path, key: str) -> None:
    (tmp_path / "applications.toml").write_text(f"{key} = '1'\n[shop]\n[big-shop]")
    fault = fault_of({"RECEIPTS_APPLICATIONS_FILE": str(tmp_path / "applications.toml")})
    assert (fault.value, fault.expected) == ("before the first table", "a table of one application's own")


def test_a_model_built_in_code_is_held_to_it_too() -> None:
    with pytest.raises(ValueError, match="missing: QUICKBLOX_APPLICATION_ID"):
        Application(password="hunter2")
