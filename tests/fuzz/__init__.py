"""Fuzzing: whatever comes in by a door, nothing comes out but the errors that its page names.

`python -m tests.fuzz` runs it with many inputs, `test_fuzz.py` with few. Hypothesis makes them and shrinks what fails.
"""
