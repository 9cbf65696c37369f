"""Fetching a price list over HTTP."""
