"""The admin key that ``up`` generates and keeps where PRICING_ADMIN_KEY is not set."""

from __future__ import annotations

from pathlib import Path

from service.up.kept_secret import kept_secret

FILE = "admin-key"


def kept_admin_key(data_dir: Path) -> str:
    return kept_secret(data_dir / FILE, "admin key", instead="set PRICING_ADMIN_KEY")
