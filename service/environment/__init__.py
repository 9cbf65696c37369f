"""What environment variables hold, and how each is checked."""
