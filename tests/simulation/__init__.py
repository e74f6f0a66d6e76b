"""The simulator: the whole protocol under one seed, with a virtual clock and a fault at every step.

Producers record, workers tick, ring, claim, send and settle. What decides is real: the Lua functions on a real Redis,
`Ledger` and `ReceiptQueue`, `tick`, `send_claim`, `outcome_of`. What only waits is not: threads, broker, HTTP and
clocks are generators and numbers here, and a scheduler (world.py) chooses at every Redis or HTTP call who goes on
(turns.py) and what goes wrong (weather.py).

A schedule is a list of decisions (decisions.py), drawn from its seed: the same list gives the same history. The model
(tests/model.py) lives through the same beside it (beside.py), the checker (checker.py) reads the history afterwards.
A list that fails is made shorter while it fails (shrinking.py), then printed as a story. Each schedule ends with a
quiet phase, in which everything must drain. Bugs made on purpose (mutants.py) show that the simulator sees.

    python -m tests.simulation --schedules 20000 --jobs 2      many schedules
    python -m tests.simulation --seed 4711                     one of them, told
    python -m tests.simulation --mutants                       look for each mutant
"""
