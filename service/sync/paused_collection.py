"""Pauses Python's garbage collector while a list is read.

Reading makes hundreds of thousands of objects and no cycles. The collector looks at them again and
again, which takes up to a quarter of the time, and all other threads wait meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_readers = 0


@contextmanager
def paused_collection() -> Iterator[None]:
    """No collection in this process until the last of several readers is done."""
    global _readers
    with _lock:
        _readers += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                gc.enable()
