"""The command line, ``pricing-sync``."""
