"""A database's address: read once, checked, and handed to each driver part by part."""
