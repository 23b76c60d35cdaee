from django.db import models
from django.utils.translation import get_language
from django_scopes import ScopedManager

from merchants.models.merchant import Merchant
from merchants.refs import RefField


class Brand(models.Model):
    """A brand, owned by one merchant. Its slug is public: the storefront's address."""

    ref = RefField(prefix="brd")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="brands")
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    slug = models.SlugField(max_length=40, unique=True)
    seal = models.CharField(max_length=1, help_text="The one character on its seal")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["id", "merchant"], name="brand_with_merchant")]

    def __str__(self) -> str:
        return self.name

    @property
    def local_name(self) -> str:
        """As the reader's language calls it: by its English name, where it has one, in English."""
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name
