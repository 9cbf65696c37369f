"""The steps of ``migrate``: one guarded statement each."""
