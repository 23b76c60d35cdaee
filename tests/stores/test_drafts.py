"""A contract on its way from a brand's owner to a store's merchant, and what it does once it is accepted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from events.models import Event
from events.record import Actor
from merchants.errors import Conflict, DomainError, Forbidden
from merchants.onboarding import root_of
from stores import contracts, drafts
from stores.contracts import live_contract
from stores.models import Contract, Store
from stores.terms import Terms, differing
from tests.people import NOON
from tests.selling import line, sold

DAY = timedelta(days=1)
GU, HE = Actor.user("usr_gu"), Actor.user("usr_he")


@pytest.fixture
def terms(world):
    with world.inside(world.mubai):
        unit = root_of(world.mubai)
    return Terms(brand_unit=unit, mode="direct", settlement="T1", guide_pay="direct", starts_at=NOON + DAY)


@pytest.fixture
def offer(world, terms):
    """Mubai offers Qinglan's Xuhui store its tea, from tomorrow on."""
    return drafts.draft(brand=world.mubai_brand, store=world.xuhui, terms=terms, by=GU, at=NOON)


def accepts(world, contract, **changes):
    given = {"version": contract.terms_version, "merchant": contract.counterparty, "by": HE, "at": NOON}
    return drafts.accept(contract=contract, **(given | changes))


def told(kind):
    return {event.merchant_id: event.payload for event in Event.objects.filter(kind=kind)}


def refusal_of(verb, **given) -> str:
    with pytest.raises(DomainError) as refusal:
        verb(**given)
    assert refusal.value.next_step
    return refusal.value.code


class TestADraft:
    def test_is_read_by_both_and_sells_nothing(self, world, offer):
        assert offer.is_draft and offer.terms_version == 1
        with world.inside(world.qinglan):
            assert offer in Contract.party.drafts()
        assert live_contract(brand=world.mubai_brand, store=world.xuhui, at=NOON + 2 * DAY) is None
        events = told("contract.drafted")
        assert set(events) == {world.mubai.id, world.qinglan.id}
        assert events[world.mubai.id]["own_deed"] and not events[world.qinglan.id]["own_deed"]
        with world.inside(world.stranger):
            assert not Contract.party.exists() and not Contract.objects.exists()

    def test_grows_a_version_with_each_change_and_with_nothing_else(self, world, offer, terms):
        given = {"contract": offer, "merchant": world.mubai, "by": GU, "at": NOON}
        assert drafts.revise(changes=terms.as_fields(), **given).terms_version == 1
        revised = drafts.revise(changes={"mode": "central"}, **given)
        assert (revised.terms_version, revised.mode) == (2, "central")
        assert set(told("contract.revised")) == {world.mubai.id, world.qinglan.id}

    def test_is_not_changed_by_who_read_other_terms(self, world, offer):
        given = {"contract": offer, "merchant": world.mubai, "by": GU, "at": NOON}
        drafts.revise(changes={"reserve_ppm": 500_000}, version=1, **given)
        assert refusal_of(drafts.revise, changes={"mode": "central"}, version=1, **given) == (
            "contract.terms_changed"
        )
        with world.inside(world.mubai):
            assert Contract.objects.get(pk=offer.pk).mode == "direct"

    def test_is_the_brands_to_change_and_the_stores_to_answer(self, world, offer, terms):
        brands, stores = world.mubai, world.qinglan
        for verb, side, given in [
            (drafts.revise, stores, {"changes": {}}),
            (drafts.amend, stores, {"terms": terms}),
            (drafts.withdraw, stores, {}),
            (drafts.accept, brands, {"version": 1}),
            (drafts.decline, brands, {"reason": ""}),
        ]:
            with pytest.raises(Forbidden, match="contract.not_your_side"):
                verb(contract=offer, merchant=side, by=GU, at=NOON, **given)

    def test_once_withdrawn_or_declined_is_over(self, world, offer, terms):
        drafts.decline(contract=offer, reason="抽成太高", merchant=world.qinglan, by=HE, at=NOON)
        again = drafts.decline(contract=offer, reason="", merchant=world.qinglan, by=HE, at=NOON)
        assert again.decline_reason == "抽成太高"
        assert len(told("contract.declined")) == 2 and "抽成太高" not in str(told("contract.declined"))
        with pytest.raises(Conflict, match="contract.not_open"):
            accepts(world, offer)
        given = {"contract": offer, "merchant": world.mubai, "by": GU, "at": NOON}
        assert refusal_of(drafts.revise, changes=terms.as_fields(), **given) == "contract.not_open"
        assert refusal_of(drafts.withdraw, **given) == "contract.not_open"

    def test_may_be_withdrawn_once(self, world, offer):
        for _twice in range(2):
            drafts.withdraw(contract=offer, merchant=world.mubai, by=GU, at=NOON)
        assert Event.objects.filter(kind="contract.withdrawn").count() == 2, "one for each side"

    def test_has_not_been_anything_else_and_cannot_be_ended(self, offer):
        assert refusal_of(contracts.terminate, contract=offer, by=HE) == "contract.not_accepted"

    def test_ends_in_one_way_only(self, world, offer):
        with world.inside(world.mubai), pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.filter(pk=offer.pk).update(declined_at=NOON, withdrawn_at=NOON)

    def test_begins_today_at_the_earliest_on_the_stores_clock(self, world, terms):
        given = {"brand": world.mubai_brand, "store": world.xuhui, "by": GU, "at": NOON}
        midnight = NOON.replace(hour=16) - DAY  # in Shanghai
        assert drafts.draft(terms=replace(terms, starts_at=midnight), **given)
        early = replace(terms, starts_at=midnight - timedelta(minutes=1))
        assert refusal_of(drafts.draft, terms=early, **given) == "contract.begins_in_past"
        gone = replace(terms, starts_at=midnight, ends_at=NOON)
        assert refusal_of(drafts.draft, terms=gone, **given) == "contract.begins_in_past"

    def test_is_the_only_open_one_of_its_brand_and_store(self, world, offer, terms):
        given = {"brand": world.mubai_brand, "store": world.xuhui, "terms": terms, "by": GU, "at": NOON}
        assert refusal_of(drafts.draft, **given) == "contract.draft_open"
        drafts.withdraw(contract=offer, merchant=world.mubai, by=GU, at=NOON)
        second = drafts.draft(**given)
        drafts.decline(contract=second, reason="", merchant=world.qinglan, by=HE, at=NOON)
        accepts(world, drafts.draft(**given))
        live = {"contract": world.mubai_at_jingan, "merchant": world.mubai, "by": GU, "at": NOON}
        assert drafts.amend(terms=terms, **live).is_draft
        assert refusal_of(drafts.amend, terms=terms, **live) == "contract.draft_open"

    def test_names_the_contract_that_holds_over_part_of_its_time(self, world, terms):
        given = {"brand": world.mubai_brand, "store": world.jingan, "by": GU, "at": NOON}
        with pytest.raises(Conflict) as refusal:
            drafts.draft(terms=terms, **given)
        assert refusal.value.code == "contract.overlaps"
        assert refusal.value.extra == {"contract": world.mubai_at_jingan.ref}
        for named in (world.mubai_brand.local_name, world.jingan.name, "2026-01-01"):
            assert named in str(refusal.value.message)
        contracts.terminate(contract=world.mubai_at_jingan, by=GU, at=terms.starts_at)
        offer = drafts.draft(terms=replace(terms, ends_at=terms.starts_at + DAY), **given)
        changes = {"starts_at": terms.starts_at - timedelta(hours=1)}
        earlier = {"contract": offer, "changes": changes, "merchant": world.mubai, "by": GU, "at": NOON}
        assert refusal_of(drafts.revise, **earlier) == "contract.overlaps"

    def test_names_no_store_that_is_closed_for_good(self, world, terms):
        world.xuhui.status = Store.Status.CLOSED
        given = {"brand": world.mubai_brand, "store": world.xuhui, "by": GU, "at": NOON}
        assert refusal_of(drafts.draft, terms=terms, **given) == "contract.store_closed"

    def test_promises_no_longer_return_than_a_year(self, world, terms):
        given = {"brand": world.mubai_brand, "store": world.xuhui, "by": GU, "at": NOON}
        endless = replace(terms, return_window_days=366)
        assert refusal_of(drafts.draft, terms=endless, **given) == "contract.return_window"

    def test_with_ones_own_store_is_accepted_by_drafting_it(self, world, terms):
        with world.inside(world.qinglan):
            unit = root_of(world.qinglan)
        contracts.terminate(contract=world.qinglan_at_xuhui, by=GU, at=NOON)
        own = drafts.draft(
            brand=world.qinglan_brand,
            store=world.xuhui,
            terms=replace(terms, brand_unit=unit),
            by=GU,
            at=NOON,
        )
        assert own.accepted_at == NOON
        assert list(told("contract.accepted")) == [world.qinglan.id] and not told("contract.drafted")


class TestAccepting:
    def test_lets_the_store_sell_from_its_begin_on(self, world, offer):
        accepts(world, offer)
        with pytest.raises(DomainError, match="contract.missing"):
            sold(world.xuhui, line(world.tea), no="T-1", paid_at=NOON + DAY - timedelta(seconds=1))
        order = sold(world.xuhui, line(world.tea), no="T-2", paid_at=NOON + DAY)
        with world.inside(world.qinglan):
            assert order.lines.get().contract == offer

    def test_is_told_to_both_and_done_once(self, world, offer):
        first, second = accepts(world, offer), accepts(world, offer, at=NOON + timedelta(minutes=5))
        assert first.accepted_at == second.accepted_at == NOON
        events = told("contract.accepted")
        assert events[world.qinglan.id]["own_deed"] and not events[world.mubai.id]["own_deed"]
        assert Event.objects.filter(kind="contract.accepted").count() == 2

    def test_takes_only_the_version_that_was_read(self, world, offer, terms):
        dearer = {"reserve_ppm": 500_000}
        drafts.revise(contract=offer, changes=dearer, merchant=world.mubai, by=GU, at=NOON)
        with pytest.raises(Conflict) as refusal:
            accepts(world, offer)
        assert refusal.value.code == "contract.terms_changed" and refusal.value.extra == {"version": 2}
        assert accepts(world, offer, version=2).reserve_ppm == 500_000

    def test_may_come_on_the_evening_of_its_first_day_and_no_later(self, world, offer):
        evening = NOON + DAY + timedelta(hours=11)
        assert accepts(world, offer, at=evening).accepted_at == evening

    def test_is_refused_a_day_late(self, world, offer):
        given = {"contract": offer, "version": 1, "merchant": world.qinglan, "by": HE}
        assert refusal_of(drafts.accept, at=NOON + 2 * DAY, **given) == "contract.begins_in_past"

    def test_two_contracts_over_one_time_is_refused(self, world, offer, terms):
        agreed = terms.as_fields() | {"starts_at": NOON + 9 * DAY}
        contracts.agree(brand=world.mubai_brand, store=world.xuhui, by=GU, **agreed)
        with pytest.raises(Conflict, match="contract.overlaps"):
            accepts(world, offer)
        with world.inside(world.mubai):
            assert Contract.objects.get(pk=offer.pk).is_draft

    def test_freezes_the_terms(self, world, offer, terms):
        accepts(world, offer)
        given = {"contract": offer, "merchant": world.mubai, "by": GU, "at": NOON}
        assert refusal_of(drafts.revise, changes=terms.as_fields(), **given) == "contract.not_open"
        with world.inside(world.mubai), pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            Contract.objects.filter(pk=offer.pk).update(terms_version=2)


class TestAmending:
    @pytest.fixture
    def amended(self, world):
        """Mubai's contract with Jing'an, drafted anew with T+1 from tomorrow on."""
        live = world.mubai_at_jingan
        terms = replace(Terms.of(live), settlement="T1", starts_at=NOON + DAY)
        return drafts.amend(contract=live, terms=terms, merchant=world.mubai, by=GU, at=NOON)

    def at(self, world, instant):
        return live_contract(brand=world.mubai_brand, store=world.jingan, at=instant)

    def test_leaves_the_live_contract_until_it_is_accepted(self, world, amended):
        assert amended.succeeds == world.mubai_at_jingan
        assert differing(amended, world.mubai_at_jingan) == {"settlement", "starts_at"}
        assert self.at(world, NOON + 2 * DAY) == world.mubai_at_jingan

    def test_ends_the_live_contract_where_it_begins(self, world, amended):
        accepts(world, amended)
        assert self.at(world, NOON + DAY - timedelta(seconds=1)) == world.mubai_at_jingan
        assert self.at(world, NOON + DAY) == amended
        ended = told("contract.ended")
        assert set(ended) == {world.mubai.id, world.hehe.id}
        assert ended[world.mubai.id]["contract"] == world.mubai_at_jingan.ref

    def test_is_never_backdated_over_what_was_sold(self, world, amended):
        given = {"contract": amended, "version": 1, "merchant": world.hehe, "by": HE}
        late = NOON + DAY + timedelta(seconds=1)
        assert refusal_of(drafts.accept, at=late, **given) == "contract.begins_in_past"
        assert self.at(world, late) == world.mubai_at_jingan

    def test_does_not_bring_back_a_contract_that_was_ended_meanwhile(self, world, amended):
        contracts.terminate(contract=world.mubai_at_jingan, by=GU, at=NOON + timedelta(hours=1))
        with pytest.raises(Conflict, match="contract.not_in_force"):
            accepts(world, amended, at=NOON + timedelta(hours=2))
        assert self.at(world, NOON + 2 * DAY) is None

    def test_may_begin_where_a_contract_with_an_end_ends(self, world, amended):
        contracts.terminate(contract=world.mubai_at_jingan, by=GU, at=amended.starts_at)
        accepts(world, amended)
        assert self.at(world, NOON + DAY) == amended

    def test_takes_the_place_only_of_a_contract_that_lives_then(self, world, offer):
        live = world.mubai_at_jingan
        before = replace(Terms.of(live), starts_at=live.starts_at)
        given = {"merchant": world.mubai, "by": GU, "at": NOON}
        assert refusal_of(drafts.amend, contract=live, terms=before, **given) == "contract.not_in_force"
        later = replace(Terms.of(offer), starts_at=NOON + 2 * DAY)
        assert refusal_of(drafts.amend, contract=offer, terms=later, **given) == "contract.not_in_force"
        contracts.terminate(contract=live, by=HE, at=NOON)
        after = replace(Terms.of(live), starts_at=NOON + DAY)
        with world.inside(world.mubai):
            over = Contract.objects.get(pk=live.pk)
        assert refusal_of(drafts.amend, contract=over, terms=after, **given) == "contract.not_in_force"


def test_a_store_is_found_by_the_number_its_merchant_tells_and_by_nothing_else(world):
    assert drafts.store_told(world.jingan.ref) == world.jingan
    for guess in ("JA01", "和合静安店", "sto_", world.jingan.ref[:-1], ""):
        assert drafts.store_told(guess) is None
