"""``pricing-sync uninstall``."""
