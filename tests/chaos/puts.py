"""The API's journal: every PUT it has seen, read in pages while the run goes on."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sandbox.client import Call, SandboxClient
from traffic.evidence import Accepted, accepted_put

_PREFIX = "/chat/Message"
# A call without an answer may be carried out after it has ended (faults.LANDS_AFTER_MS).
_LANDED_WITHIN_S = 4.0


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT.

    Attributes:
        said: what it says, as if it had been accepted; `said.arrived_s` is when it came, Unix seconds.
        ended_s: when its call ended, however.
        status: what was answered; None for no answer.
        applied: whether its meaning was carried out.
        port: where its caller connected: of the proxy, hence of the worker.
        applied_s: when it was carried out, where that was not at once.
    """

    said: Accepted
    ended_s: float
    status: int | None
    applied: bool
    port: int
    applied_s: float | None = None

    @property
    def landed_s(self) -> float:
        """When it was carried out, if it was."""
        return self.arrived_s if self.applied_s is None else self.applied_s

    @property
    def arrived_s(self) -> float:
        """When it came."""
        return self.said.arrived_s

    @property
    def accepted(self) -> bool:
        """Whether a 2xx was answered."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def slot(self) -> str:
        """The slot, by the ledger's name."""
        said = self.said
        return f"m:{said.dialog}:u{said.user}" if said.text is None else f"e:{said.dialog}:{said.message_ids[0]}"


def put_of(call: Call) -> Put:
    """A PUT of the sandbox's journal; its caller is known even where the API did not get so far as to ask."""
    said = accepted_put(call, json.loads(call.body))
    if not said.user:
        actor = int(call.headers.get("on-behalf-of", "0"))
        said = Accepted(said.arrived_s, said.dialog, actor, said.message_ids, said.read, said.delivered, said.text)
    assert call.ended is not None
    port = int(call.headers.get("host", ":0").rpartition(":")[2])
    return Put(said, call.ended, call.status, call.applied, port, call.applied_at)


class Puts:
    """What has been read so far.

    Attributes:
        read: the PUTs, in order of arrival.
        empty: calls whose body never came: cut on the way in, carried out by nobody.
    """

    def __init__(self, api: SandboxClient) -> None:
        self._api = api
        self._seen = 0
        self.read: list[Put] = []
        self.empty = 0

    def read_on(self) -> None:
        """Reads up to the first call that is still open, or may still land: both are part of the evidence."""
        for call in self._api.journal(self._seen):
            if call.ended is None or (call.status is None and time.time() - call.arrived < _LANDED_WITHIN_S):
                return
            assert call.seq == self._seen + 1, f"the sandbox's journal skips from {self._seen} to {call.seq}"
            self._seen = call.seq
            if call.method == "PUT" and call.path.startswith(_PREFIX):
                self._take(call)

    def read_all(self, timeout_s: float) -> None:
        """Reads to the end; nobody calls any more.

        Raises:
            TimeoutError: a call stays open.
        """
        deadline_s = time.monotonic() + timeout_s
        while self._api.journal(self._seen):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"a call is still open after {timeout_s} s")
            self.read_on()
            time.sleep(0.1)  # between two looks at the journal; bounded by timeout_s

    def _take(self, call: Call) -> None:
        if call.body:
            self.read.append(put_of(call))
        else:
            assert not call.applied
            self.empty += 1
