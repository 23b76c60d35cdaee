"""Through the whole of the middleware, as a browser asks."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("frame", ["hq", "phone", "shop"])
def test_the_gallery_shows_under_a_policy_without_inline_anything(client, frame):
    response = client.get(f"/components/{frame}/")
    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_a_wrong_address_gets_a_page_with_the_answers_reference(client):
    response = client.get("/components/nowhere/")
    assert response.status_code == 404
    assert response.headers["X-Request-ID"] in response.content.decode()


def test_the_language_switch_keeps_the_page(client):
    response = client.post("/language/", {"language": "en", "next": "/components/shop/?tab=2"})
    assert response.headers["Location"] == "/components/shop/?tab=2"
    assert 'lang="en"' in client.get("/components/shop/").content.decode()


def test_the_language_switch_leads_to_no_other_host(client):
    response = client.post("/language/", {"language": "en", "next": "https://elsewhere.invalid/"})
    assert "elsewhere" not in response.headers["Location"]
