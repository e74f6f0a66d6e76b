"""The schedule file: what beat records regularly, as JSON, checked as a whole before beat starts.

A job names one of the three tasks of the producers' second door, when it runs (`every_s` or `crontab`) and with which
`kwargs`. Arguments may carry a text or a token: they are in no representation and in no error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from settings.crontab import UNITS, Crontab, expand, never_comes
from settings.errors import Fault, SettingsError, shown

VARIABLE = "RECEIPTS_SCHEDULE_FILE"
TASKS = ("receipts.mark_dialog_read", "receipts.mark_dialog_delivered", "receipts.edit_message")
LONGEST_EVERY_S = 366 * 86_400
LARGEST_BYTES = 1_048_576
EXAMPLE = """\
{
  "read the support dialog": {
    "task": "receipts.mark_dialog_read",
    "every_s": 300,
    "kwargs": {"dialog_id": "53aac645535c12bd3b008a40", "user_id": 29085}
  },
  "deliver at eight on workdays": {
    "task": "receipts.mark_dialog_delivered",
    "crontab": {"minute": 0, "hour": 8, "day_of_week": "mon-fri"},
    "kwargs": {"dialog_id": "53aac645535c12bd3b008a40", "user_id": 29085}
  }
}
"""
_KEYS = ("task", "every_s", "crontab", "kwargs")
_Report = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One job of beat: exactly one of `every_s` and `crontab` is set.

    Attributes:
        name: The job's name in the file.
        task: One of `TASKS`.
        kwargs_json: The task's arguments as JSON, which keeps the job frozen through and through.
        every_s: Seconds between two runs.
        crontab: The arguments of `celery.schedules.crontab`; times are in Celery's time zone.
    """

    name: str
    task: str
    kwargs_json: str = field(repr=False)
    every_s: float | None = None
    crontab: Crontab | None = None

    @property
    def kwargs(self) -> dict[str, Any]:
        """The task's arguments, a copy for the caller."""
        return cast("dict[str, Any]", json.loads(self.kwargs_json))


def load_schedule(path: str | Path) -> dict[str, Job]:
    """The jobs of a schedule file by name.

    Raises:
        SettingsError: The file cannot be read, is not JSON, or a job has a fault; every fault is reported.
    """
    faults: list[Fault] = []
    content = _read(Path(path), faults)
    jobs = [_job(name, body, faults) for name, body in content.items()]
    if faults:
        raise SettingsError(faults)
    return {job.name: job for job in jobs if job}


def _read(path: Path, faults: list[Fault]) -> dict[str, Any]:
    twice: list[str] = []
    try:
        with path.open("rb") as file:
            read = file.read(LARGEST_BYTES + 1)
        if len(read) > LARGEST_BYTES:
            return _fault(faults, path, f"a file of at most {LARGEST_BYTES} bytes")
        content = json.loads(
            read.decode("utf-8"), object_pairs_hook=lambda pairs: _once(pairs, twice), parse_constant=_no_number
        )
    except OSError as error:
        content = _fault(faults, path, f"a file that can be read ({error.strerror or type(error).__name__})")
    except UnicodeDecodeError:
        content = _fault(faults, path, "a file in UTF-8")
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        content = _fault(faults, path, f"a file of JSON{place}")
    else:
        faults.extend(Fault(f"{VARIABLE}: key {shown(key)}", "there twice in one object", "once") for key in twice)
        if not isinstance(content, dict):
            content = _fault(faults, path, "a JSON object of jobs by name")
    return cast("dict[str, Any]", content)


def _fault(faults: list[Fault], path: Path, expected: str) -> dict[str, Any]:
    faults.append(Fault(VARIABLE, shown(str(path)), expected))
    return {}


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    content = dict(pairs)
    # Python keeps the last of two equal keys: without this a copied job would silently replace its model.
    keys = [key for key, _ in pairs]
    twice.extend(key for key in content if keys.count(key) > 1)
    return content


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _job(name: str, body: object, faults: list[Fault]) -> Job | None:
    def report(key: str, value: str, expected: str) -> None:
        place = f"{VARIABLE}: job {shown(name)}" + (f", {key}" if key else "")
        faults.append(Fault(place, value, expected))

    if not isinstance(body, dict):
        report("", _kind(body), "an object")
        return None
    for key in (key for key in body if key not in _KEYS):
        report(shown(key), "unknown", "one of " + ", ".join(_KEYS))
    task = _task(body.get("task"), report)
    kwargs = body.get("kwargs")
    if not isinstance(kwargs, dict):
        report("kwargs", _kind(kwargs), "an object")
    every_s, crontab = _when(body, report)
    return Job(name, task, json.dumps(kwargs, sort_keys=True), every_s, crontab)


def _task(value: object, report: _Report) -> str:
    if value not in TASKS:
        report("task", _text(value), "one of " + ", ".join(TASKS))
    return str(value)


def _when(body: dict[str, Any], report: _Report) -> tuple[float | None, Crontab | None]:
    if ("every_s" in body) == ("crontab" in body):
        report("every_s and crontab", "both given" if "every_s" in body else "both missing", "one of them")
        return None, None
    if "crontab" in body:
        return None, _crontab(body["crontab"], report)
    return _every_s(body["every_s"], report), None


def _every_s(value: object, report: _Report) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= LONGEST_EVERY_S:
        return float(value)
    report("every_s", _text(value), f"seconds above 0, at most {LONGEST_EVERY_S}")
    return None


def _crontab(value: object, report: _Report) -> Crontab | None:
    if not isinstance(value, dict) or not value:
        report("crontab", _kind(value), "an object with at least one of " + ", ".join(UNITS))
        return None
    faults = list(_crontab_faults(value))
    for key, text, expected in faults:
        report(key, text, expected)
    if faults:
        return None
    crontab = Crontab(**{key: str(text) for key, text in value.items()})
    if never_comes(crontab):
        report("crontab, day_of_month", _text(crontab.day_of_month), "a day that one of its months has")
    return crontab


def _crontab_faults(value: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    for key, text in value.items():
        if key not in UNITS:
            yield f"crontab, {shown(key)}", "unknown", "one of " + ", ".join(UNITS)
        elif not isinstance(text, (str, int)) or not _expands(str(text), key):
            yield f"crontab, {key}", _text(text), UNITS[key].expected


def _expands(text: str, key: str) -> bool:
    try:
        return bool(expand(text, UNITS[key]))
    except ValueError:
        return False


def _kind(value: object) -> str:
    """What a value is, for places that may hold a secret."""
    if value is None:
        return "missing"
    return "empty" if value == {} else f"a {type(value).__name__}"


def _text(value: object) -> str:
    return "missing" if value is None else shown(value if isinstance(value, str) else json.dumps(value))
