"""The steps of ``migrate``: one idempotent statement each."""
