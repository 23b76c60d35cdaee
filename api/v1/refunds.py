from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Money, Ref, Whole
from api.idempotency import idempotent
from api.v1.order_bodies import RefundTenderAnswer
from flows.refund import refunded
from merchants.errors import DomainError
from merchants.finding import every
from merchants.models import Merchant
from orders.facts import RefundFacts, RefundLineFacts, RefundTenderFacts
from orders.models import Order, ParkedRefund, Refund, RefundLine
from orders.receipts import MOST_LINES, MOST_PIECES
from orders.tendering import MOST_TENDERS
from stores.models import Store


class RefundTenderBody(serializers.Serializer):
    number = Whole(min_value=1)
    amount = Money(help_text=_("In fen"))


class RefundLineBody(serializers.Serializer):
    sku = Ref(default="", allow_blank=True, help_text=_("Id, code or barcode; or say the number of the line"))
    number = Whole(required=False, allow_null=True, min_value=1)
    quantity = Whole(default=0, min_value=0, max_value=MOST_PIECES)
    amount = Money(help_text=_("In fen"))
    tenders = RefundTenderBody(
        many=True,
        default=list,
        max_length=MOST_TENDERS,
        help_text=_(
            "Which payments of the sale it goes back on, by their numbers there; they come to the amount. If left"
            " out, all that paid the line are given back in part"
        ),
    )

    def validate(self, line: dict[str, Any]) -> dict[str, Any]:
        if not line["sku"] and line.get("number") is None:
            raise serializers.ValidationError({"sku": _("Name the line by its SKU or its number.")})
        return line


class RefundBody(serializers.Serializer):
    channel = serializers.ChoiceField(Order.Channel.choices)
    external_no = serializers.CharField(max_length=64, help_text=_("Your number of the refund"))
    order_external_no = serializers.CharField(
        required=False, max_length=64, help_text=_("Your number of the sale, in this channel")
    )
    order = Ref(
        required=False,
        help_text=_(
            "Instead of your number: our id of a sale of your store, whoever told it and in whichever channel"
        ),
    )
    store = Ref(
        required=False,
        help_text=_(
            "Another merchant's store (its id), whose sale of your brands you told; not for your own"
        ),
    )
    lines = RefundLineBody(many=True, allow_empty=False, max_length=MOST_LINES)
    refunded_at = Instant()

    def validate(self, refund: dict[str, Any]) -> dict[str, Any]:
        if "order" in refund and "store" in refund:
            raise serializers.ValidationError(
                {"store": _("Leave the store out: a sale named by its id is of your own store.")}
            )
        return refund


class RefundLineAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    amount = serializers.IntegerField()
    tenders = RefundTenderAnswer(
        many=True,
        help_text=_(
            "What goes back of each of the sale's payments, by its number; told to who told the sale"
        ),
    )


class NoticeAnswer(serializers.Serializer):
    message = serializers.CharField(help_text=_("What happened"))
    next_step = serializers.CharField()
    code = serializers.CharField(required=False, help_text=_("Of a refused one: what did not fit"))


class RefundAnswer(serializers.Serializer):
    id = serializers.CharField()
    status = serializers.ChoiceField(
        ["refunded", "parked", "refused"],
        help_text=_("refused: it was parked, and could not be given back when the sale came"),
    )
    order = serializers.CharField(allow_null=True)
    channel = serializers.CharField()
    external_no = serializers.CharField()
    order_external_no = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    refunded_at = Instant(allow_null=True)
    lines = RefundLineAnswer(many=True)
    notice = NoticeAnswer(required=False, help_text=_("While no money has been given back"))


class Refunds(Call):
    scopes = {"POST": "orders:write"}
    names = {"POST": "createRefund"}

    @extend_schema(
        description=_(
            "Give money back on lines of your sale (201; told again 200). Name the sale by your number of it or"
            " by our id. By a number that is not known yet the refund is parked (202), says so, and is applied"
            " when the sale comes. Never more than was paid (422). Of a sale that you told for another merchant's"
            " store, name the store. A sale that a brand owner told for your store is named by our id."
        ),
        request=RefundBody,
        responses={201: RefundAnswer, 200: RefundAnswer, 202: RefundAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(RefundBody)
        lines = tuple(_line(line) for line in given.pop("lines"))
        seller = self.merchant if "order" in given else self.seller(given.pop("store", ""))
        others = seller != self.merchant
        refund, is_new = refunded(
            RefundFacts(merchant=seller, lines=lines, **given),
            by=self.by,
            brands_of=self.merchant if others else None,
        )
        if isinstance(refund, ParkedRefund):
            return Response(show_parked(refund), status=202)
        shown = show(refund, by="about" if others else "objects", reader=self.merchant)
        return Response(shown, status=201 if is_new else 200)

    def seller(self, store: str) -> Merchant:
        """Whose sale it was. Who runs no store can only mean another merchant's."""
        if store:
            return access.store_that_sells_for(store).merchant
        if not every(Store).exists():
            raise DomainError(
                "refund.store_needed",
                _("You run no store of your own."),
                next_step=_("Name the store whose sale of your brands is given back."),
                field="store",
            )
        return self.merchant


def _line(given: dict[str, Any]) -> RefundLineFacts:
    tenders = tuple(RefundTenderFacts(**one) for one in given.pop("tenders"))
    return RefundLineFacts(tenders=tenders, **given)


def show(refund: Refund, *, by: str, reader: Merchant) -> dict[str, Any]:
    """How a sale was paid its seller knows, and who told it."""
    knows = reader.pk in (refund.merchant_id, refund.order.teller_id)
    lines = (
        every(RefundLine, by=by).filter(refund=refund).select_related("line__sku").order_by("line__number")
    )
    return {
        "id": refund.ref,
        "status": "refunded",
        "order": refund.order.ref,
        "channel": refund.channel,
        "external_no": refund.external_no,
        "order_external_no": refund.order.external_no,
        "amount": refund.amount,
        "refunded_at": refund.refunded_at,
        "lines": [
            {
                "number": back.line.number,
                "sku": back.line.sku.ref,
                "quantity": back.quantity,
                "amount": back.amount,
                "tenders": [{"number": number, "amount": amount} for number, amount in back.tenders if knows],
            }
            for back in lines
        ],
    }


def show_parked(parked: ParkedRefund) -> dict[str, Any]:
    return {
        "id": parked.ref,
        "status": "refused" if parked.refused_code else "parked",
        "order": None,
        "channel": parked.channel,
        "external_no": parked.external_no,
        "order_external_no": parked.order_external_no,
        "amount": None,
        "refunded_at": None,
        "lines": [],
        "notice": notice(parked),
    }


def notice(parked: ParkedRefund) -> dict[str, Any]:
    """Why nothing has been given back: a number mistyped must not look like a refund."""
    said = {"number": parked.order_external_no, "channel": parked.channel}
    if parked.refused_code:
        return {
            "code": parked.refused_code,
            "message": _("The sale %(number)s came, but this refund does not fit it: nothing was given back.")
            % said,
            "next_step": _("Correct the refund and send it again under a new number."),
        }
    return {
        "message": _(
            "No sale %(number)s is known in the channel “%(channel)s”: nothing has been given back yet."
        )
        % said,
        "next_step": _(
            "It is given back when that sale is told. If the number is mistyped, send the refund again with the"
            " right one, under a new refund number."
        ),
    }
