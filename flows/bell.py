"""Wake the followers when events have got their numbers: from a thread of its own, so that a slow or absent
broker delays neither the numbering nor the push, and in a burst at most once in 50 ms each."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from events.relay import Hook, Numbered
from flows import following
from flows.tasks import follow

logger = logging.getLogger(__name__)

PAUSE = 0.05
UNREACHABLE = 2.0  # seconds until the next try


@contextmanager
def ringing() -> Iterator[Hook]:
    """The hook to give to the relay; it only notes the kinds, and returns at once."""
    bell = Bell()
    thread = threading.Thread(target=bell.run, name="bell", daemon=True)
    thread.start()
    try:
        yield bell.ring
    finally:
        bell.stop()
        thread.join(timeout=5)


class Bell:
    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._change = threading.Condition()
        self._stopped = threading.Event()

    def ring(self, numbered: Numbered) -> None:
        self._note(numbered.kinds)

    def stop(self) -> None:
        self._stopped.set()
        with self._change:
            self._change.notify()

    def run(self) -> None:
        while kinds := self._next():
            try:
                for name in following.interested(kinds):
                    follow.apply_async((name,), retry=False)
                self._stopped.wait(PAUSE)
            except Exception as error:
                logger.warning("bell: the broker was not reached (%s); trying again", type(error).__name__)
                self._note(kinds)
                self._stopped.wait(UNREACHABLE)

    def _note(self, kinds: set[str] | frozenset[str]) -> None:
        with self._change:
            self._kinds |= kinds
            self._change.notify()

    def _next(self) -> set[str]:
        """The kinds since the last time, once there are any; nothing after `stop`."""
        with self._change:
            self._change.wait_for(lambda: self._kinds or self._stopped.is_set())
            kinds, self._kinds = self._kinds, set()
        return set() if self._stopped.is_set() else kinds
