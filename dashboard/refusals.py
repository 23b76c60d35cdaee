"""A refusal of a verb becomes a message on the page that the user comes back to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from merchants.errors import DomainError


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """What the verb inside refuses is told with its next step; the rest of the block does not run."""
    try:
        yield
    except DomainError as refusal:
        messages.error(request, refusal.words)


@contextmanager
def refusals_blamed_on(form) -> Iterator[None]:
    """What the verb inside refuses stands in the form, at its field if it names one; the rest of the block does not
    run."""
    try:
        yield
    except DomainError as refusal:
        form.blame(refusal)
