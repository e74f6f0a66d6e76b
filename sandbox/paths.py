"""The paths of the chat API. They end in `.json`: without it the server has answered XML [B], the sandbox says 404."""

import re
from collections.abc import Callable

from sandbox.answers import Answer
from sandbox.asked import Asked
from sandbox.dialogs import DialogCalls
from sandbox.errors import not_found
from sandbox.messages import MessageCalls
from sandbox.world import World

ONE = re.compile(r"/chat/(Message|Dialog)/([^/]*)\.json\Z")

Handler = Callable[[Asked], Answer]


class Paths:
    """Finds the handler of a call."""

    def __init__(self, world: World) -> None:
        messages, dialogs = MessageCalls(world), DialogCalls(world)
        self._fixed: dict[tuple[str, str], Handler] = {
            ("GET", "/chat/Message.json"): messages.page,
            ("PUT", "/chat/Message.json"): messages.update_all,
            ("POST", "/chat/Message.json"): messages.create,
            ("GET", "/chat/Message/unread.json"): messages.unread,
            ("GET", "/chat/Dialog.json"): dialogs.page,
            ("POST", "/chat/Dialog.json"): dialogs.create,
        }
        self._of_one: dict[tuple[str, str], Handler] = {
            ("GET", "Message"): messages.show,
            ("PUT", "Message"): messages.update,
            ("DELETE", "Message"): messages.delete,
            ("GET", "Dialog"): dialogs.show,
            ("PUT", "Dialog"): dialogs.update,
            ("DELETE", "Dialog"): dialogs.delete,
        }

    def known(self) -> list[tuple[str, str]]:
        """Return method and path of all calls; `{ids}` stands for what the path names."""
        return [*self._fixed, *((method, f"/chat/{kind}/{{ids}}.json") for method, kind in self._of_one)]

    def methods(self, path: str) -> set[str]:
        """Return the methods that a path knows; none for a path that is not imitated."""
        fixed = {method for method, known in self._fixed if known == path}
        one = ONE.match(path)
        return fixed or {method for method, kind in self._of_one if one and kind == one[1]}

    def find(self, method: str, path: str) -> tuple[Handler, str]:
        """Return the handler and the ids that the path names ("" for none).

        Raises:
            ApiError: 404 for everything that is not imitated.
        """
        handler = self._fixed.get((method, path))
        if handler is not None:
            return handler, ""
        one = ONE.match(path)
        handler = self._of_one.get((method, one[1])) if one else None
        if one is None or handler is None:
            raise not_found()
        return handler, one[2]
