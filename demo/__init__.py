"""The main job, run for real on this machine: `make demo`.

**The stage** (`stage`): a Redis with its data on disk, the chat API's sandbox with the rate of a plan of 160 calls per
second, and worker, beat and Flower by the Procfile's own commands.

**The play** (`scenario`, `play`): fifty minutes of a busy chat in fifty seconds, sixty times as fast as people talk.
Producers record its 30,000 receipts through `ReceiptQueue` at the moments at which they arrive; beside them a job of
beat records through the broker's door. **The weather** (`weather`) turns bad on the way: answers of 503, a throttled
API, connections that are reset after the call was carried out, an outage. `progress` shows all of it while it happens.

**The check** (`performance`, `verify`): when everything is covered, the sandbox is asked how its chat looks now, and
which calls it saw. Nothing of that comes from the service under test, only its accounts do (`accounts`). `chat_state`
compares every message with what the play must have made of it, `puts` reads the calls, `waits` finds for each receipt
the PUT that covered it. `summary` tells the figures and what is wrong, if anything is.

The exit code is 0 if everything is as it should be, 1 if something is wrong or could not run, 2 if the run was refused
before it began, 130 after Ctrl-C. Whatever was started has ended by then.
"""
