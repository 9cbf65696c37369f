"""The web process's connections to Postgres, and what it watches there."""
