"""Bringing a database to this version: ``runner`` applies what ``schema`` reads."""
