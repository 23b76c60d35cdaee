"""What a sale looks like on its way in and out."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import Instant, Money, Ref, Whole
from api.pagination import PageQuery
from api.v1.members import Source
from orders.models import Order, Tender
from orders.receipts import MOST_LINES, MOST_PIECES
from orders.tendering import MOST_TENDERS
from stores.models import Contract


class BuyerBody(serializers.Serializer):
    phone = serializers.CharField(required=False, max_length=24)
    member = Ref(required=False, help_text=_("Id of your own member"))
    identity = Source(required=False)


class LineBody(serializers.Serializer):
    sku = Ref(help_text=_("Id, code or barcode"))
    brand = Ref(default="", allow_blank=True, help_text=_("Id or slug; where one code means two things"))
    quantity = Whole(min_value=1, max_value=MOST_PIECES)
    list_price = Money(
        required=False, allow_null=True, help_text=_("In fen a piece; the SKU's own if left out")
    )
    paid = Money(
        required=False, allow_null=True, help_text=_("In fen for the whole line; priced if left out")
    )


class TenderBody(serializers.Serializer):
    place = serializers.ChoiceField(Tender.Place.choices)
    amount = Money()
    collector = Ref(
        default="",
        allow_blank=True,
        help_text=_(
            "Id of the merchant whose account it reached: yours if left out; another's only where the contract"
            " lets you tell for it"
        ),
    )
    lines = serializers.ListField(
        child=Whole(min_value=1),
        default=list,
        max_length=MOST_LINES,
        help_text=_("Line numbers it may pay for"),
    )
    transaction = Ref(
        default="",
        allow_blank=True,
        help_text=_(
            "WeChat Pay's number of the payment, if it was made to be shared: commissions can then be paid from"
            " it; only with place `psp`"
        ),
    )
    programme = Ref(
        default="",
        allow_blank=True,
        help_text=_("Id or code of the collector's programme; with place `stored`, and only there"),
    )
    fee = Money(
        default=0,
        help_text=_(
            "In fen: what the payment service keeps of it. Who bears it, the contract of each line says"
        ),
    )


class TouchesBody(serializers.Serializer):
    serving = Ref(required=False, allow_blank=True)
    sharing = Ref(required=False, allow_blank=True)
    recruiting = Ref(required=False, allow_blank=True)
    accepting = Ref(required=False, allow_blank=True)
    sharing_at = Instant(
        required=False,
        allow_null=True,
        help_text=_("When the shared link was opened; at the sale if left out"),
    )
    recruiting_at = Instant(
        required=False, allow_null=True, help_text=_("When the member was recruited; at the sale if left out")
    )


class OrderBody(serializers.Serializer):
    channel = serializers.ChoiceField(Order.Channel.choices)
    external_no = serializers.CharField(max_length=64, help_text=_("Your number, once in a channel"))
    store = Ref(help_text=_("Id or code of your store; of another merchant's store, its id"))
    buyer = BuyerBody(required=False, allow_null=True)
    placed_at = Instant(required=False, allow_null=True)
    paid_at = Instant()
    currency = serializers.CharField(default="CNY", min_length=3, max_length=3)
    lines = LineBody(many=True, allow_empty=False, max_length=MOST_LINES)
    tenders = TenderBody(
        many=True,
        default=list,
        max_length=MOST_TENDERS,
        help_text=_(
            "If left out, all of it reached you: as cash in your own store, else on your payment account"
        ),
    )
    coupons = serializers.ListField(
        child=serializers.CharField(max_length=40), default=list, max_length=20, help_text=_("Codes")
    )
    touches = TouchesBody(default=dict, help_text=_("Guides by id or code"))


class NamedAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()


class LineAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    sku = NamedAnswer()
    brand = serializers.CharField(allow_null=True)
    quantity = serializers.IntegerField()
    list_amount = serializers.IntegerField()
    discount = serializers.IntegerField()
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField()
    refunded_quantity = serializers.IntegerField()


class TenderAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    place = serializers.ChoiceField(Tender.Place.choices)
    amount = serializers.IntegerField()
    collector = serializers.CharField()
    lines = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=_(
            "Numbers of the lines it is restricted to, empty for all; not `whole`: those of your lines that it"
            " may have paid"
        ),
    )
    transaction = serializers.CharField(help_text=_("WeChat Pay's number of the payment, if it was told"))
    programme = serializers.CharField(
        allow_null=True, help_text=_("Whose stored value it was; null for other places")
    )
    fee = serializers.IntegerField(help_text=_("What the payment service keeps of it"))


class TouchAnswer(serializers.Serializer):
    kind = serializers.CharField(help_text=_("serving, bound, sharing, recruiting or accepting"))
    guide = serializers.CharField()
    name = serializers.CharField()
    at = Instant(allow_null=True, help_text=_("When it was, if not at the sale"))


class RedemptionAnswer(serializers.Serializer):
    id = serializers.CharField()
    coupon = serializers.CharField()
    campaign = serializers.CharField()
    amount_off = serializers.IntegerField()


class RefundTenderAnswer(serializers.Serializer):
    number = serializers.IntegerField()
    amount = serializers.IntegerField()


class RefundBrief(serializers.Serializer):
    id = serializers.CharField()
    external_no = serializers.CharField()
    amount = serializers.IntegerField(help_text=_("On the lines shown"))
    refunded_at = Instant()
    tenders = RefundTenderAnswer(
        many=True, help_text=_("What went back of the payments shown, by their numbers")
    )


class ShareAnswer(serializers.Serializer):
    role = serializers.CharField()
    payee = serializers.CharField(help_text=_("Id of the guide, the merchant or the platform that is paid"))
    name = serializers.CharField()
    ppm = serializers.IntegerField(allow_null=True, help_text=_("The rate, in parts per million"))
    claim = serializers.CharField(help_text=_("Exact, as a fraction, before rounding"))
    amount = serializers.IntegerField()
    clawed = serializers.IntegerField(help_text=_("Taken back after refunds"))
    moved_out = serializers.IntegerField(help_text=_("Moved to another guide after an appeal"))
    held = serializers.IntegerField(help_text=_("What is left of it"))
    state = serializers.ChoiceField(["pending", "settled"])
    reason = serializers.CharField(help_text=_("A sentence, in the language asked for"))
    why = serializers.DictField(help_text=_("The same as codes: rule, touch, plan version"))
    losers = serializers.ListField(child=serializers.DictField(), help_text=_("Who else stood for it"))
    unclaimed = serializers.ListField(
        child=serializers.DictField(), help_text=_("Of the rest: whose claims fell to it, and why")
    )


class SplitAnswer(serializers.Serializer):
    line = serializers.IntegerField(help_text=_("The number of the order line"))
    split = serializers.CharField()
    principal = serializers.CharField(help_text=_("The merchant in whose book the line stands"))
    principal_name = serializers.CharField()
    mode = serializers.ChoiceField(Contract.Mode.choices)
    settlement = serializers.ChoiceField(Contract.Settlement.choices)
    version = serializers.CharField(allow_null=True, help_text=_("Of the commission plan"))
    paid = serializers.IntegerField()
    contribution = serializers.IntegerField(help_text=_("What others owe for the discounts they bear"))
    base = serializers.IntegerField(help_text=_("Paid and contributions: what the shares add up to"))
    fee_charged = serializers.IntegerField(
        help_text=_("Payment fees that the principal owes who collected; only it and the seller are told")
    )
    state = serializers.ChoiceField(["pending", "settled"])
    shares = ShareAnswer(many=True)


class OrderAnswer(serializers.Serializer):
    id = serializers.CharField()
    whole = serializers.BooleanField(
        help_text=_("False for the owner of a brand sold at another merchant's store: own lines, no totals")
    )
    channel = serializers.ChoiceField(Order.Channel.choices)
    external_no = serializers.CharField()
    status = serializers.ChoiceField(["paid", "partly_refunded", "refunded"])
    store = NamedAnswer()
    member = serializers.CharField(allow_null=True, help_text=_("The reader's own member"))
    currency = serializers.CharField()
    list_total = serializers.IntegerField(allow_null=True)
    discount_total = serializers.IntegerField(allow_null=True)
    paid_total = serializers.IntegerField(allow_null=True)
    refunded_total = serializers.IntegerField(allow_null=True)
    placed_at = Instant()
    paid_at = Instant()
    business_date = serializers.DateField()
    recorded_at = Instant()
    lines = LineAnswer(many=True)
    touches = TouchAnswer(many=True)
    tenders = TenderAnswer(many=True, help_text=_("Not `whole`: those that reached you, each in full"))
    coupons = RedemptionAnswer(many=True)
    refunds = RefundBrief(
        many=True, help_text=_("Not `whole`: those on your lines, and those that went back of your payments")
    )
    splits = SplitAnswer(many=True, required=False, help_text=_("With expand[]=splits"))


class OrderQuery(PageQuery):
    LOOKUPS = {
        "external_no": "external_no",
        "channel": "channel",
        "store": "store__ref",
        "member": "member__ref",
        "paid_from": "paid_at__gte",
        "paid_until": "paid_at__lt",
    }

    external_no = serializers.CharField(required=False, max_length=64)
    channel = serializers.ChoiceField(Order.Channel.choices, required=False)
    store = Ref(required=False)
    member = Ref(required=False)
    paid_from = Instant(required=False)
    paid_until = Instant(required=False)
