"""The whole system as real processes on this machine: for the demo, the tests and the benchmarks.

Everything is started by its command, as an operator would start it; nothing of ours is imported. All of it listens on
127.0.0.1 and ends with whoever started it.
"""
