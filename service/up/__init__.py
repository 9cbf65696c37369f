"""``pricing-sync up``: ``run`` starts everything; other commands only look for a running one."""
