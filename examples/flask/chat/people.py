"""Who may log in, and whom QuickBlox knows them as: a table of names. Your application has its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import click
from flask import Flask, abort, current_app, session
from flask.cli import with_appcontext
from werkzeug.security import check_password_hash, generate_password_hash

_TABLE = (
    "create table if not exists people (name text primary key, quickblox_id integer not null, password text not null)"
)


def init_app(app: Flask) -> None:
    """Adds `flask add-person NAME QUICKBLOX_ID`."""
    app.cli.add_command(add_person)


def log_in(name: str, password: str) -> None:
    """Begins a session; 401 for an unknown name or a wrong password."""
    found = _ask("select quickblox_id, password from people where name = ?", name)
    if not found or not check_password_hash(found[0][1], password):
        abort(401, "name and password do not match")
    session.clear()
    session["quickblox_id"] = found[0][0]


def quickblox_id() -> int:
    """The QuickBlox user of whoever asks; 401 without a session."""
    if "quickblox_id" not in session:
        abort(401, "log in first")
    return int(session["quickblox_id"])


@click.command("add-person")
@click.argument("name")
@click.argument("quickblox_id", type=click.IntRange(min=1))
@click.password_option(envvar="PASSWORD")
@with_appcontext
def add_person(name: str, quickblox_id: int, password: str) -> None:
    """Lets somebody log in, with another password than before if they could already."""
    _ask("insert or replace into people values (?, ?, ?)", name, quickblox_id, generate_password_hash(password))
    click.echo(f"{name} may log in as QuickBlox user {quickblox_id}")


def _ask(statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(current_app.config["PEOPLE"])) as database, database:
        database.execute(_TABLE)
        return database.execute(statement, values).fetchall()
