"""The law as Redis runs it: Lua 5.1, one state, a clock that is handed in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from lupa import lua51

START_MS = 1_764_000_000_000  # a whole number of the law's quarters of a second
_LUA = Path(__file__).parents[2] / "worker" / "ledger" / "lua"
LAW = "".join((_LUA / f"{part}.lua").read_text(encoding="utf-8") for part in ("law", "breaker", "retries"))

# One crossing between the languages instead of five: virtual hours are made of them.
_LOOK = """
  function(law)
    return function(st, cap, now)
      return law.held_ms(st, now), law.limit(st, cap), law.tokens(st, cap, now), law.token_wait_ms(st, cap, now),
        st.open ~= nil
    end
  end
"""


class Sight(NamedTuple):
    """How things stand at a moment.

    Attributes:
        held_ms: How long nothing may be claimed.
        limit: What is taken for the API's limit, in calls a second; infinite where there is none.
        tokens: What the bucket holds.
        token_wait_ms: How long until it holds one.
        is_open: Whether the breaker is.
    """

    held_ms: int
    limit: float
    tokens: float
    token_wait_ms: int
    is_open: bool


class Law:
    """One application's pace.

    Args:
        cap: The configured rate in calls a second; 0 for none.
        retry_share: How many retries each first attempt earns.
        calls_min: Fewest calls in the breaker's window for it to open.
        text: The law; another one for tests of the tests.

    Every time is in whole ms. The law is told times of today's size: at 0 a first cut would look like a recent one.
    """

    def __init__(self, cap: float, retry_share: float = 0.2, calls_min: int = 20, text: str = "") -> None:
        lua = lua51.LuaRuntime(unpack_returned_tuples=True)
        self._law: Any = lua.execute((text or LAW) + "\nreturn law")
        self._look: Any = lua.eval(_LOOK)(self._law)
        self.state: Any = lua.table()
        self.cap, self._share, self._calls_min = cap or math.inf, retry_share, calls_min

    @property
    def opened_ms(self) -> int | None:
        """Since when the breaker is open; None while it is not."""
        opened = self.state.open
        return None if opened is None else int(opened) - START_MS

    def look(self, now: int) -> Sight:
        """How things stand now."""
        held_ms, limit, tokens, token_wait_ms, is_open = self._look(self.state, self.cap, START_MS + now)
        return Sight(math.ceil(held_ms), float(limit), float(tokens), int(token_wait_ms), bool(is_open))

    def retries(self, now: int) -> float:
        """What the retry budget holds."""
        return float(self._law.retries(self.state, self.cap, START_MS + now, self._share))

    def retry_wait_ms(self, nth: int) -> int:
        """When the nth retry from now on will have come."""
        return int(self._law.retry_wait_ms(self.state, self.cap, self._share, nth))

    def claimed(self, now: int, firsts: int, retries: int, lease_ms: int) -> None:
        """So many calls have been claimed, first attempts and others."""
        self._law.spend(self.state, self.cap, START_MS + now, firsts + retries)
        self._law.take_retries(self.state, self.cap, START_MS + now, self._share, firsts, retries)
        self._law.probing(self.state, START_MS + now, lease_ms)

    def press(self, now: int) -> None:
        """More was due than the limit allowed."""
        self._law.press(self.state, self.cap, START_MS + now)

    def answer(
        self,
        now: int,
        verdict: str,
        claimed_ms: int,
        asked_ms: int = 0,
        *,
        attempts: int = 0,
        by_key: bool = True,
    ) -> str | None:
        """A call claimed at `claimed_ms` was answered; answers the breaker's event, if there is one."""
        event = self._law.answer(
            self.state,
            self.cap,
            START_MS + now,
            verdict,
            START_MS + claimed_ms,
            asked_ms,
            by_key,
            self._calls_min,
        )
        if verdict == "sent" and attempts:
            self._law.give_retry(self.state, self.cap, START_MS + now, self._share)
        return None if event is None else str(event)
