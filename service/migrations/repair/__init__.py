"""``migrate --repair``: make dropped objects again, and reconcile what depends on them."""
