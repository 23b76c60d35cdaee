from django.db import models
from django_scopes import ScopedManager

from merchants.models.merchant import Merchant
from merchants.refs import RefField


class OrgUnit(models.Model):
    """A place in the merchant's real tree. `path` is the ids from the root, `/3/17/`: a subtree is a prefix."""

    class Kind(models.TextChoices):
        HEADQUARTERS = "headquarters"
        DEPARTMENT = "department"
        REGION = "region"
        DISTRICT = "district"
        STORE = "store"

    ref = RefField(prefix="org")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="org_units")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=120)
    path = models.CharField(max_length=255, editable=False)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        indexes = [models.Index(fields=["path"], opclasses=["text_pattern_ops"], name="org_unit_subtree")]
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="org_unit_with_merchant"),
            models.UniqueConstraint(
                fields=["merchant"], condition=models.Q(parent=None), name="org_unit_one_root_a_merchant"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_root(self) -> bool:
        return self.parent_id is None
