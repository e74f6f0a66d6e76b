import pytest

from settings import Application, Settings, load
from settings.variable import variables
from tests.unit.settings.faults import SERVICE_SESSION, fault_of

SECONDS = {
    "RECEIPTS_GATHER_MIN_S": (0, 3600),
    "RECEIPTS_GATHER_MAX_S": (0, 3600),
    "RECEIPTS_GATHER_EDIT_MIN_S": (0, 3600),
    "RECEIPTS_GATHER_EDIT_MAX_S": (0, 3600),
    "RECEIPTS_GATHER_DELIVERED_MIN_S": (0, 3600),
    "RECEIPTS_GATHER_DELIVERED_MAX_S": (0, 3600),
    "RECEIPTS_GIVE_UP_AFTER_S": (0, 2_678_400),
    "RECEIPTS_TOKEN_WAIT_S": (0, 2_678_400),
    "RECEIPTS_TOKEN_LIFE_S": (1, 2_678_400),
    "RECEIPTS_BACKOFF_BASE_S": (0.01, 3600),
    "RECEIPTS_BACKOFF_CAP_S": (0.01, 86_400),
    "RECEIPTS_RETRY_AFTER_MAX_S": (0, 86_400),
    "RECEIPTS_UNAUTHORIZED_HOLD_S": (0.1, 86_400),
    "RECEIPTS_LEASE_MARGIN_S": (0.1, 3600),
    "RECEIPTS_REMEMBER_S": (1, 2_678_400),
    "RECEIPTS_DEAD_KEEP_S": (60, 31_622_400),
    "RECEIPTS_SYNC_TIME_S": (0.1, 3600),
    "RECEIPTS_PERMIT_S": (1, 4),
    "RECEIPTS_SHUTDOWN_S": (0, 3600),
    "RECEIPTS_STUCK_AFTER_S": (2, 3600),
    "QUICKBLOX_CONNECT_TIMEOUT_S": (0.01, 300),
    "QUICKBLOX_READ_TIMEOUT_S": (0.01, 300),
    "QUICKBLOX_LANDS_WITHIN_S": (0, 3600),
}
COUNTS = {
    "RECEIPTS_BREAKER_CALLS_MIN": (1, 1_000_000),
    "RECEIPTS_CRASHES_MAX": (1, 1000),
    "RECEIPTS_DEAD_KEEP_MAX": (1, 10_000_000),
    "RECEIPTS_MAX_TEXT_BYTES": (1, 16_777_216),
    "RECEIPTS_CONNECTIONS": (1, 256),
    "RECEIPTS_SYNCS_MAX": (1, 1024),
    "RECEIPTS_LOG_REPEATS_PER_MIN": (1, 1_000_000),
    "RECEIPTS_HOOK_KEEP_MAX": (1, 100_000_000),
    "QUICKBLOX_LIST_MAX_IDS": (1, 200),
}
SWITCHES = ("RECEIPTS_HOOK_STREAM", "QUICKBLOX_COMMA_LISTS", "QUICKBLOX_BOTH_FLAGS")
PARTNERS = {
    "RECEIPTS_GATHER_MIN_S": {"RECEIPTS_GATHER_MAX_S": "3600"},
    "RECEIPTS_GATHER_MAX_S": {"RECEIPTS_GATHER_MIN_S": "0"},
    "RECEIPTS_GATHER_EDIT_MIN_S": {"RECEIPTS_GATHER_EDIT_MAX_S": "3600"},
    "RECEIPTS_GATHER_EDIT_MAX_S": {"RECEIPTS_GATHER_EDIT_MIN_S": "0"},
    "RECEIPTS_GATHER_DELIVERED_MIN_S": {"RECEIPTS_GATHER_DELIVERED_MAX_S": "3600"},
    "RECEIPTS_GATHER_DELIVERED_MAX_S": {"RECEIPTS_GATHER_DELIVERED_MIN_S": "0"},
    "RECEIPTS_BACKOFF_BASE_S": {"RECEIPTS_BACKOFF_CAP_S": "3600"},
    "RECEIPTS_BACKOFF_CAP_S": {"RECEIPTS_BACKOFF_BASE_S": "0.01"},
}
"""What must be given besides so that a variable can reach both of its bounds."""
TEXTS = {
    "RECEIPTS_LOG_LEVEL": ["LOUD", "20"],
    "RECEIPTS_LOG_FORMAT": ["xml", "JSON"],
    "RECEIPTS_HEALTH_DIR": ["relative/path"],
    "RECEIPTS_HOOK_TASK": ["a b", "x" * 201, "schl\u00fcssel", "receipts.sync", "receipts"],
    "RECEIPTS_HOOK_QUEUE": ["a b", "x" * 201, "receipts.sync", "receipts"],
    "SENTRY_ENVIRONMENT": ["a b", "a/b", "x" * 65, "None", "a\nb"],
    "SENTRY_RELEASE": ["a/b", "a\\b", "x" * 201, "..", " ", "a\nb"],
    "QUICKBLOX_ENDPOINT": ["api.quickblox.com", "ftp://api.quickblox.com", "https://", "https://h?", "https://h#x"],
    "REDIS_URL": ["localhost:6379", "http://localhost", "redis://", "redis://h:0", "redis://h:65536", "unix://"],
    "CELERY_BROKER_URL": ["localhost", "kafka://h", "amqp://", "redis+socket://"],
    "RECEIPTS_APPLICATIONS": ["Shop", "a b", "a,,b", "a,", "x" * 33, "a,a", "a_b", "x,x-file"],
    "RECEIPTS_SCHEDULE_FILE": ["/nowhere/schedule.json"],
    "REDIS_CA_FILE": ["/nowhere/ca.pem", __file__],
    "CELERY_BROKER_CA_FILE": ["/nowhere/ca.pem", __file__],
    "QUICKBLOX_CA_FILE": ["/nowhere/ca.pem", __file__],
    "RECEIPTS_APPLICATIONS_FILE": ["/nowhere/applications.toml"],
}
HEADER = ["with space", "schlüssel", "tab\t", "line\n"]
SECRETS = {
    "QUICKBLOX_API_KEY": HEADER,
    "QUICKBLOX_APPLICATION_ID": ["one", "-1", "1.5", "1" * 20, "\u0661"],
    "QUICKBLOX_AUTH_KEY": HEADER,
    "QUICKBLOX_AUTH_SECRET": HEADER,
    "QUICKBLOX_LOGIN": ["two\nlines", "tab\t"],
    "QUICKBLOX_PASSWORD": ["two\nlines", "nul\x00"],
    "SENTRY_DSN": ["x", "https://h/1"],
    "RECEIPTS_TOKEN_KEYS": ["short", "A" * 43, "!" * 44, f"{'A' * 43}=,{'A' * 43}=", f"{'A' * 43}=,short"],
}
RATE = {
    "QUICKBLOX_RATE_PER_S": ["-1", "0.5", "nan", "inf", "fast"],
    "QUICKBLOX_PLAN_CALLS_PER_S": ["-1", "9.9", "nan", "inf", "fast"],
    "QUICKBLOX_SHARE_LEFT": ["-0.1", "0.91", "1", "nan", "10%"],
    "RECEIPTS_RETRY_SHARE": ["0", "-1", "1.5", "nan", "much"],
    "SENTRY_TRACES_SAMPLE_RATE": ["-0.1", "1.1", "nan", "all"],
}


def test_every_variable_is_tried_here() -> None:
    tried = {*SECONDS, *COUNTS, *SWITCHES, *TEXTS, *SECRETS, *RATE}
    assert tried == {variable.name for model in (Settings, Application) for _, variable in variables(model)}


def expected_of(name: str) -> str:
    documented = {variable.name: variable for model in (Settings, Application) for _, variable in variables(model)}
    return documented[name].expected


def bad_seconds() -> list[tuple[str, str]]:
    words = ("nan", "inf", "-inf", "ten", "1,5", "1e999")
    return [(name, text) for name, (least, most) in SECONDS.items() for text in (*words, str(least - 1), f"{most}.01")]


def bad_counts() -> list[tuple[str, str]]:
    words = ("nan", "inf", "few", "1.5")
    return [(name, text) for name, (least, most) in COUNTS.items() for text in (*words, str(least - 1), str(most + 1))]


def bad_texts() -> list[tuple[str, str]]:
    return [(name, text) for name, texts in (TEXTS | RATE).items() for text in texts]


def bad_switches() -> list[tuple[str, str]]:
    return [(name, text) for name in SWITCHES for text in ("maybe", "2", "None")]


@pytest.mark.parametrize(("name", "text"), bad_seconds() + bad_counts() + bad_texts() + bad_switches())
def test_a_bad_value_is_reported_with_variable_value_and_expectation(name: str, text: str) -> None:
    fault = fault_of({name: text})
    assert fault.variable == name
    assert fault.value.startswith(repr(text[:60]))
    documented = "a file that can be read" if name == "RECEIPTS_SCHEDULE_FILE" else expected_of(name)
    assert fault.expected.startswith(documented)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SECRETS.items() for text in texts])
def test_a_bad_secret_is_reported_without_its_value(name: str, text: str) -> None:
    fault = fault_of((SERVICE_SESSION if name in SERVICE_SESSION else {}) | {name: text})
    assert (fault.variable, fault.value) == (name, "********")
    assert fault.expected.startswith(expected_of(name))


@pytest.mark.parametrize("name", [*SECONDS, *COUNTS])
def test_both_bounds_that_are_documented_can_be_given(name: str) -> None:
    for bound in (SECONDS | COUNTS)[name]:
        load({name: str(bound), **PARTNERS.get(name, {})})


@pytest.mark.parametrize("name", [*SECONDS, *COUNTS])
def test_the_documented_bounds_are_the_bounds(name: str) -> None:
    least, most = (SECONDS | COUNTS)[name]
    assert expected_of(name).endswith(f" from {least} to {most}")


@pytest.mark.parametrize("text", ["0", "1", "1.5", "500"])
def test_a_rate_is_none_or_at_least_one(text: str) -> None:
    assert load({"QUICKBLOX_RATE_PER_S": text}).application("default").rate_per_s == float(text)


@pytest.mark.parametrize(
    ("plan", "share", "rate_per_s"),
    [("80", "0.1", 72), ("160", "0.1", 144), ("120", "0", 120), ("10", "0.9", 1), ("0", "0.5", 0)],
)
def test_a_share_of_the_plan_is_left_to_the_application(plan: str, share: str, rate_per_s: float) -> None:
    given = {"QUICKBLOX_PLAN_CALLS_PER_S": plan, "QUICKBLOX_SHARE_LEFT": share}
    assert load(given).application("default").rate_per_s == pytest.approx(rate_per_s)
    assert load({**given, "QUICKBLOX_RATE_PER_S": "7"}).application("default").rate_per_s == 7


def test_the_least_plan_with_the_greatest_share_leaves_a_call() -> None:
    assert (
        load({"QUICKBLOX_PLAN_CALLS_PER_S": "10", "QUICKBLOX_SHARE_LEFT": "0.9"}).application("default").rate_per_s >= 1
    )


def test_gathering_cannot_end_before_it_begins() -> None:
    fault = fault_of({"RECEIPTS_GATHER_MIN_S": "5", "RECEIPTS_GATHER_MAX_S": "4"})
    assert str(fault) == (
        "RECEIPTS_GATHER_MAX_S is '4'; expected seconds from 0 to 3600 (it is below RECEIPTS_GATHER_MIN_S, which is 5)"
    )


def test_a_default_that_no_longer_fits_is_shown_as_the_default() -> None:
    fault = fault_of({"RECEIPTS_BACKOFF_BASE_S": "600"})
    assert (fault.variable, fault.value) == ("RECEIPTS_BACKOFF_CAP_S", "300 (default)")


def test_edits_and_delivereds_gather_as_reads_do_unless_they_are_told_otherwise() -> None:
    settings = load(
        {"RECEIPTS_GATHER_MIN_S": "1", "RECEIPTS_GATHER_MAX_S": "3", "RECEIPTS_GATHER_DELIVERED_MAX_S": "9"}
    )
    assert (settings.gather_edit_min_s, settings.gather_edit_max_s) == (1, 3)
    assert (settings.gather_delivered_min_s, settings.gather_delivered_max_s) == (1, 9)


def test_a_kind_of_its_own_cannot_end_before_it_begins_either() -> None:
    fault = fault_of({"RECEIPTS_GATHER_EDIT_MAX_S": "1", "RECEIPTS_GATHER_MIN_S": "2"})
    assert str(fault) == (
        "RECEIPTS_GATHER_EDIT_MAX_S is '1'; expected seconds from 0 to 3600 "
        "(it is below RECEIPTS_GATHER_EDIT_MIN_S, which is 2)"
    )


def test_equal_ends_fit() -> None:
    assert load({"RECEIPTS_GATHER_MIN_S": "2"}).gather_min_s == 2
