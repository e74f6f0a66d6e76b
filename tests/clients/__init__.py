"""Celery clients without the wheel, as docs/celery-clients.md shows them: programs that have none of our code.

`second_app.py` is run by tests/integration/test_celery_clients.py with `make test`; `client.mjs` by the tests here,
with `make test-clients`.
"""
