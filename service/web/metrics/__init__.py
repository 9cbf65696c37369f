"""Handlers: each calls one database function or reads one view."""
