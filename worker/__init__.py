"""The worker: how a receipt travels, what may happen twice, what cannot be lost.

A web app records a receipt: one Lua script joins it into its slot's pending half, in Redis (receipt_sync/lua). From
then on it is the worker's. The slot gathers until it is due. A ticker in every worker (ticker.py) sees that something
is due, reaps what dead workers left behind, and rings: a Celery message without content, at most as many as the
ledger permits. A sync task (sync.py) answers it: it claims due slots - pending becomes in flight, under a lease and a
generation -, plans the PUT (plan.py), sends it (chat_api.py), reads the answer as one of five verdicts (verdicts.py),
acts on it (acting.py) and settles: done, again later, or dead. A sync that lasts does so for every application, each
over connections of its own (flights.py), so that none waits for another's calls. One that has sent all there was may
stay for what comes next (staying.py), which needs no doorbell then.

What may happen twice: a PUT. A worker that dies between PUT and settle leaves a lease; it runs out, the slot is
joined back and sent again. Marks and edits may be repeated without harm. Doorbells may double, be late or be lost:
they carry nothing.

What cannot be lost: a receipt whose recording has returned. It leaves its slot by a settle that follows an accepted
PUT sent after it was recorded, or by one that has put it among the dead letters, from where it can be replayed. A
receipt that arrives during its slot's flight waits in the pending half, which the settle does not touch. A late settle,
of a worker thought dead, carries an old generation and is ignored.

What is not promised: an API that applies a PUT long after it was given up can bring an old text back; within
`QUICKBLOX_LANDS_WITHIN_S` a later text waits. A Redis that loses its last second of writes loses the receipts of
that second.

Rooms: `ledger/` the door to Redis; `contract.py` names that others use; `runtime.py` what one process holds;
`service_session.py` sending without an API key, through a session that `login.py` opens and `session_store.py` shares;
`guard/`, `admission.py` and `quarantine.py` what of the broker's messages is taken; `app.py` Celery's options and the
only effects at import; `lifecycle.py` how it ends, `holdings.py` what a lost process had in flight, and
`dead_watches.py` what Celery must not look at; `health/` who finds out that it is stuck; `logs/` every event that is
told, and how its line looks; `events.py`, `task_events.py` and `flower/` what Flower is told, and who may look;
`sentry.py`, `private_events.py`, `put_trace.py`, `alerts.py` and `deaths.py` what Sentry is told; `metrics/` what
Prometheus asks; `commands/` what operators can do, `letters.py` with
dead letters; `doctor/` what is looked at, `shadow/` what would be saved.
"""
