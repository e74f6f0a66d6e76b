"""Receipts at random, that meet in few slots, and ends that a claim can have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt
from tests.histories import LATER_MS
from worker.ledger import Again, Back, Dead
from worker.plan import Limits

DIALOGS = ("a" * 24, "b" * 24)
MESSAGES = [f"{n:024x}" for n in range(11)]  # more than there is room for names
API_KEY, FIRST, SECOND, NOBODYS = (
    {"user_id": 1},
    {"user_id": 2, "token": "first"},
    {"user_id": 2, "token": "second"},
    {"token": "nobodys"},
)
# More than are remembered as refused.
LOGINS = [{"user_id": 2, "token": f"login-{n}"} for n in range(12)]
Actors = Sequence[dict[str, Any]]


def marks(dialogs: Sequence[str], messages: Sequence[str], actors: Actors) -> st.SearchStrategy[Receipt]:
    """Marks of whole dialogs, named or not, and of single messages."""
    ids = st.sampled_from(messages)
    which: st.SearchStrategy[dict[str, Any]] = st.one_of(
        st.just({}),
        ids.map(lambda id_: {"up_to": id_}),
        ids.map(lambda id_: {"up_to": id_}),
        st.lists(ids, min_size=1, max_size=5).map(lambda listed: {"message_ids": listed}),
    )
    return st.builds(
        lambda kind, dialog_id, actor, only: kind(dialog_id=dialog_id, **actor, **only),
        st.sampled_from([MarkRead, MarkDelivered]),
        st.sampled_from(dialogs),
        st.sampled_from(actors),
        which,
    )


def edits(messages: Sequence[str], actors: Actors) -> st.SearchStrategy[Receipt]:
    """Edits with few texts and revisions, so that equal ones meet."""
    return st.builds(
        lambda message_id, text, revision, actor: EditMessage(
            dialog_id=DIALOGS[0], message_id=message_id, text=text, revision=revision, **actor
        ),
        st.sampled_from(messages),
        st.sampled_from(["x", "y", "ü\n"]),
        st.integers(0, 6),
        st.sampled_from(actors),
    )


AGAINS = st.builds(
    lambda delay_ms, costs, list_limit, wants_token, took_ms: Again(
        "refused", "unavailable", delay_ms, costs, list_limit=list_limit, wants_token=wants_token, took_ms=took_ms
    ),
    st.sampled_from([0, LATER_MS]),
    st.booleans(),
    st.sampled_from([None, 1, 2]),
    st.booleans(),
    st.sampled_from([None, 5]),
)
REFUSED = Again("the session token was refused", "unauthorized", wants_token=True)
ENDINGS = st.sampled_from(["done", "dead", Dead("unreadable", ""), Back("closing"), REFUSED]) | AGAINS
LIMITS = st.builds(Limits, list_max_ids=st.sampled_from([1, 2, 50]), both_flags=st.booleans())

# Most histories are of one slot, where receipts meet most often, or of one session's slots, which wait for its tokens
# together; the others see that slots leave each other alone.
_OF_ONE_SLOT = (
    marks(DIALOGS[:1], MESSAGES[:3], [API_KEY]),
    marks(DIALOGS[:1], MESSAGES, [FIRST, SECOND]),
    edits(MESSAGES[:1], [API_KEY]),
    edits(MESSAGES[:1], [FIRST, SECOND, NOBODYS]),
)
_OF_A_SESSION = st.one_of(marks(DIALOGS, MESSAGES[:2], LOGINS), edits(MESSAGES[:2], [*LOGINS, API_KEY]))
_OF_ALL = st.one_of(
    marks(DIALOGS, MESSAGES, [API_KEY, FIRST, SECOND, NOBODYS]), edits(MESSAGES[:2], [API_KEY, FIRST, SECOND, NOBODYS])
)

# Which receipts a history is made of.
RECEIPTS = st.sampled_from([*_OF_ONE_SLOT, _OF_A_SESSION, _OF_A_SESSION, _OF_ALL])
