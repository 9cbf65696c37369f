"""Bring a database to this version: ``schema`` says what it needs, ``migrate`` applies it."""
