"""The database functions that the command line and ``up`` call."""
