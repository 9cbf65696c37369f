"""Connections to Postgres: how they are made, set up, pooled, listened on and retried."""
