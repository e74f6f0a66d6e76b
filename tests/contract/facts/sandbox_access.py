"""The sandbox as an application to be asked."""

from __future__ import annotations

from tests.contract.facts.access import Access
from worker.signing import Credentials

LOGINS = ("reader-of-facts", "sender@facts.example")
FAST = 10_000.0  # nobody else is at work there

# What the sandbox does otherwise on purpose.
DIFFERS = {
    "an_unknown_user_is_refused": "users named for the first time are created; `unknown_users` turns that",
    "without_its_ending_a_path_answers_xml": "404: a client that forgets the ending is to notice",
}
# What cannot be tried there.
UNTRIED = {
    "control_characters_break_a_dialog": "nowhere",
    "the_limit_is_counted_by_the_second": "nowhere",
    "marks_are_not_pushed": "it has no real-time side",
    "a_429_says_when_to_come_back": "it throttles when it is told to",
    "a_5xx_is_no_json": "it fails when it is told to",
}


def of_sandbox(url: str) -> Access:
    """Access to a sandbox with its documented credentials; logins that it has not seen become users."""
    reader, sender = (Credentials("1", "sandbox-auth-key", "sandbox-auth-secret", name, "secret") for name in LOGINS)
    return Access(url, None, reader, sender, "sandbox-api-key")
