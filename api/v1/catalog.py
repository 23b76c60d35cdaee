from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Money, Ref, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from catalog.listing import add_product, add_sku
from catalog.models import Product, Sku
from merchants.finding import every, one


class ProductBody(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text=_("Your own; the same code is the same product"))
    brand = Ref(required=False, help_text=_("Id or slug of your brand; leave it out for a store's own goods"))
    name = serializers.CharField(max_length=120)
    name_en = serializers.CharField(max_length=120, default="", allow_blank=True)
    category = serializers.CharField(max_length=60, default="", allow_blank=True)


class ProductAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    brand = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    name_en = serializers.CharField()
    category = serializers.CharField()
    created_at = Instant()


class SkuBody(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text=_("Your own; the same code is the same SKU"))
    product = Ref(help_text=_("Id or code of your product"))
    barcode = serializers.CharField(max_length=14, default="", allow_blank=True)
    name = serializers.CharField(max_length=120)
    list_price = Money(help_text=_("In fen"))


class SkuAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    product = serializers.CharField()
    barcode = serializers.CharField()
    name = serializers.CharField()
    list_price = serializers.IntegerField(help_text=_("In fen"))
    currency = serializers.CharField()
    created_at = Instant()


class CodeQuery(PageQuery):
    code = serializers.CharField(required=False)


class Products(Call):
    by_code = True
    scopes = {"GET": "catalog:read", "POST": "catalog:write"}
    names = {"GET": "listProducts", "POST": "putProduct"}

    @extend_schema(
        description=_("Your products, the newest first."),
        parameters=[CodeQuery],
        responses=page_of(ProductAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(CodeQuery)
        products = every(Product).select_related("brand").filter(**_by_code(asked))
        return Response(page(asked, products, show_product))

    @extend_schema(
        description=_("Add the product of this code (201), or bring it up to date (200)."),
        request=ProductBody,
        responses={201: ProductAnswer, 200: ProductAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(ProductBody)
        brand = access.brand(given.pop("brand")) if "brand" in given else None
        product, is_new = add_product(merchant=self.merchant, brand=brand, by=self.by, **given)
        return Response(show_product(product), status=201 if is_new else 200)


class OneProduct(Call):
    scopes = {"GET": "catalog:read"}
    names = {"GET": "getProduct"}

    @extend_schema(description=_("One of your products."), responses=ProductAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show_product(one(every(Product).select_related("brand"), ref=ref)))


class Skus(Call):
    by_code = True
    scopes = {"GET": "catalog:read", "POST": "catalog:write"}
    names = {"GET": "listSkus", "POST": "putSku"}

    @extend_schema(
        description=_("Your SKUs, the newest first."), parameters=[CodeQuery], responses=page_of(SkuAnswer)
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(CodeQuery)
        skus = every(Sku).select_related("product", "merchant").filter(**_by_code(asked))
        return Response(page(asked, skus, show_sku))

    @extend_schema(
        description=_("Add the SKU of this code (201), or bring it up to date (200)."),
        request=SkuBody,
        responses={201: SkuAnswer, 200: SkuAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(SkuBody)
        product = access.by_ref_or_code(Product, given.pop("product"), field="product")
        sku, is_new = add_sku(product=product, by=self.by, **given)
        return Response(show_sku(sku), status=201 if is_new else 200)


class OneSku(Call):
    scopes = {"GET": "catalog:read"}
    names = {"GET": "getSku"}

    @extend_schema(description=_("One of your SKUs."), responses=SkuAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show_sku(one(every(Sku).select_related("product", "merchant"), ref=ref)))


def _by_code(asked: dict[str, Any]) -> dict[str, str]:
    return {"code": asked["code"]} if "code" in asked else {}


def show_product(product: Product) -> dict[str, Any]:
    return {
        "id": product.ref,
        "code": product.code,
        "brand": product.brand.ref if product.brand else None,
        "name": product.name,
        "name_en": product.name_en,
        "category": product.category,
        "created_at": product.created_at,
    }


def show_sku(sku: Sku) -> dict[str, Any]:
    return {
        "id": sku.ref,
        "code": sku.code,
        "product": sku.product.ref,
        "barcode": sku.barcode,
        "name": sku.name,
        "list_price": sku.list_price,
        "currency": sku.merchant.currency,
        "created_at": sku.created_at,
    }
