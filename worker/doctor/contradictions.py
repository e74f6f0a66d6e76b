"""Settings that contradict each other: each is allowed alone, and together they do not do what they seem to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from settings import Application, Settings
from settings.application import suffix_of
from settings.service_session import CREDENTIALS
from settings.variable import number_text
from worker.doctor.findings import Finding, ok, warning

_ABOUT = "settings"
# A call of so many seconds is nothing unusual; fewer calls side by side than this needs cannot reach the rate.
_USUAL_CALL_S = 0.1


def contradictions(settings: Settings) -> list[Finding]:
    """What the settings say against each other; one `ok` where there is nothing."""
    found = [*_of_service(settings), *_of_accounts(settings)]
    for application in settings.applications:
        found += _of_application(settings, application)
    return found or [ok(_ABOUT, "read, and nothing in them contradicts anything else")]


def _of_service(settings: Settings) -> Iterator[Finding]:
    if settings.remember_s < settings.gather_max_s:
        yield warning(
            _ABOUT,
            f"RECEIPTS_REMEMBER_S ({number_text(settings.remember_s)}) is below RECEIPTS_GATHER_MAX_S "
            f"({number_text(settings.gather_max_s)}): a slot is forgotten before it has waited out its last PUT",
            "raise RECEIPTS_REMEMBER_S; a day is usual",
        )
    if settings.backoff_cap_s > settings.give_up_after_s:
        yield warning(
            _ABOUT,
            f"RECEIPTS_BACKOFF_CAP_S ({number_text(settings.backoff_cap_s)}) is above RECEIPTS_GIVE_UP_AFTER_S "
            f"({number_text(settings.give_up_after_s)}): receipts can die after a single wait",
            "lower RECEIPTS_BACKOFF_CAP_S or raise RECEIPTS_GIVE_UP_AFTER_S",
        )


def _of_accounts(settings: Settings) -> Iterator[Finding]:
    """One account counts the calls of all who use it."""
    keys = Counter((each.endpoint, each.api_key.get_secret_value()) for each in settings.applications if each.api_key)
    for (endpoint, key), n in keys.items():
        if n == 1:
            continue
        names = [
            each.name
            for each in settings.applications
            if each.api_key and (each.endpoint, each.api_key.get_secret_value()) == (endpoint, key)
        ]
        yield warning(
            _ABOUT,
            f"{', '.join(names)} send with the same API key to the same endpoint: one account's plan counts both",
            "make them one application, or divide the plan's calls between them (QUICKBLOX_PLAN_CALLS_PER_S)",
        )


def _of_application(settings: Settings, application: Application) -> Iterator[Finding]:
    name, suffix, rate = application.name, suffix_of(application.name), application.rate_per_s
    given = dict(application.origins)
    has_session = all(getattr(application, each) for each in CREDENTIALS)
    if application.api_key is None and not has_session:
        yield warning(
            _ABOUT,
            "there is neither an API key nor a service session: only receipts that bring a session token can be sent",
            f"set QUICKBLOX_API_KEY{suffix}, or the five of a service session (docs/sessions.md)",
            name,
        )
    if application.api_key is not None and has_session:
        yield warning(
            _ABOUT,
            "there are an API key and a service session: the key wins, and nobody logs in",
            f"unset QUICKBLOX_LOGIN{suffix} and the four beside it, or the key",
            name,
        )
    if application.plan_calls_per_s and (rate == 0 or rate > application.plan_calls_per_s):
        yield warning(
            _ABOUT,
            f"the rate ({number_text(rate) + ' calls/s' if rate else 'no limit'}) is above the plan "
            f"({number_text(application.plan_calls_per_s)}): the API will throttle, the application's own calls too",
            f"lower or unset QUICKBLOX_RATE_PER_S{suffix}, or say the right QUICKBLOX_PLAN_CALLS_PER_S{suffix}",
            name,
        )
    elif (
        "share_left" in given
        and "rate_per_s" in given
        and rate > application.plan_calls_per_s * (1 - application.share_left) > 0
    ):
        yield warning(
            _ABOUT,
            f"the rate ({number_text(rate)} calls/s) takes of what QUICKBLOX_SHARE_LEFT leaves to the application",
            f"unset QUICKBLOX_RATE_PER_S{suffix}: the rate then follows from plan and share",
            name,
        )
    at_once = settings.syncs_max * settings.connections
    if rate and at_once < rate * _USUAL_CALL_S:
        yield warning(
            _ABOUT,
            f"{at_once} calls at once (RECEIPTS_SYNCS_MAX times RECEIPTS_CONNECTIONS) cannot reach {number_text(rate)} "
            f"calls/s where each takes {1000 * _USUAL_CALL_S:.0f} ms",
            "raise RECEIPTS_CONNECTIONS",
            name,
        )
