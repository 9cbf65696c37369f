"""The embedded Postgres of ``pricing-sync up``."""
