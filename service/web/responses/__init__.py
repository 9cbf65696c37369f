"""Models of the responses, errors among them."""
