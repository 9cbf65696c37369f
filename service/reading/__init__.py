"""Reading what providers send: JSON without losing a digit, lists, pages."""
