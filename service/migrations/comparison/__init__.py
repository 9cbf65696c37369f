"""Compare a database with what this release makes."""
