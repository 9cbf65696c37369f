"""``pricing-sync doctor``: what is there, whether it is well, and what to do where it is not.

``examination`` asks everything within a few seconds; the other modules judge what was found. None
changes anything.
"""
