"""The operator's command: a merchant that can sign in and trade, or nothing at all."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from merchants.models import Brand, Merchant, User

ASKED = ["青岚服饰", "--owner-email", "gu@qinglan.example", "--owner-name", "顾清"]
BRAND = ["--brand", "青岚", "--brand-slug", "qinglan"]


def test_the_owner_can_sign_in_at_once_and_the_storefront_is_there(db):
    out = StringIO()
    call_command("onboard", *ASKED, *BRAND, "--runs-stores", stdout=out)
    password = out.getvalue().split(" and ")[1].split()[0]
    client = Client()
    answer = client.post("/account/sign-in/", {"login": "gu@qinglan.example", "password": password})
    assert answer.status_code == 302
    assert client.get("/hq/").status_code == 200
    assert Client().get("/s/qinglan/").status_code == 200


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ([], "owns a brand"),
        (["--brand", "青岚"], "needs both"),
        ([*BRAND[:3], "not a slug"], "slug"),
    ],
)
def test_a_wrong_call_says_why_and_makes_nothing(db, extra, says):
    with pytest.raises(CommandError, match=says):
        call_command("onboard", *ASKED, *extra)
    assert not Merchant.objects.exists() and not User.objects.exists()


def test_a_slug_that_is_taken_leaves_nothing_half_done(world):
    merchants, users = Merchant.objects.count(), User.objects.count()
    with pytest.raises(CommandError, match="taken"):
        call_command("onboard", "另一家", "--owner-email", "new@example.com", "--owner-name", "新", *BRAND)
    assert (Merchant.objects.count(), User.objects.count()) == (merchants, users)
    with world.inside(world.qinglan):
        assert Brand.objects.get(slug="qinglan") == world.qinglan_brand
