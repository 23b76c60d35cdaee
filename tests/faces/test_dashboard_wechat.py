"""The owner enters the WeChat Pay account, finance pays by it, and the payout's page tells what the rail said."""

from datetime import timedelta

import pytest
from django.urls import reverse

from commissions.models import Payout, WechatAccount
from commissions.payouts.wechat import accounts, receivers
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.people import LONG_AGO, ONBOARDING, make_user
from tests.plans import publish_plans
from tests.rails.sharing import OPENID, collect, owe, stand, work
from tests.rails.signing import PUBLIC_KEY_ID, SERIAL, credentials
from tests.rails.wechat_pay import Refusal, serving

ENGLISH = {"headers": {"Accept-Language": "en"}}
State = Payout.State


@pytest.fixture
def fake(settings):
    with serving() as fake:
        settings.WECHAT_PAY_URL = fake.url
        yield fake


@pytest.fixture
def world(world, fake):
    return publish_plans(world)


def signed_in(client, world, role):
    user = make_user("周算", email=f"{role}@wechat.example")
    with world.inside(world.hehe):
        unit = root_of(world.hehe)
        appoint(user=user, merchant=world.hehe, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    client.force_login(user)
    return client


@pytest.fixture
def finance(client, world):
    return signed_in(client, world, Role.FINANCE)


def text(answer) -> str:
    return answer.content.decode()


def form(**changed):
    mine = credentials()
    names = (
        "mchid",
        "sub_mchid",
        "appid",
        "serial",
        "private_key",
        "apiv3_key",
        "public_key_id",
        "public_key",
    )
    return {name: getattr(mine, name) for name in names} | {"unfreeze_after": "30"} | changed


def paid_by_wechat(finance, world) -> str:
    given = {"payee": [world.lin.party.ref], "rail": "wechat"}
    return text(finance.post(reverse("payouts_pay"), given, follow=True, **ENGLISH))


def page_of(finance, world) -> str:
    with world.inside(world.hehe):
        payout = Payout.objects.get()
    return text(finance.get(reverse("payout", args=[payout.ref]), **ENGLISH))


def test_the_owner_enters_the_account_and_no_key_is_ever_shown_again(client, world):
    owner = signed_in(client, world, Role.OWNER)
    page = text(owner.get(reverse("wechat_account"), **ENGLISH))
    assert f"/api/rails/wechat/{world.hehe.ref}" in page
    wrong = owner.post(reverse("wechat_account"), form(serial="?"), **ENGLISH)
    assert wrong.status_code == 422
    assert form()["apiv3_key"] not in text(wrong) and "PRIVATE KEY" not in text(wrong)
    assert "This is not what WeChat Pay&#x27;s merchant platform shows." in text(wrong)
    swapped = owner.post(reverse("wechat_account"), form(public_key=form()["private_key"]), **ENGLISH)
    assert swapped.status_code == 422 and "PRIVATE KEY" not in text(swapped)
    assert owner.post(reverse("wechat_account"), form()).status_code == 302
    shown = text(owner.get(reverse("wechat_account"), **ENGLISH))
    assert SERIAL in shown and PUBLIC_KEY_ID in shown
    assert form()["apiv3_key"] not in shown and "PRIVATE KEY" not in shown
    assert accounts.client_of(accounts.account_of(world.hehe)).cap().status == 200


def test_finance_does_not_enter_the_account(finance, world):
    assert finance.get(reverse("wechat_account")).status_code == 403
    assert "WeChat Pay account" not in text(finance.get(reverse("payouts"), **ENGLISH))
    with world.inside(world.hehe):
        assert not WechatAccount.objects.exists()


def test_without_an_account_the_rail_is_not_offered_and_a_crafted_post_is_told_so(finance, world):
    owe(world, world.lin.party, 1000)
    assert "Pay the ticked by WeChat Pay" not in text(finance.get(reverse("payouts"), **ENGLISH))
    assert "You have kept no WeChat Pay merchant account." in paid_by_wechat(finance, world)


def test_a_payees_account_is_entered_and_only_its_end_is_shown(finance, world):
    accounts.keep(merchant=world.hehe, credentials=credentials(), by=ONBOARDING)
    owe(world, world.lin.party, 1000)
    assert "It is not known where this payee gets money on WeChat Pay." in paid_by_wechat(finance, world)
    url = reverse("wechat_receiver", args=[world.lin.party.ref])
    assert 'value="林小雨"' in text(finance.get(url, **ENGLISH))
    refused = finance.post(url, {"account": "short", "name": "林小雨"}, **ENGLISH)
    assert refused.status_code == 422 and "WeChat Pay cannot share to this." in text(refused)
    finance.post(url, {"account": OPENID, "name": "林小雨"})
    kept = receivers.receiver_of(world.lin.party, payer=world.hehe)
    assert receivers.account_of(kept) == OPENID
    for page in (text(finance.get(reverse("payouts"), **ENGLISH)), text(finance.get(url, **ENGLISH))):
        assert f"•••• {OPENID[-4:]}" in page and OPENID not in page
    assert finance.get(reverse("wechat_receiver", args=[world.stranger.party.ref])).status_code == 404


def test_finance_pays_by_wechat_and_follows_it(finance, world, fake):
    stand(world)
    owe(world, world.lin.party, 1000)
    assert "1 payout was made: ¥10.00 to send." in paid_by_wechat(finance, world)
    page = page_of(finance, world)
    assert "leave ¥0.00 to share now, under the ratio of 30%" in page and "Call it off" in page
    collect(world, fake, "1")
    known = receivers.receiver_of(world.lin.party, payer=world.hehe)
    receivers.add(known, client=accounts.client_of(accounts.account_of(world.hehe)))
    fake.lose = 1
    work(world)
    page = page_of(finance, world)
    assert "Answer lost" in page and "never sent again" in page and "42000000001" in page
    work(world, later=timedelta(minutes=2))
    page = page_of(finance, world)
    assert "Paid out" in page and "Done" in page and "Ask it back" not in page


def test_a_refusal_stands_in_words_with_the_next_step(finance, world, fake):
    stand(world)
    collect(world, fake, "1")
    owe(world, world.lin.party, 1000)
    paid_by_wechat(finance, world)
    fake.fail_reason = "RECEIVER_REAL_NAME_NOT_VERIFIED"
    work(world)
    page = page_of(finance, world)
    assert "RECEIVER_REAL_NAME_NOT_VERIFIED" in page
    assert page.count("The payee has not told WeChat Pay a real name.") == 2  # of the payout, of its part


def test_what_a_merchant_got_can_be_asked_back(finance, world, fake):
    stand(world)
    collect(world, fake, "1", shirts=3)
    owe(world, world.qinglan.party, 1)
    finance.post(reverse("payouts_pay"), {"payee": [world.qinglan.party.ref], "rail": "wechat"})
    collect(world, fake, "2", "3", "4", "5", shirts=9)
    work(world)
    work(world)
    with world.inside(world.hehe):
        payout = Payout.objects.get()
    assert payout.state == State.SUCCEEDED
    assert "Ask it back" in page_of(finance, world)
    fake.refuse = [Refusal(403, "NOT_ENOUGH", "余额不足")] * 4
    again = text(finance.post(reverse("payout_ask_back", args=[payout.ref]), follow=True, **ENGLISH))
    assert "It is asked back of WeChat Pay" in again and "Asked back" in again
    work(world)
    assert "NOT_ENOUGH" in page_of(finance, world)
    assert "Ask it back" in page_of(finance, world)  # what was refused can be asked again
