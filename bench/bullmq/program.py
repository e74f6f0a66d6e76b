"""A Node program of this directory: commands to its stdin, answers from its stdout."""

import json
import subprocess
from types import TracebackType
from typing import Any, Self

from bench.bullmq.installation import HERE, node

_ENDS_WITHIN_S = 10.0


class Program:
    """Started when it is made, ended with its block.

    Args:
        name: Its file.
        arguments: Of its command line.

    Raises:
        bench.bullmq.installation.MissingError: There is no Node or no BullMQ on this machine.
    """

    def __init__(self, name: str, *arguments: str) -> None:
        self._name = name
        self._node = subprocess.Popen(
            [node(), name, *arguments], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One command; answers what it answers.

        Raises:
            RuntimeError: The program has ended; what it said went to our stderr.
        """
        words, answers = self._node.stdin, self._node.stdout
        assert words is not None and answers is not None  # noqa: S101, PT018 - asked for above
        words.write(json.dumps({"do": do, **arguments}) + "\n")
        words.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"{self._name} ended with status {self._node.wait()} when asked to {do}")
        return dict(json.loads(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._node.communicate(timeout=_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.communicate()
