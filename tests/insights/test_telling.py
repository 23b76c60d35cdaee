"""Every event the product writes has a sentence or words, in the reader's language."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone, translation

from commissions import batches, plans
from commissions.splitting import Term
from events.models import Event
from events.record import Actor
from flows import settlement
from flows.signing_in import tell
from insights import event_words, telling
from insights.names import Names
from members.reveal import reveal
from merchants.models import ApiKey
from merchants.onboarding import issue_key, revoke_key
from orders.facts import RefundLineFacts
from stores import contracts, drafts
from stores.terms import Terms
from tests.people import NOON
from tests.plans import publish_plans
from tests.selling import campaign_of, coupon_for, joined, line, money_back, sold

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "merchants",
    "ledger",
    "stores",
    "catalog",
    "guides",
    "members",
    "orders",
    "coupons",
    "commissions",
    "flows",
)
KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def written_kinds() -> dict[str, str]:
    """Kind → the file that writes it: what is handed on as `kind`, down to `record` or a Happening."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for kind in kinds_in(ast.parse(path.read_text())):
                found[kind] = str(path.relative_to(ROOT))
    return found


def kinds_in(tree: ast.Module) -> Iterator[str]:
    place = {"record": 0, "Happening": 0, "announce": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "kind" in (names := [arg.arg for arg in node.args.args]):
            place[node.name] = names.index("kind")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or name_of(node.func) not in place:
            continue
        given = node.args[place[name_of(node.func)] :][:1]
        given += [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
        for constant in (part for value in given for part in ast.walk(value)):
            if isinstance(constant, ast.Constant) and KIND.fullmatch(str(constant.value)):
                yield constant.value


def name_of(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


WRITTEN = written_kinds() | {f"{noun}.changed": "catalog/listing.py" for noun in ("product", "sku")}


def test_the_walk_finds_what_is_written():
    assert {
        "order.paid",
        "order.lines_refunded",
        "commission.clawed",
        "member.left",
        "guide.off_duty",
    } <= set(WRITTEN)


@pytest.mark.parametrize("kind", sorted(WRITTEN))
def test_a_kind_that_is_written_is_told_in_words(kind):
    assert kind in telling._SENTENCES or kind in event_words.KINDS, f"{WRITTEN[kind]} writes {kind}"


def test_what_happened_reads_as_sentences_with_the_names_one_may_know(world, told_to):
    one = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    _coupon, code = coupon_for(campaign, one.member)
    order = sold(
        world.jingan,
        line(world.coat),
        line(world.tea),
        phone="13800010001",
        coupons=(code,),
    )
    money_back(world.hehe, RefundLineFacts(number=2, quantity=1, amount=12800))
    theirs, ours = told_to(world.hehe), told_to(world.qinglan)
    assert f"和合静安店 sold ¥997.00, order {order.external_no}" in theirs
    assert f"和合静安店 sold ¥869.00, order {order.external_no}" in ours
    assert f"和合静安店 refunded ¥128.00 of order {order.external_no}" in theirs
    assert "和合静安店 redeemed 满200减30, ¥30.00 off" in ours
    assert "方女士 joined at 和合静安店" in ours
    assert not [sentence for sentence in ours if "997" in sentence or "128.00" in sentence]


def test_a_share_is_told_with_whose_it_is_and_only_a_guide_s_is_called_commission(world, told_to):
    publish_plans(world)
    order = sold(world.jingan, line(world.coat), touches={"serving": world.lin.ref})
    with world.inside(world.hehe):
        settlement.book_and_settle([order.id], seller=world.hehe)
    ours = [sentence for sentence in told_to(world.qinglan) if "booked" in sentence]
    assert all(order.external_no in sentence for sentence in ours)
    guides, others = ([s for s in ours if s.startswith(words)] for words in ("Commission of", "Split: "))
    assert guides and all("林小雨" in sentence for sentence in guides)
    assert [sentence for sentence in others if "青岚服饰" in sentence], "what the brand keeps of its own sale"
    assert len(guides) + len(others) == len(ours)


def test_a_follow_up_names_the_guide_and_the_member(world, told_to):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    assert "林小雨 has a follow-up about 方女士" in told_to(world.hehe)


def test_a_batch_of_several_orders_is_counted(world):
    event = Event(
        merchant_id=world.hehe.id,
        kind="commission.settled",
        subject=world.lin.ref,
        payload={"payee": world.lin.ref, "amount": 1234, "orders": ["ord_1", "ord_2"]},
        at=NOON,
    )
    event.seq = 1
    with translation.override("en"):
        (told,) = telling.tell([event], merchant=world.hehe)
    assert told.text == "Commission of ¥12.34 settled for 林小雨, 2 orders"


def test_of_a_closed_day_the_shares_of_a_store_are_counted(world):
    event = Event(
        merchant_id=world.hehe.id,
        kind="commission.settled",
        subject=world.lin.ref,
        payload={"payee": world.lin.ref, "amount": 1234, "count": 7, "batch": "stb_1"},
        concerns=[world.lin.ref, world.jingan.ref],
        at=NOON,
    )
    event.seq = 1
    with translation.override("en"):
        (told,) = telling.tell([event], merchant=world.hehe)
    assert told.text == "Commission of ¥12.34 settled for 林小雨, 7 shares at 和合静安店"
    assert told.about == ("store", world.jingan.ref)


def test_a_colleague_who_signs_in_is_named_to_their_own_merchant_alone(world, told_to):
    tell(world.he, "signin.succeeded")
    assert told_to(world.hehe)[0] == "何平 signed in"
    event = Event(
        merchant_id=world.qinglan.id, kind="signin.refused", subject=world.he.ref, payload={}, at=NOON
    )
    event.seq = 1
    with translation.override("en"):
        (told,) = telling.tell([event], merchant=world.qinglan)
    assert told.text == "A sign-in as a colleague was refused"


def test_a_stranger_s_name_stays_a_word(world):
    one = joined(world.qinglan_brand, world.jingan)
    event = Event(
        merchant_id=world.stranger.id,
        kind="member.joined",
        subject=one.member.ref,
        payload={"member": one.member.ref, "store": world.jingan.ref},
        at=NOON,
    )
    event.seq = 1
    with translation.override("en"):
        assert [told.text for told in telling.tell([event], merchant=world.stranger)] == [
            "A member joined at a store"
        ]


def test_a_revoked_key_and_an_ended_contract_are_told(world, told_to):
    by = Actor.user(world.gu.ref)
    with world.inside(world.qinglan):
        key, _secret = issue_key(merchant=world.qinglan, name="till", by=by)
        revoke_key(key=key, by=by)
        revoke_key(key=key, by=by)
        reveal(member=joined(world.qinglan_brand, world.xuhui).member, by=by, reason="call")
        contracts.terminate(contract=world.qinglan_at_jingan, by=by, at=NOON)
        assert ApiKey.objects.get(pk=key.pk).revoked_at
    told = told_to(world.qinglan)
    assert told.count("An API key was revoked") == 1
    assert f"{world.gu.name} ended the contract for Qinglan at 和合静安店" in told
    assert "A phone number was looked at in full" in told


def test_a_draft_tells_the_brand_the_stores_name_and_nobody_who_serves_there(world, told_to):
    terms = replace(Terms.of(world.mubai_at_jingan), starts_at=NOON)
    by = Actor.system("tests")
    offer = drafts.draft(brand=world.mubai_brand, store=world.xuhui, terms=terms, by=by, at=NOON)
    assert "Tiandi drafted a contract for Mubai at 青岚徐汇店" in told_to(world.mubai)
    with world.inside(world.mubai):
        assert Names({world.chen.ref}, {}).of(world.chen.ref, "a guide") == "a guide"
    given = {"version": 1, "merchant": world.qinglan, "by": by, "at": NOON}
    drafts.accept(contract=offer, **given)
    with world.inside(world.mubai):
        assert Names({world.chen.ref}, {}).of(world.chen.ref, "a guide") == "陈一诺"


def test_plans_contracts_and_settlements_say_who_did_what_about_which_brand(world, told_to):
    """The other side's people stay nameless: what they did, their side did."""
    by = Actor.user(world.gu.ref)
    rules = [Term(1, "guide", 50_000), Term(2, "residual")]
    given = {"mode": "central", "rules": rules, "effective_from": timezone.now() + timedelta(days=1)}
    with world.inside(world.qinglan):
        version = plans.draft(brand=world.qinglan_brand, by=by, **given)
        plans.publish_draft(version, by=by)
        plans.recall(version, by=by)
    told = told_to(world.qinglan)
    for words in ("drafted version 1 of", "published version 1 of", "took version 1 of"):
        assert any(f"{world.gu.name} {words} the commission plan of Qinglan" in text for text in told), words
    contracts.terminate(contract=world.qinglan_at_jingan, merchant=world.qinglan, by=by, at=NOON)
    assert "The other side ended the contract for Qinglan at 和合静安店" in told_to(world.hehe)
    batch = batches.open_batch(world.hehe, date(2026, 11, 20))
    batches.freeze(batch, by=Actor.system("tests"), at=NOON)
    assert "The sales up to 2026-11-20 are closed for settlement: 0 lines" in told_to(world.hehe)
