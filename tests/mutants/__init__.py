"""Mistakes that would cost somebody money, made on purpose, one at a time: tests must notice each.

A *mutant* is one edit of one file: another unit, factor, comparison or bound. The lists are kept
here (``adapters.py``, ``prices.py``, ``guards.py``; ``drawn.py`` was drawn by lot over ``db/``);
``make mutants`` makes every edit in a copy of the checkout, runs the tests that are named beside
it, and fails if one edit goes unnoticed.
The ordinary suite does the same with those that need no database, and checks of all of them that
their text is still there, so that the lists cannot rot.
"""
