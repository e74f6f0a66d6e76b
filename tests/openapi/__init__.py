"""The sandbox against its own description, tried by schemathesis: `make test-openapi`.

Three runs against one sandbox: the chat API with a session, the same with an API key, and the control calls. All checks
of schemathesis are on, with wrong requests as well as right ones, and calls that follow each other by the description's
links. What a run may not find, and why, stands in the run's TOML file; what it has to be helped with, in `hooks`.
"""
