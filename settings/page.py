"""Writes docs/settings.md from the models, or checks that it is what they say.

python -m settings.page docs/settings.md
python -m settings.page --check docs/settings.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from settings.application import Application, Configured
from settings.applications_file import EXAMPLE as EXAMPLE_FILE
from settings.model import Settings
from settings.rows import default_text
from settings.schedule import EXAMPLE, TASKS
from settings.variable import variables

_OPENING = """\
# Settings

<!-- Made by `make docs` from the models in settings/: change those, not this page. -->

Everything that can be turned comes from environment variables. They are read once, when a process starts, and checked
all at once: if anything is wrong the process does not start, and the error lists every fault with the variable, its
value (secrets masked) and what was expected. `python -m worker settings` shows what holds and where it comes from.

- An empty variable counts as not set.
- A variable that begins with `RECEIPTS_` or `QUICKBLOX_` and is not one of those below is a fault, with a guess at what
  was meant: a misspelt setting must not be ignored. The producers' two, `RECEIPTS_APPLICATION` and
  `RECEIPTS_REDIS_TIMEOUT_S`, are let pass: web app and worker often share an environment.
- Instead of any variable `NAME` but `RECEIPTS_APPLICATIONS` and `RECEIPTS_HEALTH_DIR`, `NAME_FILE` may give the path of
  a file that holds the value, in UTF-8; its final newline does not count. So secrets can come from files, as Docker and
  Kubernetes mount them: `QUICKBLOX_API_KEY_FILE=/run/secrets/quickblox_api_key`. Giving both is a fault.
- Secrets, and passwords in addresses, are shown as `********`.
- Calls to the chat API go through the environment's `HTTPS_PROXY` or `HTTP_PROXY` unless `NO_PROXY` names the host.

## The service
"""

_APPLICATIONS = """
## Each application

`RECEIPTS_APPLICATIONS` names the QuickBlox applications; a file can stand in its place (below). The one called
`default` takes the variables below as they stand. Any other, say `big-shop`, takes each of them with its name at the
end, in upper case, `-` as `_`, after two underscores: `QUICKBLOX_RATE_PER_S__BIG_SHOP` (from a file:
`QUICKBLOX_RATE_PER_S__BIG_SHOP_FILE`). What is not given so falls back to the plain variable, except the API key and
the credentials of a service session: an application never uses another one's.
"""

_APPLICATIONS_FILE = f"""
## The applications file

`RECEIPTS_APPLICATIONS_FILE` names a TOML file with a table for each QuickBlox application. Its keys are the variables
above in lower case without `QUICKBLOX_`; `<key>_file` names a file that holds the value, as `NAME_FILE` does. What
stands before the first table holds for all applications, except the API key and the credentials of a service session,
which may not stand there. Unknown keys are faults.

```toml
{EXAMPLE_FILE}```

What is an application's own comes before what holds for all, and the environment before the file. For `shop`, first to
last: `QUICKBLOX_RATE_PER_S__SHOP`, `rate_per_s` in the table `[shop]`, `QUICKBLOX_RATE_PER_S`, `rate_per_s` before
the first table, the default.
"""

_TASKS = ", ".join(f"`{task}`" for task in TASKS)
_SCHEDULE = f"""
## The schedule file

`RECEIPTS_SCHEDULE_FILE` names a JSON file with the jobs of beat, by name. A job has a `task`, the `kwargs` to call it
with, and either `every_s`, seconds above 0, or `crontab` with at least one of `minute`, `hour`, `day_of_week`,
`day_of_month` and `month_of_year` in the notation of Celery's crontab. Unknown keys are faults.

Tasks: {_TASKS}.

```json
{EXAMPLE}```
"""


def page() -> str:
    """The page's text."""
    service = "\n".join(_table(Settings))
    each = "\n".join(_table(Application))
    return f"{_OPENING}\n{service}\n{_APPLICATIONS}\n{each}\n{_APPLICATIONS_FILE}{_SCHEDULE}"


def _table(model: type[Configured]) -> Iterator[str]:
    yield "| variable | expected | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, variable in variables(model):
        default = default_text(model.model_fields[name], variable)
        cells = (f"`{variable.name}`", variable.expected, default, variable.meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the page; the exit status is 1 if the page is not what the models say."""
    parser = argparse.ArgumentParser(prog="python -m settings.page", description="Write the page of the settings.")
    parser.add_argument("path", type=Path, help="the page, docs/settings.md")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    options = parser.parse_args(arguments)
    if options.check:
        return _check(options.path)
    options.path.write_text(page(), encoding="utf-8")
    return 0


def _check(path: Path) -> int:
    if path.is_file() and path.read_text(encoding="utf-8") == page():
        return 0
    state = "is not what settings/ says" if path.is_file() else "is missing"
    sys.stderr.write(f"{path} {state}; `make docs` writes it.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
