import json
from pathlib import Path

import pytest

from settings import Crontab, Job, SettingsError, load, load_schedule
from settings.schedule import EXAMPLE, LARGEST_BYTES

TASK = "receipts.mark_dialog_read"
GOOD = {"task": TASK, "every_s": 60, "kwargs": {"dialog_id": "d"}}


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "schedule.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def lines(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_schedule(path)
    return [str(fault) for fault in caught.value.faults]


def test_jobs_arrive_by_name(tmp_path: Path) -> None:
    jobs = load_schedule(written(tmp_path, EXAMPLE))
    assert list(jobs) == ["read the support dialog", "deliver at eight on workdays"]
    first, second = jobs.values()
    assert (first.task, first.every_s, first.crontab) == (TASK, 300, None)
    assert first.kwargs == {"dialog_id": "53aac645535c12bd3b008a40", "user_id": 29085}
    assert (second.every_s, second.crontab) == (None, Crontab(minute="0", hour="8", day_of_week="mon-fri"))


def test_load_puts_the_jobs_into_the_settings(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": GOOD})
    settings = load({"RECEIPTS_SCHEDULE_FILE": str(path)})
    assert settings.schedule == tuple(load_schedule(path).values())
    assert settings.schedule_file == path


def test_faults_of_the_file_join_those_of_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": GOOD | {"every_s": 0}})
    with pytest.raises(SettingsError) as caught:
        load({"RECEIPTS_SCHEDULE_FILE": str(path), "RECEIPTS_CONNECTIONS": "0"})
    assert len(caught.value.faults) == 2


def test_a_job_is_frozen_and_its_arguments_are_copies(tmp_path: Path) -> None:
    job = load_schedule(written(tmp_path, {"a": GOOD}))["a"]
    job.kwargs["dialog_id"] = "other"
    assert job.kwargs == {"dialog_id": "d"}
    assert isinstance(hash(job), int)


def test_a_job_does_not_show_its_arguments() -> None:
    assert "hunter2" not in repr(Job("a", TASK, '{"token": "hunter2"}', 1.0))


def test_all_faults_are_reported_each_with_job_and_field(tmp_path: Path) -> None:
    content = {
        "one": {"task": "receipts.nothing", "every_s": -1, "kwargs": [1], "queue": "x"},
        "two": {"every_s": 1, "crontab": {"minute": "*"}, "kwargs": {}},
        "three": {"task": TASK, "crontab": {"minute": 60, "second": "*", "hour": "*/0"}},
        "four": 4,
    }
    place = "RECEIPTS_SCHEDULE_FILE: job "
    assert [line.partition("; expected")[0] for line in lines(written(tmp_path, content))] == [
        f"{place}'one', 'queue' is unknown",
        f"{place}'one', task is 'receipts.nothing'",
        f"{place}'one', kwargs is a list",
        f"{place}'one', every_s is '-1'",
        f"{place}'two', task is missing",
        f"{place}'two', every_s and crontab is both given",
        f"{place}'three', kwargs is missing",
        f"{place}'three', crontab, minute is '60'",
        f"{place}'three', crontab, 'second' is unknown",
        f"{place}'three', crontab, hour is '*/0'",
        f"{place}'four' is a int",
    ]


@pytest.mark.parametrize("value", ["0", "-1", "true", '"60"', "null", "[]", "1e999", "1" + "0" * 400, "31622401"])
def test_bad_intervals(tmp_path: Path, value: str) -> None:
    (line,) = lines(written(tmp_path, f'{{"a": {{"task": "{TASK}", "every_s": {value}, "kwargs": {{}}}}}}'))
    assert "job 'a', every_s is" in line
    assert line.endswith("expected seconds above 0, at most 31622400")


@pytest.mark.parametrize("crontab", [{}, [], "* * * * *", None])
def test_a_crontab_is_an_object_with_something_in_it(tmp_path: Path, crontab: object) -> None:
    (line,) = lines(written(tmp_path, {"a": {"task": TASK, "kwargs": {}, "crontab": crontab}}))
    assert "job 'a', crontab is" in line


@pytest.mark.parametrize("value", [True, None, 1.5, [1], "1 5", "5/2", "mon"])
def test_bad_values_of_a_crontab(tmp_path: Path, value: object) -> None:
    (line,) = lines(written(tmp_path, {"a": {"task": TASK, "kwargs": {}, "crontab": {"hour": value}}}))
    assert line.endswith("expected numbers from 0 to 23, ranges, steps or *")


def test_a_day_that_never_comes_is_a_fault(tmp_path: Path) -> None:
    job = {"task": TASK, "kwargs": {}, "crontab": {"day_of_month": "30-31", "month_of_year": "feb"}}
    (line,) = lines(written(tmp_path, {"a": job}))
    assert "crontab, day_of_month is '30-31'" in line


def test_neither_interval_nor_crontab_is_a_fault(tmp_path: Path) -> None:
    (line,) = lines(written(tmp_path, {"a": {"task": TASK, "kwargs": {}}}))
    assert "both missing" in line


def test_no_fault_shows_an_argument(tmp_path: Path) -> None:
    content = {"a": {"task": TASK, "every_s": 0, "kwargs": "hunter2"}, "b": {"kwargs": {"token": "hunter2"}}}
    assert "hunter2" not in "".join(lines(written(tmp_path, content)))


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    job = json.dumps(GOOD)
    (line,) = lines(written(tmp_path, f'{{"a": {job}, "a": {job}}}'))
    assert "'a' is there twice" in line


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "a file of JSON (line 1: Expecting value)"),
        ("{\n,}", "line 2"),
        ("[" * 100_000, "a file of JSON"),
        ('{"a": NaN}', "a file of JSON"),
        ("[]", "a JSON object of jobs by name"),
        ("null", "a JSON object of jobs by name"),
    ],
)
def test_files_that_hold_no_schedule(tmp_path: Path, content: str, expected: str) -> None:
    (line,) = lines(written(tmp_path, content))
    assert expected in line


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    (line,) = lines(tmp_path / "missing.json")
    assert "No such file" in line


def test_a_file_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    path.write_bytes(b"{}\xff")
    (line,) = lines(path)
    assert "UTF-8" in line


def test_a_file_too_large_for_a_schedule_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    path.write_text(" " * (LARGEST_BYTES + 1))
    with pytest.raises(SettingsError, match="at most 1048576 bytes"):
        load_schedule(path)
