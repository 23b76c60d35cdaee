"""What the database refuses, said in the field's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from merchants.errors import DomainError


@contextmanager
def refusing(constraint: str, refusal: DomainError) -> Iterator[None]:
    """Raise `refusal` if the block breaks this constraint; its writes are undone, the transaction goes on."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != constraint:
            raise
        raise refusal from error
