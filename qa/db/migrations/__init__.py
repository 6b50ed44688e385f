"""Alembic scripts, applied when the service starts."""
