"""What no database can keep, no face chokes on: it is answered 400 before any query."""

import pytest

from merchants.models import IdempotencyKey
from tests.faces.merchant_system import MerchantSystem, code, money_back, sale

NUL = "\0"


@pytest.fixture
def gu(client, world):
    client.force_login(world.gu)
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/s/{brand}/st/%00/",
        "/s/{brand}/nearest/?q=%00",
        "/s/{brand}/?%00=1",
        "/hq/members/?q=a%00b",
        "/w/members/%00/",
    ],
)
def test_an_address_with_nul_is_a_bad_request(gu, world, path):
    answer = gu.get(path.format(brand=world.mubai_brand.slug))
    assert answer.status_code == 400
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["/s/{brand}/join/", "/hq/campaigns/new/", "/w/scan/", "/account/sign-in/", "/language/"]
)
def test_a_form_with_nul_is_a_bad_request(gu, world, path):
    path = path.format(brand=world.mubai_brand.slug)
    assert gu.post(path, {"name": "a\0b", "code": NUL}).status_code == 400  # multipart
    encoded = {"content_type": "application/x-www-form-urlencoded"}
    assert gu.post(path, "code=%00", **encoded).status_code == 400


@pytest.mark.parametrize("name", ["sessionid", "theme", "tiandi_shopper"])
def test_a_cookie_with_nul_is_a_bad_request(client, db, name):
    answer = client.get("/account/sign-in/", headers={"Cookie": rf'{name}="\000"'})
    assert answer.status_code == 400


def test_an_api_query_with_nul_is_a_problem(world):
    mubai = MerchantSystem(world.mubai)
    for query in ({"code": NUL}, {"after": "a\0b"}, {NUL: "1"}):
        answer = mubai.get("/skus", **query)
        assert (answer.status_code, code(answer)) == (400, "request.not_storable")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (rb'{"name": "a\u0000b"}', "request.not_storable"),
        (rb'{"name": "\ud800"}', "request.not_storable"),
        (rb'{"lines": [{"touches": {"\udfff": "x"}}]}', "request.not_storable"),
        (b'{"name": "\xff"}', "request.not_json"),
        (b'{"name": "a\x00b"}', "request.not_json"),
        (b'{"list_price": 1e999}', "request.not_json"),
        (b'{"list_price": NaN}', "request.not_json"),
        (b'{"list_price": ' + b"9" * 5000 + b"}", "request.not_json"),
        (b"[" * 50 + b"]" * 50, "request.too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "request.too_deep"),
    ],
)
def test_a_body_that_cannot_be_kept_is_a_problem(world, body, problem):
    answer = MerchantSystem(world.mubai).post("/skus", body)
    assert (answer.status_code, code(answer)) == (400, problem)
    assert not IdempotencyKey.objects.exists()


def test_a_body_above_the_limit_is_too_large(world, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    mubai = MerchantSystem(world.mubai)
    answer = mubai.post("/skus", {"name": "茶" * 1000})
    assert (answer.status_code, code(answer)) == (413, "request.too_large")
    assert mubai.post("/skus", {"name": "茶"}).status_code == 422


CAMPAIGN = {
    "name": "x",
    "threshold": 20000,
    "amount_off": 3000,
    "issue_limit": 100,
    "claim_from": "2026-11-20T00:00:00+08:00",
    "claim_until": "2026-12-20T00:00:00+08:00",
    "use_from": "2026-11-20T00:00:00+08:00",
    "use_until": "2026-12-20T00:00:00+08:00",
}
GUIDE = {"code": "G9", "name": "吴桐", "phone": "13911112222", "store": "JA01"}
BEYOND = [
    "0001-01-01T00:00:00+14:00",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:01Z",
    "9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("instant", BEYOND)
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        *(
            ("/campaigns", CAMPAIGN, field)
            for field in ("claim_from", "claim_until", "use_from", "use_until")
        ),
        ("/guides", GUIDE, "starts_at"),
        ("/guides", GUIDE, "ends_at"),
        ("/members", {"phone": "13800019999"}, "joined_at"),
    ],
)
def test_a_time_that_clocks_cannot_show_is_refused_at_its_field(world, path, body, field, instant):
    answer = MerchantSystem(world.hehe).post(path, body | {field: instant})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "1 January 2100" in answer.json()["detail"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_date_that_no_book_reaches_is_refused(world, day):
    answer = MerchantSystem(world.hehe).get("/ledger/trial-balance", as_of=day)
    assert (answer.status_code, answer.json()["field"]) == (422, "as_of")


@pytest.mark.parametrize(
    "number", ["1e5", "1.0", "٣", "0x1", "1_0", "", "9" * 5000, 1e5, 1.0, True, [1], None]
)
def test_a_whole_number_is_written_as_one(world, number):
    answer = MerchantSystem(world.hehe).post("/campaigns", CAMPAIGN | {"issue_limit": number})
    assert (answer.status_code, answer.json()["field"]) == (422, "issue_limit")


@pytest.mark.parametrize("number", ["1e5", "1.0", "٣", 1.0, 1e2, True])
def test_pieces_and_line_numbers_are_whole_numbers(world, number):
    hehe = MerchantSystem(world.hehe)
    line = {"sku": "HH-TOTE", "quantity": number}
    assert hehe.post("/orders", sale(line)).json()["field"] == "lines[0].quantity"
    tender = {"place": "cash", "amount": 4900, "lines": [number]}
    refused = hehe.post("/orders", sale(("HH-TOTE", 1), tenders=[tender]))
    assert (refused.status_code, refused.json()["field"].startswith("tenders[0].lines")) == (422, True)
    for part in ("quantity", "number"):
        back = {"sku": "HH-TOTE", "quantity": 1, "amount": 100} | {part: number}
        refused = hehe.post("/refunds", money_back() | {"lines": [back]})
        assert (refused.status_code, refused.json()["field"]) == (422, f"lines[0].{part}")


def test_digits_are_a_whole_number(world):
    answer = MerchantSystem(world.hehe).post("/campaigns", CAMPAIGN | {"issue_limit": "100"})
    assert (answer.status_code, answer.json()["issue_limit"]) == (201, 100)


@pytest.mark.parametrize("limit", ["1e1", "1.0", "٣", "+1", " 1"])
def test_a_page_is_as_long_as_a_whole_number(world, limit):
    assert MerchantSystem(world.hehe).get("/stores", limit=limit).status_code == 422
    assert MerchantSystem(world.hehe).get("/events", after=limit).status_code == 422


def test_a_whole_emoji_is_text_like_any_other(world):
    body = rb'{"code": "TEA-3", "product": "MB-TEA", "name": "\ud83c\udf75", "list_price": 16800}'
    assert MerchantSystem(world.mubai).post("/skus", body).json()["name"] == "🍵"


def test_no_cache_keeps_a_page_behind_the_sign_in(gu, world):
    for path in ("/hq/", "/hq/members/", "/w/", "/account/devices/", "/hq/nowhere/"):
        assert gu.get(path)["Cache-Control"] == "no-store, private", path
    assert "Cache-Control" not in gu.get("/api/docs/")
