"""The chat as it must stand, against the chat as it stands. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExpectedMessage:
    """How a message must stand.

    Attributes:
        dialog: Where it was said.
        text: Of its highest revision.
        read_by: Exactly these users, the sender among them.
        delivered_to: The same for delivered.
    """

    dialog: str
    text: str
    read_by: frozenset[int]
    delivered_to: frozenset[int]


Pair = tuple[ExpectedMessage, Document]


def missing_messages(expected: Mapping[str, ExpectedMessage], documents: Iterable[Document]) -> list[str]:
    """Messages that the chat has lost, and those that it should not have."""
    found = {str(document["_id"]) for document in documents}
    return [
        *(f"message {one}: it has gone" for one in sorted(expected.keys() - found)),
        *(f"message {one}: nobody has written it" for one in sorted(found - expected.keys())),
    ]


def wrong_texts(expected: Mapping[str, ExpectedMessage], documents: Iterable[Document]) -> list[str]:
    """Messages whose text is not that of their highest revision."""
    return [
        f"dialog {wanted.dialog}, message {document['_id']}: expected {wanted.text!r}, found {document['message']!r}"
        for wanted, document in _pairs(expected, documents)
        if document["message"] != wanted.text
    ]


def missing_marks(expected: Mapping[str, ExpectedMessage], documents: Iterable[Document]) -> list[str]:
    """Users who do not stand on a message as they should, one line for each user of a dialog."""
    return _marks(expected, documents, lambda wanted, found: wanted - found, "not marked {kind} by")


def surplus_marks(expected: Mapping[str, ExpectedMessage], documents: Iterable[Document]) -> list[str]:
    """Users who stand on a message and should not, one line for each user of a dialog."""
    return _marks(expected, documents, lambda wanted, found: found - wanted, "wrongly marked {kind} by")


def _marks(
    expected: Mapping[str, ExpectedMessage],
    documents: Iterable[Document],
    fault: Callable[[frozenset[int], frozenset[int]], frozenset[int]],
    words: str,
) -> list[str]:
    messages: defaultdict[tuple[str, str, int], list[str]] = defaultdict(list)
    for wanted, document in _pairs(expected, documents):
        for kind, users, field in (
            ("read", wanted.read_by, "read_ids"),
            ("delivered", wanted.delivered_to, "delivered_ids"),
        ):
            for user in sorted(fault(users, frozenset(document[field]))):
                messages[kind, wanted.dialog, user].append(str(document["_id"]))
    return [
        f"dialog {dialog}: {words.format(kind=kind)} user {user}: {len(ids)} message(s), the first {ids[0]}"
        for (kind, dialog, user), ids in messages.items()
    ]


def _pairs(expected: Mapping[str, ExpectedMessage], documents: Iterable[Document]) -> Iterator[Pair]:
    return ((expected[document["_id"]], document) for document in documents if document["_id"] in expected)
