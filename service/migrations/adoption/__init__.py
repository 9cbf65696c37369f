"""``migrate --adopt``: objects of an older or another system that have our names."""
