"""Measurements of the running system, each with its target: `python -m bench [names]`.

Every figure starts what it needs on free ports of 127.0.0.1 and ends it. The command and the machine are printed first,
for a figure means nothing without them. One that finds a receipt lost or the accounts out of balance is BROKEN, and the
command ends with status 1. A target is a judgement on one machine: its row says whether it was met or MISSED.
"""
