"""The web process: HTTP in, one database call, JSON out. It knows no provider and no adapter."""

from __future__ import annotations
