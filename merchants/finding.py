"""What a face begins with: rows of the acting merchant, by their public references."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.errors import NotFound


def every(model: type[models.Model], *, by: str = "objects") -> models.QuerySet:
    """The acting merchant's rows; `by` names another scoped manager (`about`, `party`). ScopeError
    without a scope."""
    return getattr(model, by).all()


def one(rows: type[models.Model] | models.QuerySet, *, field: str = "", **lookup: Any) -> Any:
    """The one row of a model, or of these rows, that the lookup names (`ref="sto_…"`); else NotFound,
    which names the caller's `field` if the reference stood in a body. Another merchant's row is not
    found: a stranger must not learn that it is there."""
    if not isinstance(rows, models.QuerySet):
        rows = every(rows)
    row = rows.filter(**lookup).first()
    if row is None:
        raise not_found(rows.model, field=field)
    return row


def not_found(model: type[models.Model], *, field: str = "") -> NotFound:
    return NotFound(
        f"{model._meta.model_name}.not_found",
        _("There is no such record here."),
        next_step=_("Check the id. Records of other merchants are not shown."),
        field=field,
    )
