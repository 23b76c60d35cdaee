"""Headquarters on the first day: what is to be set up, its keys, and pages with nothing on them yet."""

import pytest

from events.models import Event
from events.record import Actor
from merchants.keys import key_for
from merchants.models import ApiKey
from merchants.onboarding import API_SCOPES, issue_key
from tests.faces.headquarters import words
from tests.people import NOON
from tests.selling import line, sold


def test_a_key_is_shown_once_works_and_is_revoked(world, at_desk):
    gu = at_desk(world.gu)
    answer = gu.post("/hq/keys/", {"name": "Till", "mode": "test", "scopes": ["orders:write"]})
    secret = answer.context["secret"]
    assert answer.status_code == 200 and secret in words(answer)
    assert secret not in words(gu.get("/hq/keys/"))
    key = key_for(secret, at=NOON)
    assert (key.merchant, key.scopes) == (world.qinglan, ["orders:write"])
    gu.post(f"/hq/keys/{key.ref}/revoke/")
    assert key_for(secret, at=NOON) is None
    assert Event.objects.filter(kind="key.revoked", merchant_id=world.qinglan.id).count() == 1


def test_what_a_key_may_do_is_said_in_words_beside_its_code(world, at_desk):
    page = words(at_desk(world.gu).get("/hq/keys/"))
    for scope in API_SCOPES:
        assert f">{scope}</code>" in page, scope
    assert "Orders and refunds: write" in page


def test_a_key_without_a_scope_is_not_issued(world, at_desk):
    assert at_desk(world.gu).post("/hq/keys/", {"name": "Till", "mode": "test"}).status_code == 422
    with world.inside(world.qinglan):
        assert not ApiKey.objects.exists()


def test_another_merchant_s_key_is_not_found(world, at_desk):
    with world.inside(world.hehe):
        key, secret = issue_key(merchant=world.hehe, name="Till", by=Actor.user(world.he.ref))
    assert at_desk(world.gu).post(f"/hq/keys/{key.ref}/revoke/").status_code == 404
    assert key_for(secret, at=NOON)


def test_on_the_first_day_the_overview_lists_what_is_to_be_set_up(world, at_desk):
    page = words(at_desk(world.wei).get("/hq/"))
    assert "Before the first sale" in page and "/hq/keys/" in page
    sold(world.xuhui, line(world.shirt))
    assert "Before the first sale" not in words(at_desk(world.gu).get("/hq/"))


@pytest.mark.parametrize(
    "path", ["/hq/campaigns/new/", "/hq/plans/new/", "/hq/plans/", "/hq/keys/", "/hq/ledger/", "/hq/trade/"]
)
def test_every_page_opens_for_who_has_nothing_yet(world, at_desk, path):
    assert at_desk(world.wei).get(path).status_code == 200
