"""Deliberate mistakes that would cost money, one at a time: the tests must notice each.

A *mutant* is one edit of one file: another unit, factor, comparison or bound. The lists are
``adapters.py``, ``prices.py``, ``bills.py``, ``counting.py`` and ``guards.py``, and ``drawn.py``,
drawn at random over ``db/``. ``make mutants`` makes every edit in a copy of the checkout, runs the
tests named beside it, and fails if one edit goes unnoticed.

The ordinary suite does the same with those that need no database, and checks that the text of every
mutant still exists, so that the lists stay valid.
"""
