"""Lin and Qinglan are paid by WeChat Pay: Hehe collected the shoppers' money there, and owes Qinglan; Qinglan owes Lin,
and collected too. What the tests of the rail stand on."""

from datetime import timedelta

from django.utils import timezone

from commissions import accruals, settlement
from commissions.models import Payout, WechatOrder, WechatPayment
from commissions.payouts import paying
from commissions.payouts.wechat import accounts, receivers
from commissions.payouts.wechat.rail import WeChat
from ledger import proof
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.models import Merchant, Party
from orders.facts import TenderFacts
from tests.people import ONBOARDING, World
from tests.rails.signing import credentials
from tests.rails.wechat_pay import WeChatPay
from tests.selling import line, sold

BY = {"by": ONBOARDING}
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
QINGLANS = "1900000777"
SHIRT = 19900
MOST = 5970  # what 30 % of a shirt is
RAIL = WeChat()


def stand(world: World, *, sub_mchid: str = "1900000109") -> None:
    """Hehe keeps its account, and where Lin and Qinglan get their shares."""
    accounts.keep(merchant=world.hehe, credentials=credentials(sub_mchid=sub_mchid), **BY)
    lin = {"kind": "PERSONAL_OPENID", "account": OPENID, "name": "林小雨"}
    receivers.keep(payer=world.hehe, party=world.lin.party, **lin, **BY)
    qinglan = {"kind": "MERCHANT_ID", "account": QINGLANS, "name": "青岚服饰有限公司"}
    receivers.keep(payer=world.hehe, party=world.qinglan.party, **qinglan, **BY)


def collect(world: World, fake: WeChatPay, *numbers: str, shirts: int = 1) -> None:
    """Shoppers pay Hehe by WeChat Pay, yesterday, one after the other."""
    for number in numbers:
        transaction = f"4200000000{number}"
        paid = TenderFacts(place="psp", amount=SHIRT * shirts, transaction=transaction)
        at = timezone.now() - timedelta(days=1)
        order = sold(
            world.jingan, line(world.shirt, quantity=shirts), no=f"W-{number}", tenders=(paid,), paid_at=at
        )
        accruals.book(order)
        with world.inside(world.hehe):
            settlement.settle_t0(orders=[order.id], at=at)
        fake.pays(transaction, SHIRT * shirts)


def owe(world: World, party, amount: int, *, source: str = "owed") -> None:
    """Hehe owes the party so much more; a merchant's book mirrors it."""
    now = timezone.now()
    entries = [Entry(world.hehe.pk, "share", held("psp"), named("due", party), amount)]
    if party.kind == Party.Kind.MERCHANT:
        mirror = named("due", world.hehe.party)
        entries.append(Entry(party.merchant.pk, "share", mirror, held("psp"), amount))
    post([Story("test", f"{source}-{party.ref}"[:48], now.date(), now, "CNY", tuple(entries))])


def pay(world: World, party=None, amount: int | None = None) -> Payout:
    payee = party or world.lin.party
    return paying.pay(book=world.hehe, payee=payee, rail="wechat", place="psp", amount=amount, **BY)


def work(world: World, *, later: timedelta = timedelta(0), merchant: Merchant | None = None) -> int:
    return RAIL.work(merchant or world.hehe, at=timezone.now() + later)


def now_of(world: World, payout: Payout) -> Payout:
    with world.inside(world.hehe):
        return Payout.sent.get(pk=payout.pk)


def orders_of(world: World, payout: Payout | None = None, **which) -> list[WechatOrder]:
    with world.inside(world.hehe):
        rows = WechatOrder.objects.filter(**which).order_by("id")
        return list(rows.filter(payout=payout) if payout else rows)


def payments_of(world: World) -> list[WechatPayment]:
    with world.inside(world.hehe):
        return list(WechatPayment.objects.order_by("paid_at", "id"))


def stands_in_all(world: World) -> bool:
    """Whether every book's balances sum to zero."""
    for merchant in (world.qinglan, world.mubai, world.hehe):
        with world.inside(merchant):
            if not proof.trial_balance(merchant).holds:
                return False
    return True
