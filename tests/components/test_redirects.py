"""People stay on pages: after a refused form, a redirect within a fragment, a post's address loaded again."""

import pytest
from django.test import Client

from tests.faces.shopper import PHONE, at

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def test_a_redirect_of_a_fragment_leads_the_page(world):
    form = {"store": world.jingan.ref, "phone": PHONE}
    whole, fragment = Client(), Client()
    plainly = whole.post(at("join"), form)
    led = fragment.post(at("join"), form | {"phone": "13800138001"}, headers={"HX-Request": "true"})
    assert (plainly.status_code, led.status_code) == (302, 200)
    assert led["HX-Redirect"].partition("?")[0] == plainly["Location"].partition("?")[0]
    assert set(led.cookies) == set(plainly.cookies) != set()


@pytest.mark.parametrize(
    ("posted", "page"),
    [
        ("sign-out/", "/s/qinglan/"),
        ("me/privacy/marketing/", "/s/qinglan/me/privacy/"),
        ("me/sessions/x/end/", "/s/qinglan/me/"),
    ],
)
def test_an_address_that_only_takes_posts_leads_up_to_its_page(world, posted, page):
    answer = Client().get(f"/s/qinglan/{posted}", headers=BROWSER)
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert Client().get(f"/s/qinglan/{posted}").status_code == 405, "a program is told plainly"
