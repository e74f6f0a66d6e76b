"""The pace's law over hours of virtual time: the Lua text that Redis runs (law, breaker and retries.lua), by lupa.

Around it stands what the ledger and the world would be: the window and the due slots (`ledger`), workers that ask and
send (`fleet`), and the API as the sandbox misbehaves (`sandbox.faults`), with a limit that changes unannounced. Time is
a number in milliseconds; nothing sleeps. `python -m tests.law PATH` draws one such story: docs/pace.svg.
"""
