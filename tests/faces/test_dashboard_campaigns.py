"""Headquarters: campaigns are started, paused and counted."""

import re

import pytest

from coupons.models import Campaign
from tests.faces.headquarters import words

CAMPAIGN = {
    "threshold": "200",
    "amount_off": "30",
    "issue_limit": "100",
    "per_member_limit": "1",
    "claim_from": "2026-11-20T00:00",
    "claim_until": "2026-12-20T00:00",
    "use_from": "2026-11-20T00:00",
    "use_until": "2026-12-31T00:00",
}


def test_a_campaign_is_started_paused_and_let_run_again(world, at_desk):
    gu = at_desk(world.gu)
    given = CAMPAIGN | {"name": "满200减30", "brand": world.qinglan_brand.ref}
    answer = gu.post("/hq/campaigns/new/", given | {"brand_part": "70", "store_part": "30"})
    assert answer.status_code == 302
    with world.inside(world.qinglan):
        campaign = Campaign.objects.get(name="满200减30")
    assert (campaign.threshold, campaign.amount_off) == (20000, 3000)
    assert campaign.bearers == [["brand", 700_000], ["store", 300_000]]
    assert campaign.claim_from.isoformat() == "2026-11-19T16:00:00+00:00"  # midnight in Shanghai
    for verb, state in (("pause", "paused"), ("resume", "active")):
        gu.post(f"/hq/campaigns/{campaign.ref}/{verb}/")
        with world.inside(world.qinglan):
            campaign.refresh_from_db()
        assert campaign.state == state


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"brand_part": "70", "store_part": "20"}, "must come to the whole"),
        ({"amount_off": "300"}, "not above the threshold"),
        ({"claim_until": "2026-11-01T00:00"}, "A window ends after it begins"),
        ({"name": ""}, "This is still empty"),
        ({"threshold": "two hundred"}, "Write an amount in yuan"),
        ({"brand": "brd_of_somebody"}, "Choose from the list"),
        ({"use_until": "0001-01-01T00:00"}, "between 1 January 2000 and 1 January 2100"),
        ({"use_until": "9999-12-31T23:59"}, "between 1 January 2000 and 1 January 2100"),
        ({"claim_from": "0001-01-01T00:00+14:00"}, "between 1 January 2000 and 1 January 2100"),
        ({"claim_until": "9999-12-31T23:59-14:00"}, "between 1 January 2000 and 1 January 2100"),
        ({"issue_limit": "٣"}, "Write a whole number"),
        ({"issue_limit": "1e2"}, "Write a whole number"),
        ({"per_member_limit": "1.0"}, "Write a whole number"),
        ({"per_member_limit": "0"}, "whole number from 1 to 32,767"),
        ({"brand_part": "1e2"}, "Write percent as a number"),
        ({"brand_part": "٣٠"}, "Write percent as a number"),
        ({"brand_part": "1e900000"}, "Write percent as a number"),
        ({"brand_part": "100.1"}, "percent from 0 to 100"),
    ],
)
def test_a_wrong_campaign_says_what_is_wrong_and_makes_nothing(world, at_desk, changed, said):
    given = CAMPAIGN | {"name": "x", "brand": world.qinglan_brand.ref} | changed
    answer = at_desk(world.gu).post("/hq/campaigns/new/", given)
    assert answer.status_code == 422
    assert said in words(answer)
    with world.inside(world.qinglan):
        assert not Campaign.objects.exists()


def test_a_campaign_s_report_counts_what_was_sent_redeemed_left_and_brought(world, at_desk, receipt):
    page = words(at_desk(world.gu).get("/hq/campaigns/"))
    assert "999" in page  # of 1,000
    assert "¥30.00" in page and "¥869.00" in page
    assert "满200减30" not in words(at_desk(world.he).get("/hq/campaigns/"))


def test_a_form_sent_twice_makes_one_campaign_and_says_so_if_it_was_changed_meanwhile(world, at_desk):
    gu = at_desk(world.gu)
    key = re.search(r'name="form_key" value="([^"]+)"', words(gu.get("/hq/campaigns/new/")))[1]
    given = CAMPAIGN | {"name": "满200减30", "brand": world.qinglan_brand.ref, "form_key": key}
    first, again = (gu.post("/hq/campaigns/new/", given) for _tap in range(2))
    assert first["Location"] == again["Location"]
    changed = gu.post("/hq/campaigns/new/", given | {"amount_off": "50"})
    assert changed.status_code == 422
    assert "begin a new form" in words(changed)
    with world.inside(world.qinglan):
        assert Campaign.objects.get().amount_off == 3000
