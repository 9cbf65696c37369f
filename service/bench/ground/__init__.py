"""What scenarios run on: a server, databases, a provider's HTTP server, processes of ours."""
