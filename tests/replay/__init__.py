"""Replay two years of a real price list against a second computation of the result.

The recorded bodies (``tests/support/recordings.py``) are served one after the other by a real HTTP
server; each is synced by a real trigger, over HTTP, and a real worker. What the tables hold
afterwards is compared with a *book* that is kept from the same bodies with nothing but ``json`` and
``Decimal``: no module below imports anything of ``service/``, so a mistake there is not mirrored
here.

========================  ======================================================================
``bodies.py``             the recorded bodies, month by month
``published.py``          what one body says: for each model its price set, from the raw JSON
``book.py``               prices, chains of history and missing models, all changes accepted
``guards.py``             what must be held, and why: the rules of the guards a second time
``catalogue_numbers.py``  the reference numbers, straight from the ``genai-prices`` package
``course.py``             the real way: server, web process, worker, one sync for each body
``stored.py``             what the tables hold, in the book's form
========================  ======================================================================

A price set is a dict: column of ``model_pricing`` -> ``Decimal`` in USD for one unit, an unknown
axis absent; and ``"conditions"``, where there are any, a list of such dicts with their conditions.
"""
