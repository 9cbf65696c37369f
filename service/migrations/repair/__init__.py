"""``migrate --repair``."""
