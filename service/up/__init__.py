"""``pricing-sync up``: ``command`` starts everything; other commands only look for a running one."""
