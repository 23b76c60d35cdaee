"""Rows of Hehe for the matrix. Asked for twice they are the same: pages share one world."""

from datetime import date, timedelta

from django.utils import timezone

from catalog.models import Sku
from commissions import accruals, appeals, attribution_policies, batches, plans
from commissions.attribution_rules import DEFAULT
from commissions.models import (
    Appeal,
    AttributionPolicy,
    BankFile,
    Break,
    Payout,
    PlanVersion,
    RailBill,
    SettlementBatch,
)
from commissions.payouts import answers, payee_accounts, paying
from commissions.payouts import bank_file as bank_files
from commissions.reconciliation.importing import import_bill
from commissions.splitting import Term
from coupons.models import Campaign
from flows.joining import Joined
from guides.models import Guide
from ledger.accounts import Place, held, ids_of, named
from ledger.models import Account
from ledger.transfers import Entry, Story, post
from members import programmes
from members.models import FollowUp, Programme, TopUp
from merchants.models import ApiKey, Brand, Merchant, Party
from merchants.onboarding import issue_key
from orders.facts import RefundLineFacts
from orders.models import Order, ParkedRefund
from stores.models import Contract, Store
from tests import selling
from tests.people import World, make_contract, make_guide, make_store


def fang(world: World) -> Joined:
    """Fang, who joined Qinglan at Jing'an and let the store know her: bound to Lin there."""
    yesterday = timezone.now() - timedelta(days=1)
    return selling.joined(world.qinglan_brand, world.jingan, guide=world.lin, at=yesterday)


def mei(world: World) -> Joined:
    """Mei, who joined Qinglan at Putuo, far from Lin."""
    contract_of_putuo(world)
    return selling.joined(world.qinglan_brand, putuo(world), phone=selling.MEI, name="梅女士")


def contract_of_putuo(world: World) -> Contract:
    held = Contract.party.filter(brand=world.qinglan_brand, store=putuo(world)).first()
    return held or make_contract(world.qinglan_brand, putuo(world), mode="central")


def key(world: World) -> ApiKey:
    known = ApiKey.objects.filter(name="收银").first()
    return known or issue_key(merchant=world.hehe, name="收银", by=selling.TILL)[0]


def own_brand(world: World) -> Brand:
    return Brand.objects.filter(merchant=world.hehe).first() or Brand.objects.create(
        merchant=world.hehe, name="和合", slug="hehe", seal="和"
    )


def draft(world: World) -> PlanVersion:
    brand = own_brand(world)
    rules = [Term(1, "guide", 50_000), Term(2, "residual")]
    known = plans.drafts_of(brand)
    begins = timezone.now() + timedelta(days=1)
    given = {"mode": "direct", "rules": rules, "effective_from": begins, "by": selling.TILL}
    return known[0] if known else plans.draft(brand=brand, **given)


def published_version(world: World) -> PlanVersion:
    known = plans.versions_of(own_brand(world))
    return known[0] if known else plans.publish_draft(draft(world), by=selling.TILL)


def attribution_draft(world: World) -> AttributionPolicy:
    known = attribution_policies.drafts_of(world.hehe)
    if known:
        return known[0]
    return attribution_policies.draft(merchant=world.hehe, rules=DEFAULT.rules, by=selling.TILL)


def attribution_policy(world: World) -> AttributionPolicy:
    known = attribution_policies.published_by(world.hehe)
    return known[0] if known else attribution_policies.publish(attribution_draft(world), by=selling.TILL)


def batch(world: World) -> SettlementBatch:
    return batches.open_batch(world.hehe, date(2026, 11, 20))


def appeal(world: World, store: Store | None = None) -> Appeal:
    """Lin's, of Hehe's own goods: they stand in Hehe's book, and Hehe decides."""
    order = sale(world, store)
    accruals.book(order)
    known = Appeal.objects.filter(split__order=order, guide=world.lin, state=Appeal.State.OPEN).first()
    return known or appeals.appeal(
        line=order.lines.get(), guide=world.lin, reason="served", by=selling.TILL, at=order.paid_at
    )


def party(world: World) -> Party:
    """Lin, with an account in Hehe's book."""
    ids_of([Place(world.hehe.pk, named("due", world.lin.party), "CNY")])
    return world.lin.party


def own_account(world: World) -> Account:
    """Hehe's, at its bank; the stranger has none."""
    ids_of([Place(world.hehe.pk, held("bank"), "CNY")])
    return Account.objects.get(code="held:bank")


def payout(world: World) -> Payout:
    """What Hehe pays Lin by hand; it stays as it was made."""
    return Payout.objects.filter(guide=world.lin).first() or _pay(world, world.lin.party, rail="manual")


def payout_received(world: World) -> Payout:
    """What Qinglan says it sent to Hehe."""
    if known := Payout.payable.filter(guide=None).first():
        return known
    with world.inside(world.qinglan):
        payout = _pay(world, world.hehe.party, rail="manual", book=world.qinglan)
    return answers.submit(payout, by=selling.TILL)


def bank_file(world: World) -> BankFile:
    """Hehe's file for the bank, with a payout to Qinglan."""
    if known := BankFile.objects.first():
        return known
    payee = world.qinglan.party
    payee_accounts.keep(
        payer=world.hehe,
        party=payee,
        holder="青岚服饰",
        bank="招商银行",
        number="6225880001",
        by=selling.TILL,
    )
    return bank_files.export(book=world.hehe, payouts=[_pay(world, payee, rail="bank")], by=selling.TILL)


def rail_bill(world: World) -> RailBill:
    """Hehe's bank moved something that nobody here knows of."""
    day = date(2026, 11, 20)
    file = "日期,金额,附言\n2026-11-20,88.00,房租\n".encode()
    given = {"merchant": world.hehe, "rail": "bank", "file": file, "name": "bank.csv", "by": selling.TILL}
    return import_bill(first=day, last=day, **given)[0]


def found_break(world: World) -> Break:
    return rail_bill(world).breaks.get()


def _pay(world: World, payee: Party, *, rail: str, book: Merchant | None = None) -> Payout:
    now, book = timezone.now(), book or world.hehe
    due = Entry(book.pk, "share", held("bank"), named("due", payee), 5000)
    post([Story("test", payee.ref, now.date(), now, "CNY", (due,))])
    return paying.pay(book=book, payee=payee, rail=rail, by=selling.TILL)


def own_campaign(world: World) -> Campaign:
    known = Campaign.objects.filter(brand=None).first()
    return known or selling.campaign_of(world.hehe, None, bearers=[("store", 1_000_000)])


def programme(world: World) -> Programme:
    known = Programme.objects.first()
    return known or programmes.register(merchant=world.hehe, code="card", name="和合储值卡", by=selling.TILL)


def topped_up(world: World) -> TopUp:
    with world.inside(world.hehe):
        held = programme(world)
    row, _is_new = programmes.top_up(
        programme=held, external_no="U-1", paid=10_000, bonus=500, place="cash", by=selling.TILL
    )
    return row


def campaign(world: World) -> Campaign:
    """One that may be sent at Jing'an now."""
    now = timezone.now()
    begins, ends = now - timedelta(days=1), now + timedelta(days=9)
    dates = {"claim_from": begins, "claim_until": ends, "use_from": begins, "use_until": ends}
    return selling.campaign_of(world.qinglan, world.qinglan_brand, **dates)


def follow_up(world: World) -> FollowUp:
    """Lin's welcome to Fang."""
    member = fang(world).channel_member
    mine = {"merchant": world.hehe, "member": member, "guide": world.lin, "kind": FollowUp.Kind.WELCOME}
    row, _made = FollowUp.objects.get_or_create(**mine, done_at=None, defaults={"due_at": timezone.now()})
    return row


def sale(world: World, store: Store | None = None) -> Order:
    tote = Sku.objects.get(pk=world.tote.pk)
    return selling.sold(store or world.jingan, selling.line(tote), no=f"T-{(store or world.jingan).code}")


def early_refund(world: World) -> ParkedRefund:
    """Told before its sale, of a line that this has not."""
    if (known := ParkedRefund.objects.first()) is None:
        known, _is_new = selling.money_back(
            world.hehe, RefundLineFacts(number=9, amount=100), order_no="T-early", no="R-early"
        )
        selling.sold(world.jingan, selling.line(Sku.objects.get(pk=world.tote.pk)), no="T-early")
    return known


def putuo(world: World) -> Store:
    """Hehe's other store, which Jing'an's manager has nothing to do with."""
    return Store.objects.filter(code="PT01").first() or make_store(
        world.hehe, code="PT01", name="和合普陀店", kind="collection", lng=121.4, lat=31.2
    )


def guide_elsewhere(world: World) -> Guide:
    """Who serves at Putuo."""
    known = Guide.objects.filter(code="G201").first()
    return known or make_guide(putuo(world), code="G201", name="蒲英", phone="+8613900000201")


def offer(world: World) -> Contract:
    """Mubai's, to sell its tea at Putuo; nobody has answered it."""
    known = Contract.party.drafts().first()
    return known or make_contract(world.mubai_brand, putuo(world), mode="direct", accepted_at=None)
