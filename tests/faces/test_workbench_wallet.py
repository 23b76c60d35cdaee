"""Lin sees what is payable to her, draws it once, follows it, and says where it goes."""

from html import unescape

import pytest

from commissions.models import PayeeAccount, Payout
from commissions.payouts import answers, payee_accounts, wallet
from commissions.payouts.withholding import withhold_from
from tests.commissions.earning import EARNED, earn, give_back, pay_lin, sent, stands
from tests.people import NOON, ONBOARDING, renewed
from tests.plans import publish_plans
from tests.streaming import flow

NUMBER = "6225881234567890"
ACCOUNT = {"holder": "林小雨", "bank": "招商银行上海分行", "number": "6225 8812 3456 7890"}
ENGLISH = {"headers": {"Accept-Language": "en"}}


@pytest.fixture
def world(world):
    publish_plans(world)
    earn(world)
    return world


def text(answer) -> str:
    return unescape(answer.content.decode())


def keep(lin):
    return lin.post("/w/me/account/", ACCOUNT, follow=True, **ENGLISH)


def at(world):
    return f"/w/earnings/withdraw/{world.qinglan.ref}/"


def drawn(lin, world, amount="9.95"):
    """Asked, then confirmed as it was shown."""
    asked = lin.post(at(world), {"amount": amount}).context
    agreed = {"net": str(asked["parts"].net), "account": asked["purse"].account.ref}
    return lin.post(at(world), {"amount": amount} | agreed, follow=True, **ENGLISH)


def test_each_payer_stands_with_what_is_payable_and_what_is_missing(lin, world):
    page = text(lin.get("/w/earnings/", **ENGLISH))
    assert "青岚服饰" in page and "¥9.95" in page and "Paid by the brand itself." in page
    assert "Paid by your employer." in page
    assert "Enter your bank account to withdraw." in page and "Withdraw money" not in page
    keep(lin)
    assert f'href="{at(world)}"' in text(lin.get("/w/earnings/", **ENGLISH))


def test_what_is_kept_in_reserve_stands_beside_what_is_payable(lin, world):
    assert "kept in reserve" not in text(lin.get("/w/earnings/", **ENGLISH))
    renewed(world.qinglan_at_jingan, reserve_ppm=100_000)
    earn(world, "T-2")
    page = text(lin.get("/w/earnings/", **ENGLISH))
    assert "¥0.99 more of settled sales is kept in reserve" in page and "¥18.91" in page


def test_the_account_is_kept_for_every_payer_masked_and_replaced(lin, world):
    page = text(keep(lin))
    assert "•••• 7890" in page and NUMBER not in page and ACCOUNT["number"] not in page
    lin.post("/w/me/account/", ACCOUNT | {"number": "6222000011112222"})
    page = text(lin.get("/w/me/account/"))
    assert page.count("•••• 2222") == 2 and "7890" not in page
    for payer in (world.hehe, world.qinglan):
        with world.inside(payer):
            assert PayeeAccount.objects.get(party=world.lin.party, ended_at=None).ending == "2222"
    wrong = lin.post("/w/me/account/", ACCOUNT | {"number": "12"}, **ENGLISH)
    assert wrong.status_code == 422 and "not a whole account number" in text(wrong)


def test_a_withdrawal_is_confirmed_with_the_tax_said_and_then_followed(lin, world):
    withhold_from(
        merchant=world.qinglan,
        starts_on=NOON.date().replace(day=1),
        brackets=[[0, 200_000]],
        by=ONBOARDING,
        at=NOON,
    )
    keep(lin)
    asked = lin.post(at(world), {"amount": "9.95"}, **ENGLISH)
    assert "Confirm the withdrawal" in text(asked) and "¥1.99" in text(asked) and "¥7.96" in text(asked)
    with world.inside(world.qinglan):
        assert not Payout.objects.exists()  # asking writes nothing
    page = text(drawn(lin, world))
    assert "Asked for. Your payer sends it with its next bank file." in page and "¥7.96" in page
    assert "¥9.95 is on its way" in text(lin.get("/w/earnings/", **ENGLISH))


def test_more_than_is_due_and_a_second_one_are_refused(lin, world):
    keep(lin)
    answer = lin.post(at(world), {"amount": "9.96"}, **ENGLISH)
    assert answer.status_code == 422 and "The amount is not within what is due: ¥9.95." in text(answer)
    drawn(lin, world, "5.00")
    answer = lin.post(at(world), {"amount": "1.00", "net": "100"}, **ENGLISH)
    assert answer.status_code == 422 and "A payout to this payee is under way." in text(answer)
    assert stands(world, world.qinglan, world.lin.party) == {"due": EARNED - 500, "transit": 500}


def test_figures_that_changed_between_asking_and_confirming_are_shown_anew(lin, world):
    keep(lin)
    stale = lin.post(at(world), {"amount": "9.95", "net": "1"}, **ENGLISH)
    assert "have changed meanwhile." in text(stale)
    account = lin.get(at(world)).context["purse"].account.ref
    given = {"holder": "魏远", "bank": "工商银行", "number": "6222000011112222", "by": ONBOARDING}
    payee_accounts.keep(payer=world.qinglan, party=world.lin.party, **given)
    stale = lin.post(at(world), {"amount": "9.95", "net": "995", "account": account}, **ENGLISH)
    assert "have changed meanwhile." in text(stale) and "•••• 2222" in text(stale)
    with world.inside(world.qinglan):
        assert not Payout.objects.exists()


def test_an_account_that_somebody_else_entered_is_told_to_the_guide(lin, world):
    keep(lin)
    flow()
    assert "bank account for payouts was changed" not in text(lin.get("/w/messages/", **ENGLISH))
    given = {"holder": "魏远", "bank": "工商银行", "number": "6222000011112222", "by": ONBOARDING}
    payee_accounts.keep(payer=world.qinglan, party=world.lin.party, **given)
    flow()
    page = text(lin.get("/w/messages/", **ENGLISH))
    assert page.count("Your bank account for payouts was changed") == 1 and "Not by you." in page


def test_without_an_account_nothing_is_drawn(lin, world):
    answer = lin.post(at(world), {"amount": "9.95", "net": "995"}, **ENGLISH)
    assert answer.status_code == 422 and "No bank account of yours is kept." in text(answer)


def test_a_clawback_after_a_payout_is_said_plainly_and_kept_from_the_next(lin, world):
    keep(lin)
    answers.succeed(sent(pay_lin(world)), by=ONBOARDING, at=NOON)
    give_back(world)
    page = text(lin.get("/w/earnings/", **ENGLISH))
    assert "You owe back ¥9.95" in page and "Refund of sale T-1" in page
    earn(world, "T-2", shirts=2)
    asked = lin.post(at(world), {"amount": "19.90"}, **ENGLISH)
    assert (asked.context["parts"].recovered, asked.context["parts"].net) == (EARNED, EARNED)
    drawn(lin, world, "19.90")
    page = text(lin.get("/w/earnings/", **ENGLISH))
    assert "You owe back" not in page


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("lost", "it is not sent twice"),
        ("succeed", "The bank has paid it to your account."),
        ("fail", "The money is payable again"),
        ("come_back", "The bank sent it back."),
    ],
)
def test_each_state_is_said_in_plain_words(lin, world, told, words):
    keep(lin)
    drawn(lin, world)
    with world.inside(world.qinglan):
        payout = Payout.objects.get()
    getattr(answers, told)(sent(payout), by=ONBOARDING)
    assert words in text(lin.get(f"/w/earnings/payouts/{payout.ref}/", **ENGLISH))
    assert lin.get("/w/earnings/").status_code == 200


@pytest.mark.parametrize(
    ("told", "title"),
    [
        ("succeed", "¥9.95 has arrived at your account"),
        ("fail", "¥9.95 could not be paid to you"),
        ("come_back", "The bank sent ¥9.95 back"),
    ],
)
def test_what_became_of_a_payout_is_one_message(lin, world, told, title):
    payout = sent(pay_lin(world))
    getattr(answers, told)(payout, by=ONBOARDING, at=NOON)
    flow()
    shown = lin.get("/w/messages/", **ENGLISH).context["shown"]
    (message,) = [message for message in shown if "payouts" in message.url]
    assert message.title == title and lin.get(message.url).status_code == 200


def test_a_colleagues_payout_and_a_strangers_purse_are_not_there(client, world):
    payout = pay_lin(world)
    client.force_login(world.chen.user)
    assert client.get(f"/w/earnings/payouts/{payout.ref}/").status_code == 404
    assert client.get(f"/w/earnings/withdraw/{world.hehe.ref}/").status_code == 404
    assert client.get(f"/w/earnings/withdraw/{world.stranger.ref}/").status_code == 404


def test_quoting_locks_nothing_and_matches_what_is_drawn(world):
    for payer in wallet.purses(world.lin):
        assert payer.account is None
    wallet.keep_account(guide=world.lin, by=ONBOARDING, at=NOON, **ACCOUNT)
    purse = next(row for row in wallet.purses(world.lin) if row.book == world.qinglan)
    quoted = wallet.quote(purse, world.lin, at=NOON)
    made = wallet.withdraw(guide=world.lin, book=world.qinglan, by=ONBOARDING, at=NOON)
    assert (made.gross, made.recovered, made.tax, made.net) == (
        quoted.gross,
        quoted.recovered,
        quoted.tax,
        quoted.net,
    )


def test_few_statements_however_many_payouts(lin, world, django_assert_max_num_queries):
    for _turn in range(6):
        answers.fail(sent(pay_lin(world)), by=ONBOARDING, at=NOON)
    lin.get("/w/earnings/")
    with django_assert_max_num_queries(32):
        lin.get("/w/earnings/")
