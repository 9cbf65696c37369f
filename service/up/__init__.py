"""``pricing-sync up``: ``command`` starts everything; other commands look for a running one."""
