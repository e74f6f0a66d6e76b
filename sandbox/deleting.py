"""What becomes of ids that are to be deleted, and how the API says it."""

from collections import defaultdict
from enum import Enum

from sandbox.answers import EMPTY, Answer, json_answer
from sandbox.errors import forbidden, not_found


class Fate(Enum):
    """What became of one id; the values are the API's words [A]."""

    DELETED = "SuccessfullyDeleted"
    NOT_FOUND = "NotFound"
    WRONG_PERMISSIONS = "WrongPermissions"


class Deletion:
    """One DELETE: its ids and their fates."""

    def __init__(self) -> None:
        self._ids: defaultdict[Fate, list[str]] = defaultdict(list)

    def note(self, one: str, fate: Fate) -> None:
        """Remember what became of an id."""
        self._ids[fate].append(one)

    def answer(self) -> Answer:
        """Return the answer: ids by fate where there are several [A]; for one an empty body [A], 403 or 404 [C]."""
        if sum(map(len, self._ids.values())) > 1:
            return json_answer({fate.value: {"ids": self._ids[fate]} for fate in Fate if fate in self._ids})
        if Fate.NOT_FOUND in self._ids:
            raise not_found()
        if Fate.WRONG_PERMISSIONS in self._ids:
            raise forbidden()
        return EMPTY
