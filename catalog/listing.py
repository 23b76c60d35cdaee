"""Goods come into the catalogue by their merchant's own codes; sent again, only what differs is changed."""

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from catalog.models import Product, Sku
from events.record import Actor, record
from merchants.errors import DomainError
from merchants.models import Brand, Merchant


def add_product(
    *,
    merchant: Merchant,
    brand: Brand | None,
    code: str,
    name: str,
    by: Actor,
    name_en: str = "",
    category: str = "",
) -> tuple[Product, bool]:
    """The merchant's product of this code, made or brought up to date: (product, is_new). Without a brand it
    is a store merchant's own. A product never changes its brand."""
    if brand and brand.merchant_id != merchant.id:
        raise DomainError(
            "product.foreign_brand",
            _("Only its owner adds products to a brand."),
            next_step=_("Choose one of your own brands, or none for goods of your own."),
            field="brand",
        )
    facts = {"name": name, "name_en": name_en, "category": category}
    with scope(merchant=merchant), transaction.atomic():
        product, is_new = Product.objects.get_or_create(
            merchant=merchant, code=code, defaults={"brand": brand, **facts}
        )
        if product.brand_id != (brand and brand.id):
            raise DomainError(
                "product.other_brand",
                _("The product %(code)s belongs to another brand.") % {"code": code},
                next_step=_("Use another code for the other brand's product."),
                field="code",
            )
        _tell("product", product, _differs(product, facts), is_new, by)
    return product, is_new


def add_sku(
    *, product: Product, code: str, name: str, list_price: int, by: Actor, barcode: str = ""
) -> tuple[Sku, bool]:
    """One thing that can be rung up, made or brought up to date: (sku, is_new). `list_price` in fen."""
    if list_price < 0:
        raise DomainError(
            "sku.price_below_zero",
            _("A list price cannot be below zero."),
            next_step=_("Give the price in fen, zero or more."),
            field="list_price",
        )
    facts = {"name": name, "list_price": list_price, "barcode": barcode}
    with scope(merchant=product.merchant), transaction.atomic():
        sku, is_new = Sku.objects.select_related("product").get_or_create(
            merchant=product.merchant, code=code, defaults={"product": product, **facts}
        )
        if sku.product_id != product.id:
            raise DomainError(
                "sku.other_product",
                _("The SKU %(code)s belongs to another product.") % {"code": code},
                next_step=_("Use another code for this product's SKU."),
                field="code",
            )
        _tell("sku", sku, _differs(sku, facts), is_new, by)
    return sku, is_new


def _differs(row: models.Model, facts: dict[str, Any]) -> list[str]:
    """Write what changed; its names."""
    changed = [name for name, value in facts.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, facts[name])
    if changed:
        row.save(update_fields=changed)
    return changed


def _tell(noun: str, row: Product | Sku, changed: list[str], is_new: bool, by: Actor) -> None:
    if not is_new and not changed:
        return
    record(
        f"{noun}.{'added' if is_new else 'changed'}",
        merchant_id=row.merchant_id,
        subject=row.ref,
        payload={noun: row.ref, "code": row.code, "changed": changed},
        concerns=[],
        by=by,
    )
