"""What a process is told by environment variables, and how each is checked."""
