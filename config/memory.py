"""The memory of a process that serves: what was loaded stays, so the collector of garbage need not look at it again.

Models, pages and libraries are some hundred thousand objects that never die; each full collection would walk all of
them, and a batch of sales makes enough new ones to cause several. That was a fifth of the worker's time.
"""

import gc

YOUNG = 20_000  # new objects between two collections; Python's own is 700, for scripts


def settle() -> None:
    """Once everything is loaded, in the process that will serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
