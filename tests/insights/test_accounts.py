"""Whose an account is, in names the reader's contracts share."""

from django.utils import translation

from flows import settlement
from insights import accounts
from ledger.proof import trial_balance
from merchants.models import Party
from tests.plans import publish_plans
from tests.selling import line, sold


def guides_of(world, merchant) -> list[str]:
    with world.inside(merchant), translation.override("en"):
        rows = [row for row in trial_balance(merchant).rows if row.account.party]
        return [
            row.party for row in accounts.named(r for r in rows if r.account.party.kind == Party.Kind.GUIDE)
        ]


def test_a_partner_s_guide_is_named_with_the_store_and_one_s_own_by_name(world):
    publish_plans(world)
    for store in (world.jingan, world.xuhui):
        guide = world.lin if store == world.jingan else world.chen
        order = sold(store, line(world.coat), no=store.code, touches={"serving": guide.ref})
        with world.inside(store.merchant):
            settlement.book_and_settle([order.id], seller=store.merchant)
    assert set(guides_of(world, world.qinglan)) == {"林小雨 · 和合静安店", world.chen.name}


def test_without_a_contract_no_name_is_told(world):
    publish_plans(world)
    order = sold(world.jingan, line(world.coat), touches={"serving": world.lin.ref})
    with world.inside(world.hehe):
        settlement.book_and_settle([order.id], seller=world.hehe)
    with world.inside(world.qinglan):
        (balance,) = [r for r in trial_balance(world.qinglan).rows if r.account.party == world.lin.party][:1]
    with world.inside(world.stranger), translation.override("en"):
        assert [row.party for row in accounts.named([balance])] == ["A guide of a partner store"]
