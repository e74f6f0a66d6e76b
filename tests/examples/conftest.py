"""One system with one worker for all examples, and each example's server started once."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.examples.apps import App, producer_settings, run
from tests.running import System

DJANGO = {"DJANGO_SECRET_KEY": "a test's", "DJANGO_DEBUG": "0"}
PASSWORD = "only-for-trying"
WEBHOOK_SECRET = "a secret of this test"


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("system"), {})
    try:
        system.start_worker()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="session")
def django_settings(system: System, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a project whose database holds the demo's data."""
    database = tmp_path_factory.mktemp("django") / "db.sqlite3"
    settings = {**DJANGO, **producer_settings(system), "DJANGO_DATABASE": str(database)}
    for command in ("migrate", "loaddata demo"):
        ended = run("django", "manage.py", *command.split(), **settings)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return settings


@pytest.fixture(scope="session")
def django(django_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Ann is logged in."""
    arguments = ["django", "runserver", "--noreload", "127.0.0.1:{port}"]
    settings = {**django_settings, "DJANGO_SETTINGS_MODULE": "project.settings"}
    app = App("django", arguments, tmp_path_factory.mktemp("log") / "django.log", settings)
    try:
        app.http.get("/login/")
        form = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": app.http.cookies["csrftoken"]}
        assert app.post("/login/", data=form).status_code == 302
        app.http.headers["X-CSRFToken"] = app.http.cookies["csrftoken"]
        yield app
    finally:
        app.stop()


@pytest.fixture(scope="session")
def flask(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Ann is logged in."""
    directory = tmp_path_factory.mktemp("flask")
    settings = {
        **producer_settings(system),
        "FLASK_APP": "chat",
        "FLASK_SECRET_KEY": "a test's",
        "FLASK_PEOPLE": str(directory / "people.sqlite3"),
    }
    added = run("flask", "-m", "flask", "add-person", "ann", "123", PASSWORD=PASSWORD, **settings)
    assert added.returncode == 0, added.stdout + added.stderr
    app = App("flask", ["flask", "run", "--port", "{port}"], directory / "flask.log", settings)
    try:
        assert app.post("/login", json={"name": "ann", "password": PASSWORD}).status_code == 204
        yield app
    finally:
        app.stop()


@pytest.fixture(scope="session")
def fastapi(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Ann's token is in the headers."""
    people = f'{{"{sha256(PASSWORD.encode()).hexdigest()}": 123}}'
    settings = {**producer_settings(system), "CHAT_PEOPLE": people}
    arguments = ["uvicorn", "--port", "{port}", "chat.main:app"]
    app = App("fastapi", arguments, tmp_path_factory.mktemp("log") / "fastapi.log", settings)
    app.http.headers["Authorization"] = f"Bearer {PASSWORD}"
    yield app
    app.stop()


@pytest.fixture(scope="session")
def webhook(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    settings = {**producer_settings(system), "WEBHOOK_SECRETS": WEBHOOK_SECRET}
    arguments = ["uvicorn", "--port", "{port}", "receiver.main:app"]
    app = App("webhook", arguments, tmp_path_factory.mktemp("log") / "webhook.log", settings)
    yield app
    app.stop()
