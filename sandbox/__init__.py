"""The chat API, small, faithful, and misbehaving on demand: a real HTTP server to build and test against.

How a call travels:

1. It is **journalled at arrival** (`journal`), so that a call which never gets an answer is visible all the same.
2. Its **fate** is drawn (`faults`): served, throttled, turned away by the front server, hung, or reset. Faults touch
   the chat API alone, never `/_sandbox/`.
3. Its **caller** is found (`auth`, `sessions`, `users`): a session token, or the API key on behalf of a user.
4. Its **meaning** is carried out (`messages`, `dialogs`) on the **world** (`world`, `records`): pure state, no I/O.
   Every check comes before the first change, so a call that is refused has changed nothing. Calls on the caller's own
   session are `session_calls`'.
5. The **answer** leaves in the documented form (`answers`, `errors`), and the journal notes how it ended.

Marks of a whole dialog are kept as "read up to position n", not message by message, so that their cost does not grow
with the dialog.

`control` turns the sandbox over HTTP: faults, world, sessions, journal, counts. `client` is its Python side, for tests
and the demo; it imports nothing of the server. `server` and `protocol` bind uvicorn: `protocol` hands the TCP transport
to the application, which needs it to reset connections.

Docstrings mark how surely a fact about the real API is known: [A] current documentation, [B] older documentation, its
makers' own code or raw logs, [C] inference, [?] not found. What is [C] or [?] and changes what a client must do is a
field of `faults.Faults`; elsewhere the docstring of the place that decides it says so. Not imitated: real-time
delivery, attachments, push notifications, and the `PATCH` calls, whose paths are not known.
"""
