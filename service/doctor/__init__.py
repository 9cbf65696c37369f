"""``pricing-sync doctor``: check the installation, and say what to do. It changes nothing.

``checks`` reads everything within a few seconds; the other modules check what was read.
"""
