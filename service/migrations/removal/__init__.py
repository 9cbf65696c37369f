"""``pricing-sync uninstall``: drop our objects, and keep the prices on request."""
