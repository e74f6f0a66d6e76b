"""Everything that can be turned for the service as a whole: one frozen value, built once by `settings.load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from settings import addresses, health, logs
from settings.application import Application
from settings.connections import Connections
from settings.errors import UnknownApplicationError
from settings.hook import task_name
from settings.schedule import Job
from settings.sentry import environment_name, release_name
from settings.variable import Variable, count, number_text, seconds, seconds_like, switch

MONTH_S = 31 * 86_400
YEAR_S = 366 * 86_400
_NOT_ABOVE = {
    "gather_max_s": "gather_min_s",
    "gather_edit_max_s": "gather_edit_min_s",
    "gather_delivered_max_s": "gather_delivered_min_s",
    "backoff_cap_s": "backoff_base_s",
}


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(Connections):
    """The settings of one deployment. Durations are in seconds; what each field means stands in docs/settings.md."""

    applications: tuple[Application, ...] = Variable(
        "RECEIPTS_APPLICATIONS",
        "names joined by commas, each of 1 to 32 of a-z, 0-9 and '-'",
        "The QuickBlox applications that this deployment serves.",
        default_text="default",
        from_file=False,
    ).field((Application(),))
    applications_file: Path | None = Variable(
        "RECEIPTS_APPLICATIONS_FILE",
        "the path of a TOML file",
        "The QuickBlox applications with their settings, in place of RECEIPTS_APPLICATIONS; the format stands below.",
    ).field(None)

    gather_min_s: float = seconds(
        "RECEIPTS_GATHER_MIN_S", 0.0, "How long a slot gathers while the pace has room.", least=0, most=3600
    )
    gather_max_s: float = seconds(
        "RECEIPTS_GATHER_MAX_S",
        2.0,
        "How long a slot gathers when the pace runs short; not less than RECEIPTS_GATHER_MIN_S.",
        least=0,
        most=3600,
    )
    gather_edit_min_s: float = seconds_like(
        "RECEIPTS_GATHER_EDIT_MIN_S", "RECEIPTS_GATHER_MIN_S", "The same for edits.", least=0, most=3600
    )
    gather_edit_max_s: float = seconds_like(
        "RECEIPTS_GATHER_EDIT_MAX_S",
        "RECEIPTS_GATHER_MAX_S",
        "The same for edits; not less than RECEIPTS_GATHER_EDIT_MIN_S.",
        least=0,
        most=3600,
    )
    gather_delivered_min_s: float = seconds_like(
        "RECEIPTS_GATHER_DELIVERED_MIN_S",
        "RECEIPTS_GATHER_MIN_S",
        "The same while nothing but delivereds waits in the slot.",
        least=0,
        most=3600,
    )
    gather_delivered_max_s: float = seconds_like(
        "RECEIPTS_GATHER_DELIVERED_MAX_S",
        "RECEIPTS_GATHER_MAX_S",
        "The same while nothing but delivereds waits; not less than RECEIPTS_GATHER_DELIVERED_MIN_S.",
        least=0,
        most=3600,
    )
    give_up_after_s: float = seconds(
        "RECEIPTS_GIVE_UP_AFTER_S",
        86_400.0,
        "How long a slot is tried while the chat API is unavailable, before its receipts are dead.",
        least=0,
        most=MONTH_S,
    )
    backoff_base_s: float = seconds(
        "RECEIPTS_BACKOFF_BASE_S",
        1.0,
        "Upper end of the first retry's random delay; it doubles with each retry.",
        least=0.01,
        most=3600,
    )
    backoff_cap_s: float = seconds(
        "RECEIPTS_BACKOFF_CAP_S",
        300.0,
        "What that upper end never exceeds; not less than RECEIPTS_BACKOFF_BASE_S.",
        least=0.01,
        most=86_400,
    )
    retry_after_max_s: float = seconds(
        "RECEIPTS_RETRY_AFTER_MAX_S", 300.0, "The longest `Retry-After` that is honoured.", least=0, most=86_400
    )
    retry_share: float = Variable(
        "RECEIPTS_RETRY_SHARE",
        "a number from 0.01 to 1",
        "How many retries each first attempt earns: what failed is tried again with at most this share of the calls.",
    ).field(0.2, ge=0.01, le=1, allow_inf_nan=False)
    unauthorized_hold_s: float = seconds(
        "RECEIPTS_UNAUTHORIZED_HOLD_S",
        30.0,
        "How long an application whose API key was refused is held; also the pause before a slot is tried again that "
        "neither a key nor a token can be sent for.",
        least=0.1,
        most=86_400,
    )
    breaker_calls_min: int = count(
        "RECEIPTS_BREAKER_CALLS_MIN",
        20,
        "How many calls within ten seconds there have to be before their failures can open the breaker.",
        least=1,
        most=1_000_000,
    )
    token_wait_s: float = seconds(
        "RECEIPTS_TOKEN_WAIT_S",
        86_400.0,
        "How long a slot whose session token was refused waits for another one, before its receipts are dead.",
        least=0,
        most=MONTH_S,
    )
    token_life_s: float = seconds(
        "RECEIPTS_TOKEN_LIFE_S",
        7200.0,
        "How long an actor's newest session token is kept for all of its slots, after the last receipt that brought "
        "it. A QuickBlox session lives two hours after its last request.",
        least=1,
        most=MONTH_S,
    )
    crashes_max: int = count(
        "RECEIPTS_CRASHES_MAX",
        5,
        "How many crashed workers a slot may outlive before its receipts are dead.",
        least=1,
        most=1000,
    )
    lease_margin_s: float = seconds(
        "RECEIPTS_LEASE_MARGIN_S", 5.0, "What a lease lasts beyond the longest request.", least=0.1, most=3600
    )
    remember_s: float = seconds(
        "RECEIPTS_REMEMBER_S", 86_400.0, "How long a slot with nothing waiting is remembered.", least=1, most=MONTH_S
    )
    dead_keep_s: float = seconds(
        "RECEIPTS_DEAD_KEEP_S",
        30 * 86_400.0,
        "How long a dead letter is kept, to be looked at and replayed.",
        least=60,
        most=YEAR_S,
    )
    dead_keep_max: int = count(
        "RECEIPTS_DEAD_KEEP_MAX",
        100_000,
        "How many dead letters of one application are kept; of more the oldest go.",
        least=1,
        most=10_000_000,
    )
    max_text_bytes: int = count(
        "RECEIPTS_MAX_TEXT_BYTES", 65_536, "The longest text of an edit, in bytes of UTF-8.", least=1, most=16_777_216
    )
    connections: int = count(
        "RECEIPTS_CONNECTIONS", 16, "Connections to the chat API of one worker process.", least=1, most=256
    )
    syncs_max: int = count(
        "RECEIPTS_SYNCS_MAX",
        2,
        "Sync tasks that run at once for one application, over all workers.",
        least=1,
        most=1024,
    )
    sync_time_s: float = seconds(
        "RECEIPTS_SYNC_TIME_S",
        10.0,
        "How long one sync task goes on while work is due; one of the only application waits for more, too.",
        least=0.1,
        most=3600,
    )
    permit_s: float = seconds(
        "RECEIPTS_PERMIT_S",
        3.0,
        "How long a doorbell that nobody answered is waited for before another is rung.",
        least=1,
        most=4,
    )
    shutdown_s: float = seconds(
        "RECEIPTS_SHUTDOWN_S",
        7.0,
        "How long after a shutdown's signal requests may last; then they are ended, and every slot is handed back.",
        least=0,
        most=3600,
    )
    schedule_file: Path | None = Variable(
        "RECEIPTS_SCHEDULE_FILE", "the path of a JSON file", "The jobs of beat; the format stands below."
    ).field(None)
    schedule: tuple[Job, ...] = Field((), exclude=True)  # a dump must not show arguments: texts, tokens

    hook_task: Annotated[str, AfterValidator(task_name)] | None = Variable(
        "RECEIPTS_HOOK_TASK",
        "the name of a Celery task, 1 to 200 characters without spaces",
        "The task of your own that is told when receipts were covered or died (docs/hooks.md).",
    ).field(None)
    hook_queue: Annotated[str, AfterValidator(task_name)] = Variable(
        "RECEIPTS_HOOK_QUEUE",
        "the name of a queue, 1 to 200 characters without spaces",
        "The queue of that task, on the broker of the doorbells.",
    ).field("celery")
    hook_stream: bool = switch(
        "RECEIPTS_HOOK_STREAM",
        "Whether notices are written where no task is named, for readers of the Redis stream.",
        default=False,
    )
    hook_keep_max: int = count(
        "RECEIPTS_HOOK_KEEP_MAX",
        100_000,
        "How many notices of one application wait for their readers; of more the oldest go, and are counted.",
        least=1,
        most=100_000_000,
    )

    sentry_dsn: Annotated[SecretStr, BeforeValidator(addresses.dsn)] | None = Variable(
        "SENTRY_DSN",
        "https://key@host/project",
        "Where Sentry takes errors; without it none are sent.",
        secrecy="secret",
    ).field(None)
    sentry_environment: Annotated[str, AfterValidator(environment_name)] = Variable(
        "SENTRY_ENVIRONMENT", "1 to 64 characters without spaces or '/'", "The environment that Sentry shows."
    ).field("production")
    sentry_release: Annotated[str, AfterValidator(release_name)] | None = Variable(
        "SENTRY_RELEASE", "1 to 200 characters without slash, backslash or line end", "The release that Sentry shows."
    ).field(None)
    sentry_traces_sample_rate: float = Variable(
        "SENTRY_TRACES_SAMPLE_RATE",
        "a number from 0 to 1",
        "The share of tasks and PUTs whose trace Sentry gets; 0: none, and no PUT is linked to its receipts' traces.",
    ).field(0.0, ge=0, le=1, allow_inf_nan=False)
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Variable(
        "RECEIPTS_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "The least severe log lines that are written."
    ).field("INFO")
    log_format: logs.Format = logs.FORMAT
    log_repeats_per_min: int = logs.REPEATS_PER_MIN
    health_dir: health.Directory | None = health.DIRECTORY
    stuck_after_s: float = health.STUCK_AFTER_S

    @field_validator(*_NOT_ABOVE)
    @classmethod
    def _not_below_its_partner(cls, value: float, info: ValidationInfo) -> float:
        # On the field, not on the model: a model's validator is silent while any other field has a fault.
        partner = _NOT_ABOVE[info.field_name or ""]
        least = info.data.get(partner, value)
        if value < least:
            name = "RECEIPTS_" + partner.upper()
            raise ValueError(f"it is below {name}, which is {number_text(least)}")
        return value

    @property
    def tells(self) -> bool:
        """Whether somebody is told what became of receipts."""
        return self.hook_stream or self.hook_task is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the applications, in the order they were given."""
        return tuple(application.name for application in self.applications)

    def application(self, name: str) -> Application:
        """The application of this name.

        Raises:
            UnknownApplicationError: A `KeyError`; no application has this name.
        """
        for application in self.applications:
            if application.name == name:
                return application
        raise UnknownApplicationError(name, self.names)

    def lease_s(self, application: Application) -> float:
        """How long a claimed slot of this application is left alone before others may take it back, in seconds.

        The longest request (connecting and waiting for the answer) and a margin. The timeouts of `requests` begin anew
        with every address of the host and with every piece of the answer; a worker that lives extends its leases.
        """
        return application.connect_timeout_s + application.read_timeout_s + self.lease_margin_s
