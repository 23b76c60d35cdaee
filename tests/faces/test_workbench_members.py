"""The members a guide serves: found, shown, sent coupons; and who is not hers is not there."""

import re

import pytest
from django.utils import timezone

from coupons.models import Coupon
from events.models import Event
from members.leaving import withdraw
from merchants.onboarding import appoint
from merchants.roles import Role
from tests.faces.workbench_forms import HTMX
from tests.people import make_user
from tests.selling import FANG, MEI, TILL, campaign_of, joined, line, sold


class TestWhoIsNotHers:
    def test_the_brands_row_of_her_member_is_not_there_nor_a_colleagues_or_a_strangers(
        self, lin, world, fang
    ):
        chens = joined(world.qinglan_brand, world.xuhui, phone=MEI, name="梅女士")
        for ref in (fang.member.ref, chens.member.ref, "mem_nobody"):
            for path in (f"/w/members/{ref}/", f"/w/members/{ref}/coupons/", f"/w/sale/?member={ref}"):
                assert lin.get(path, follow=True).status_code == 404, path

    def test_another_stores_sale_is_not_there(self, lin, world):
        order = sold(world.xuhui, line(world.shirt))
        assert lin.get(f"/w/sales/{order.ref}/").status_code == 404

    def test_headquarters_without_a_guide_is_told_which_roles_may(self, client, world):
        client.force_login(world.gu)
        assert client.get("/w/").status_code == 403

    def test_who_is_not_signed_in_is_sent_to_the_phone_sign_in(self, client, db):
        assert "sign-in/code" in client.get("/w/")["Location"]

    def test_a_guide_between_posts_is_told_what_to_do(self, lin, world):
        with world.inside(world.hehe):
            world.lin.assignments.update(ends_at=timezone.now())
        answer = lin.get("/w/", headers={"Accept-Language": "en"})
        assert answer.status_code == 403 and "Ask your store manager for a post" in answer.content.decode()
        assert "/hq/" not in answer.content.decode(), "which is not open to a guide"

    def test_a_store_manager_who_is_no_guide_is_told_that_and_sent_to_headquarters_pages(self, client, world):
        unit, him = world.jingan.org_unit, make_user("店长", email="manager@hehe.example")
        with world.inside(world.hehe):
            appoint(user=him, merchant=world.hehe, role=Role.STORE_MANAGER, org_unit=unit, by=TILL)
        client.force_login(him)
        answer = client.get("/w/", headers={"Accept-Language": "en"})
        text = answer.content.decode()
        assert answer.status_code == 403 and 'href="/hq/"' in text
        assert "you are not a guide of this merchant" in text and "store manager for a post" not in text
        assert client.get("/hq/").status_code == 200


class TestMembers:
    @pytest.mark.parametrize("text", ["方", "fang", "fns", "0001", FANG, "方女士"])
    def test_a_member_is_found_by_what_one_remembers(self, lin, fang, text):
        page = lin.get("/w/members/", {"q": text})
        assert [member.ref for member in page.context["shown"]] == [fang.channel_member.ref]

    @pytest.mark.parametrize("text", ["王", "wang", "9999", "13800019999", "1380001000199"])
    def test_nobody_else_is_found(self, lin, fang, text):
        page = lin.get("/w/members/", {"q": text}, headers=HTMX)
        assert not page.context["shown"].object_list
        assert "<html" not in page.content.decode()

    def test_her_own_and_the_stores(self, lin, world, fang):
        assert len(lin.get("/w/members/").context["shown"]) == 1
        assert len(lin.get("/w/members/?whose=store").context["shown"]) == 1

    def test_the_card_shows_the_phone_masked_and_the_coupons_the_consent_opens(self, lin, fang, code):
        text = lin.get(f"/w/members/{fang.channel_member.ref}/").content.decode()
        assert "138****0001" in text and FANG not in text
        assert "满200减30" in text and code not in text

    def test_a_brands_own_guide_sees_what_was_allowed_to_the_brand(self, client, world):
        mei = joined(world.qinglan_brand, world.xuhui, phone=MEI, guide=world.chen, at=timezone.now())
        client.force_login(world.chen.user)
        page = client.get(f"/w/members/{mei.member.ref}/", headers={"Accept-Language": "en"}).content.decode()
        assert "Nothing was asked yet." not in page
        assert "Yes · Qinglan · " in page

    def test_a_member_without_a_name_is_called_that_never_by_a_number(self, lin, world):
        nobody = joined(world.qinglan_brand, world.jingan, name="", guide=world.lin, at=timezone.now())
        ref = nobody.channel_member.ref
        for path in ("", "members/", f"members/{ref}/", f"sale/?member={ref}"):
            page = lin.get(f"/w/{path}", headers={"Accept-Language": "en"}, follow=True).content.decode()
            assert "A member without a name" in page and ref not in re.sub(r"<[^>]*>", "", page), path

    def test_a_guide_may_not_reveal_a_phone(self, lin, fang):
        answer = lin.post(f"/w/members/{fang.channel_member.ref}/phone/", {"reason": "call"})
        assert answer.status_code == 403 and FANG not in answer.content.decode()

    def test_a_manager_who_serves_reveals_it_for_a_reason_and_that_is_an_event(self, lin, world, fang):
        with world.inside(world.hehe):
            unit = world.jingan.org_unit
            appoint(user=world.lin.user, merchant=world.hehe, role=Role.STORE_MANAGER, org_unit=unit, by=TILL)
        url = f"/w/members/{fang.channel_member.ref}/phone/"
        assert lin.post(url, headers=HTMX).status_code == 422
        assert not Event.objects.filter(kind="phone.revealed").exists()
        assert lin.get(url).headers["Location"] == f"/w/members/{fang.channel_member.ref}/"
        answer = lin.post(url, {"reason": "call"}, headers=HTMX)
        assert f"+86{FANG}" in answer.content.decode()
        event = Event.objects.get(kind="phone.revealed")
        assert (event.actor_ref, event.subject) == (world.lin.user.ref, fang.channel_member.ref)


class TestSendingACoupon:
    def url(self, fang, campaign):
        return f"/w/members/{fang.channel_member.ref}/coupons/{campaign.ref}/"

    def test_chosen_confirmed_sent_once(self, lin, world, fang, campaign):
        choose = lin.get(f"/w/members/{fang.channel_member.ref}/coupons/")
        assert choose.context["campaigns"] == [campaign]
        page = lin.get(self.url(fang, campaign))
        key = {"claim_key": page.context["claim_key"]}
        for _tap in range(2):
            answer = lin.post(self.url(fang, campaign), key, follow=True)
            assert "999" in answer.content.decode()
        with world.inside(world.qinglan):
            coupon = Coupon.objects.get()
        assert (coupon.member, coupon.sent_by, coupon.store) == (fang.member, world.lin, world.jingan)

    def test_to_who_wants_no_offers_it_goes_only_on_their_own_word(self, lin, world, fang, campaign):
        withdraw(member=fang.member, brand=world.qinglan_brand, purpose="marketing", by=TILL)
        page = lin.get(self.url(fang, campaign), headers={"Accept-Language": "en"})
        assert "No offers wanted, since" in page.content.decode()
        given = {"claim_key": page.context["claim_key"]}
        refused = lin.post(self.url(fang, campaign), given, headers={"Accept-Language": "en"})
        assert (refused.status_code, refused.context["refusal"].code) == (422, "coupon.no_offers")
        with world.inside(world.qinglan):
            assert not Coupon.objects.exists()
        lin.post(self.url(fang, campaign), given | {"asked_for": "on"})
        with world.inside(world.qinglan):
            assert Coupon.objects.get().member == fang.member

    def test_the_card_says_that_offers_are_not_wanted(self, client, world):
        own = joined(world.qinglan_brand, world.xuhui, guide=world.chen)
        client.force_login(world.chen.user)
        card = f"/w/members/{own.member.ref}/"
        words = "Offers are not wanted"
        assert words not in client.get(card, headers={"Accept-Language": "en"}).content.decode()
        withdraw(member=own.member, brand=world.qinglan_brand, purpose="marketing", by=TILL)
        assert words in client.get(card, headers={"Accept-Language": "en"}).content.decode()

    def test_a_brand_the_member_did_not_join_is_shown_apart_and_why(self, lin, world, fang, campaign):
        teas = campaign_of(
            world.mubai, world.mubai_brand, name="茶叶满100减10", use_until=campaign.use_until,
            claim_from=campaign.claim_from, claim_until=campaign.claim_until, use_from=campaign.use_from,
        )  # fmt: skip
        page = lin.get(f"/w/members/{fang.channel_member.ref}/coupons/", headers={"Accept-Language": "en"})
        assert (page.context["campaigns"], page.context["unreached"]) == ([campaign], [teas])
        text = page.content.decode()
        assert "Not known here as a member of Mubai" in text and f"/coupons/{teas.ref}/" not in text

    def test_a_second_one_is_refused_with_the_next_step(self, lin, fang, campaign, code):
        answer = lin.post(self.url(fang, campaign), {"claim_key": "clm_2"})
        assert answer.status_code == 422
        assert answer.context["refusal"].code == "campaign.member_limit"

    def test_a_campaign_of_a_brand_not_sold_here_is_not_there(self, lin, world, fang):
        foreign = campaign_of(world.stranger, None)
        assert lin.get(self.url(fang, foreign)).status_code == 404
