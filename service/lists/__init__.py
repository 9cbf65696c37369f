"""Lists of rows that HTTP and command line read: one query each, in pages."""
