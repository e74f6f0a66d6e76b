"""The Celery tasks: thin, each one call into the worker. Their names are a contract (docs/contract.md)."""
