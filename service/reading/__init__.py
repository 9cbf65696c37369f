"""Parses what providers send: JSON without losing a digit, lists, pages, price keys."""
