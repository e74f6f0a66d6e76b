"""The fixture `receipt_queue`."""

pytest_plugins = ["receipt_sync.pytest_plugin"]
