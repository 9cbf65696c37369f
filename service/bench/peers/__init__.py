"""What scenarios are measured beside: the shortest way to the same result, and other queues."""
