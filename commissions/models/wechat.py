"""What the rail WeChat Pay profit sharing stands on (docs/adr: payouts are laid over collected payments)."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from commissions.models.payout import Payout, new_number
from merchants.models import Merchant, Party
from merchants.refs import RefField
from orders.models import Order

STANDARD_CAP_PPM = 300_000  # what WeChat Pay lets a merchant split of a payment unless it agreed otherwise
SUB_HELP = "The collecting merchant's own number, where a service provider's key signs; else empty"


class WechatAccount(models.Model):
    """A collecting merchant's standing with WeChat Pay. The keys are sealed at rest, never shown or logged."""

    ref = RefField(prefix="wxa")
    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="wechat_account")
    mchid = models.CharField(max_length=32)
    sub_mchid = models.CharField(max_length=32, blank=True, help_text=SUB_HELP)
    appid = models.CharField(max_length=32)
    serial = models.CharField(max_length=64, help_text="Of the merchant's certificate")
    private_key_sealed = models.BinaryField(editable=False)
    apiv3_key_sealed = models.BinaryField(editable=False)
    public_key_id = models.CharField(max_length=64)
    public_key = models.TextField(help_text="WeChat Pay's, which verifies its answers; PEM")
    unfreeze_after = models.PositiveSmallIntegerField(
        default=30, help_text="Days after a sale what was not split is the merchant's to use"
    )
    cap_ppm = models.PositiveIntegerField(
        default=STANDARD_CAP_PPM, help_text="Of a payment, what may be split"
    )
    cap_asked_at = models.DateTimeField(null=True)
    next_call_at = models.DateTimeField(default=timezone.now, help_text="The rail's next free moment")
    kept_by = models.CharField(max_length=40, help_text="usr_… or system")
    kept_at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cap_ppm__lte=1_000_000), name="wechat_cap_within_the_whole"),
            models.CheckConstraint(
                condition=Q(unfreeze_after__gte=1, unfreeze_after__lte=170), name="wechat_unfreezes_in_time"
            ),
        ]

    def __str__(self) -> str:
        return self.sub_mchid or self.mchid


class WechatReceiver(models.Model):
    """Where one payer's shares of a payee go on WeChat Pay. Never changed: another is another row."""

    class Kind(models.TextChoices):
        MERCHANT = "MERCHANT_ID", _("Merchant number")
        PERSON = "PERSONAL_OPENID", _("Person's openid")

    ref = RefField(prefix="wxr")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="wechat_receivers")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    account_sealed = models.BinaryField(editable=False)
    account_hash = models.BinaryField(editable=False, help_text="Holds the sealed account to what was kept")
    ending = models.CharField(max_length=4, help_text="The last characters, to tell accounts apart")
    name_sealed = models.BinaryField(editable=False)
    added_at = models.DateTimeField(null=True, help_text="When the rail accepted it as a receiver")
    kept_by = models.CharField(max_length=40, help_text="usr_… or system")
    kept_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="wechat_receiver_with_merchant"),
            models.UniqueConstraint(
                fields=["merchant", "party"],
                condition=Q(ended_at=None),
                name="wechat_receiver_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.masked}"

    @property
    def masked(self) -> str:
        return f"•••• {self.ending}"


class WechatPayment(models.Model):
    """One payment of a shopper that reached the merchant by WeChat Pay, marked there for sharing: what shares are
    split from. Minor units; `split` is what orders under way or done have taken of it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="wechat_payments")
    seller = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    transaction_id = models.CharField(max_length=32)
    amount = models.BigIntegerField()
    paid_at = models.DateTimeField()
    split = models.BigIntegerField(default=0)
    requests = models.PositiveSmallIntegerField(default=0, help_text="How many orders were made of it")
    finished_at = models.DateTimeField(null=True, help_text="Nothing is split from it any more")

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="wechat_payment_with_merchant"),
            models.UniqueConstraint(fields=["merchant", "transaction_id"], name="wechat_payment_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, split__gte=0, split__lte=F("amount")),
                name="wechat_payment_split_within_it",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "paid_at"],
                condition=Q(finished_at=None),
                name="wechat_payment_to_split",
            )
        ]

    def __str__(self) -> str:
        return self.transaction_id


class WechatOrder(models.Model):
    """One instruction to the rail under a number of ours: share a part of a payment, take a share back, or unfreeze
    what is left. `sent` is written before the call, so a number is sent once, and afterwards only asked about."""

    class Kind(models.TextChoices):
        SHARE = "share", _("Profit sharing")
        RETURN = "return", _("Asked back")
        UNFREEZE = "unfreeze", _("Unfreeze the rest")

    class State(models.TextChoices):
        READY = "ready", _("To be sent")
        SENT = "sent", _("Sent")
        UNKNOWN = "unknown", _("Answer lost")
        PROCESSING = "processing", _("Being worked on")
        SUCCEEDED = "succeeded", _("Done")
        CLOSED = "closed", _("Refused")

    OPEN = (State.READY, State.SENT, State.UNKNOWN, State.PROCESSING)
    ASKABLE = (State.SENT, State.UNKNOWN, State.PROCESSING)

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="wechat_orders")
    kind = models.CharField(max_length=8, choices=Kind)
    number = models.CharField(max_length=40, unique=True, default=new_number)
    payment = models.ForeignKey(WechatPayment, on_delete=models.PROTECT, related_name="orders")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="wechat_orders")
    payer = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="+")
    receiver = models.ForeignKey(WechatReceiver, on_delete=models.PROTECT, null=True, related_name="+")
    of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="returns", help_text="The share taken back"
    )
    amount = models.BigIntegerField(help_text="Minor units; 0 to unfreeze")
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    sent_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="When the rail last answered, or failed to")
    answer = models.CharField(max_length=200, blank=True, help_text="The rail's last words")
    rail_number = models.CharField(max_length=64, blank=True, help_text="What the rail calls it")

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "merchant"], name="wechat_order_with_merchant"),
            models.UniqueConstraint(
                fields=["of"],
                condition=~Q(state="closed"),
                name="wechat_share_taken_back_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="unfreeze", amount=0, payout=None, receiver=None)
                | Q(amount__gt=0, payout__isnull=False, payer__isnull=False, receiver__isnull=False),
                name="wechat_order_moves_something",
            ),
            models.CheckConstraint(
                condition=Q(kind="return", of__isnull=False) | (~Q(kind="return") & Q(of=None)),
                name="wechat_return_names_its_share",
            ),
            models.CheckConstraint(
                condition=Q(state="ready") | Q(sent_at__isnull=False),
                name="wechat_answered_after_it_was_sent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "state"],
                condition=Q(state__in=["ready", "sent", "unknown", "processing"]),
                name="wechat_order_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class WechatNotice(models.Model):
    """A message of the rail that was verified: kept so that the same one again changes nothing."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    notice_id = models.CharField(max_length=64)
    content_hash = models.BinaryField(help_text="Of what it says once opened: its sealing differs each time")
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()

    objects = ScopedManager(merchant="merchant")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "notice_id"], name="wechat_notice_once")]

    def __str__(self) -> str:
        return self.notice_id
