"""Many clients at the same instant, each on a connection of its own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

from django.db import connection


def together(*clients: Callable[[], Any], wait: float = 30) -> list[Any]:
    """Start them all at once; what each returned, or the exception it raised, in their order."""
    gate = Barrier(len(clients))
    results: list[Any] = [None] * len(clients)

    def run(place: int, client: Callable[[], Any]) -> None:
        try:
            with connection.cursor() as cursor:  # connected before the gate opens
                cursor.execute("SELECT 1")
            gate.wait(wait)
            results[place] = client()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, client), daemon=True) for place, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(wait)
    assert not any(thread.is_alive() for thread in threads), "a client still waits: a deadlock?"
    return results


def meeting(many: int = 2, *, wait: float = 10) -> Callable[[], None]:
    """Where clients whose guard is off wait until `many` of them have read what they will decide on, and no longer than
    `wait` seconds for one who never comes."""
    gate = Barrier(many)

    def meet() -> None:
        with suppress(BrokenBarrierError):
            gate.wait(wait)

    return meet


def codes(results: Sequence[Any]) -> list[str]:
    """The refusals' codes; anything else that was raised is a fault and is raised here."""
    for result in results:
        if isinstance(result, Exception) and not hasattr(result, "code"):
            raise result
    return [result.code for result in results if isinstance(result, Exception)]
