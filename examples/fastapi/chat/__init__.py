"""A FastAPI application whose chat runs over QuickBlox; docs/fastapi.md tells how to run it."""
