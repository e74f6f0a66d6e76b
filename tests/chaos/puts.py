"""The API's journal: every PUT it has seen, read in pages while the run goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox.client import Call, SandboxClient
from traffic.evidence import Accepted, accepted_put

_PREFIX = "/chat/Message"


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT.

    Attributes:
        said: what it says, as if it had been accepted; `said.arrived_s` is when it came, Unix seconds.
        ended_s: when its call ended, however.
        status: what was answered; None for no answer.
        applied: whether its meaning was carried out.
        port: where its caller connected: of the proxy, hence of the worker.
    """

    said: Accepted
    ended_s: float
    status: int | None
    applied: bool
    port: int

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
    return Put(said, call.ended, call.status, call.applied, port)


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
        """Reads up to the first call that is still open: how it ends is part of the evidence."""
        for call in self._api.journal(self._seen):
            if call.ended is None:
                return
            assert call.seq == self._seen + 1, f"the sandbox's journal skips from {self._seen} to {call.seq}"
            self._seen = call.seq
            if call.method == "PUT" and call.path.startswith(_PREFIX):
                self._take(call)

    def _take(self, call: Call) -> None:
        if call.body:
            self.read.append(put_of(call))
        else:
            assert not call.applied
            self.empty += 1
