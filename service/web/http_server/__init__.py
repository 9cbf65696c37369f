"""The HTTP server: connections, strict HTTP/1.1, deadlines, limits."""
