"""What a request says: body, parameters, pages, caller."""
