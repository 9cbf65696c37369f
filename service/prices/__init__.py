"""Prices: units, lists, the reference catalogue, and how people read them."""
