"""procrastinate, extended: app, job manager, connector, and what keeps a worker running."""
