"""The scenarios, a module each; ``SCENARIO`` of each module is found by its file."""
