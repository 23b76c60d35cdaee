"""What WeChat Pay tells by itself: believed if it signed it just now for this merchant, and once."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from commissions.models import Payout, WechatNotice
from commissions.payouts.wechat import accounts
from tests.people import ONBOARDING
from tests.rails.sharing import OPENID, collect, now_of, orders_of, owe, pay, work
from tests.rails.signing import credentials

State = Payout.State


@pytest.fixture
def payout(world, fake):
    """A share that WeChat Pay works on."""
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    fake.pending = True
    payout = pay(world)
    work(world)
    return now_of(world, payout)


def tell(world, body, headers, *, merchant=None):
    url = f"/api/rails/wechat/{(merchant or world.hehe).ref}"
    return Client().post(url, body, content_type="application/json", headers=headers)


def number(payout):
    return f"{payout.number}-1"


def notices(world):
    with world.inside(world.hehe):
        return list(WechatNotice.objects.all())


def test_a_notice_brings_the_payout_to_its_end_at_once(world, fake, payout):
    answer = tell(world, *fake.notice(number(payout)))
    assert (answer.status_code, answer.content) == (204, b"")
    assert now_of(world, payout).state == State.SUCCEEDED
    fake.finish()
    work(world, later=timedelta(minutes=2))
    assert now_of(world, payout).state == State.SUCCEEDED


def test_the_same_notice_again_changes_nothing_and_is_answered_alike(world, fake, payout):
    for _ in range(3):  # sealed anew each time
        assert tell(world, *fake.notice(number(payout), notice_id="N-1")).status_code == 204
    assert len(notices(world)) == 1


def test_the_same_number_of_a_notice_with_another_content_is_refused(world, fake, payout):
    tell(world, *fake.notice(number(payout), notice_id="N-1", receiver={"amount": 1}))
    answer = tell(world, *fake.notice(number(payout), notice_id="N-1"))
    assert (answer.status_code, answer.json()["message"]) == (409, "wechat.notice_changed")
    assert now_of(world, payout).state == State.SUBMITTED


@pytest.mark.parametrize("age", [301, 86_400, -330])
def test_a_validly_signed_notice_of_another_day_is_refused(world, fake, payout, age):
    answer = tell(world, *fake.notice(number(payout), age=age))
    assert (answer.status_code, answer.json()["message"]) == (401, "wechat.notice_unverified")
    assert (now_of(world, payout).state, notices(world)) == (State.SUBMITTED, [])


def test_a_number_that_no_database_keeps_is_refused_not_broken_by(world, fake, payout):
    answer = tell(world, *fake.notice(number(payout), notice_id="N-\0"))
    assert (answer.status_code, answer.json()["message"]) == (401, "wechat.notice_unverified")


def test_just_within_its_300_seconds_it_is_taken(world, fake, payout):
    assert tell(world, *fake.notice(number(payout), age=295)).status_code == 204


def test_what_another_signed_or_somebody_changed_is_refused(world, fake, payout):
    body, headers = fake.notice(number(payout))
    forged = fake.notice(number(payout), signed_by="somebody else")
    changed = (body.replace(b"TRANSACTION", b"TRANSLATION"), headers)
    bare = (body, {})
    older = (body, headers | {"Wechatpay-Timestamp": str(int(headers["Wechatpay-Timestamp"]) - 1)})
    strange = (body, headers | {"Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A72"})
    nonsense = (body, headers | {"Wechatpay-Signature": "%%%"})
    plain = (b"\xff\xfe", headers)
    for told in (forged, changed, bare, older, strange, nonsense, plain):
        assert tell(world, *told).status_code == 401
    assert (now_of(world, payout).state, notices(world)) == (State.SUBMITTED, [])
    assert not [call for call in fake.calls if "certificates" in call]


def test_what_is_sealed_under_another_key_is_refused(world, fake, payout):
    other = credentials(apiv3_key="another".ljust(32, "x"))
    accounts.keep(merchant=world.hehe, credentials=other, by=ONBOARDING)
    assert tell(world, *fake.notice(number(payout))).status_code == 401


def test_a_notice_about_another_merchant_of_the_same_service_provider_is_refused(world, fake, payout):
    accounts.keep(merchant=world.qinglan, credentials=credentials(sub_mchid="1900000222"), by=ONBOARDING)
    assert tell(world, *fake.notice(number(payout)), merchant=world.qinglan).status_code == 401
    assert tell(world, *fake.notice(number(payout), sub_mchid="1900000222")).status_code == 401


def test_who_has_no_account_is_told_nothing(world, fake, payout):
    body, headers = fake.notice(number(payout))
    assert tell(world, body, headers, merchant=world.mubai).status_code == 404
    assert Client().get(f"/api/rails/wechat/{world.hehe.ref}").status_code == 405


@pytest.mark.parametrize(
    "wrong",
    [
        {"transaction_id": "42000000002"},
        {"out_order_no": "TD000000-1"},
        {"receiver": {"type": "PERSONAL_OPENID", "account": OPENID, "amount": 999}},
        {"receiver": {"type": "PERSONAL_OPENID", "account": "another", "amount": 1000}},
    ],
)
def test_what_does_not_describe_our_share_to_the_fen_moves_nothing(world, fake, payout, wrong):
    assert tell(world, *fake.notice(number(payout), **wrong)).status_code == 204
    assert now_of(world, payout).state == State.SUBMITTED
    (part,) = orders_of(world, payout)
    assert part.state == "processing"


def test_a_body_too_large_is_not_opened(world, fake, payout):
    body, headers = fake.notice(number(payout), padding="x" * 200_000)
    assert len(json.loads(body)["resource"]["ciphertext"]) > 200_000
    assert tell(world, body, headers).status_code == 401
