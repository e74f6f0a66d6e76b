"""The policy: what the workers' settings say to the functions, stored beside the ledger so that producers need none."""

from __future__ import annotations

from settings import Application, Settings


def policy_of(settings: Settings, application: Application) -> dict[str, str]:
    """Fields of `rs:{app}:policy`; times in ms."""
    return {
        "gather_min_ms": _ms(settings.gather_min_s),
        "gather_max_ms": _ms(settings.gather_max_s),
        "gather_edit_min_ms": _ms(settings.gather_edit_min_s),
        "gather_edit_max_ms": _ms(settings.gather_edit_max_s),
        "gather_delivered_min_ms": _ms(settings.gather_delivered_min_s),
        "gather_delivered_max_ms": _ms(settings.gather_delivered_max_s),
        "remember_ms": _ms(settings.remember_s),
        "give_up_ms": _ms(settings.give_up_after_s),
        "token_life_ms": _ms(settings.token_life_s),
        "token_wait_ms": _ms(settings.token_wait_s),
        "lands_ms": _ms(application.lands_within_s),
        "crashes_max": str(settings.crashes_max),
        "rate_per_s": repr(float(application.rate_per_s)),
        "retry_share": repr(settings.retry_share),
        "has_key": str(int(application.api_key is not None)),
        "breaker_calls_min": str(settings.breaker_calls_min),
        "dead_keep_ms": _ms(settings.dead_keep_s),
        "dead_keep_max": str(settings.dead_keep_max),
        "notices_max": str(settings.hook_keep_max if settings.tells else 0),
    }


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))
