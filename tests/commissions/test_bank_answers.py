"""What a bank's file may leave open is not ours to choose, nor is where a guide's money goes."""

import pytest

from commissions.models import Payout
from commissions.payouts import answers, bank_file, payee_accounts, paying, reading, wallet
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.errors import DomainError
from tests.commissions.earning import earn, pay_lin
from tests.people import NOON, ONBOARDING

BY = {"by": ONBOARDING}
State = Payout.State


@pytest.fixture
def world(plans_published):
    for guide in (plans_published.lin, plans_published.chen):
        keep(plans_published, guide.party)
    earn(plans_published)
    return plans_published


def keep(world, party, **changed):
    given = {"holder": "林小雨", "bank": "招商银行上海分行", "number": "6225881234567890"}
    return payee_accounts.keep(payer=world.qinglan, party=party, **(given | changed), **BY)


def exported(world, *payouts):
    return bank_file.export(book=world.qinglan, payouts=payouts, at=NOON, **BY)


def came_back(world, text):
    return bank_file.import_results(book=world.qinglan, file=text.encode(), at=NOON, **BY)


def now(world, payout):
    with world.inside(payout.merchant):
        return Payout.objects.get(pk=payout.pk)


def pay_chen(world):
    entry = Entry(world.qinglan.pk, "test", held("psp"), named("due", world.chen.party), 50000)
    post([Story("test", "chen", NOON.date(), NOON, "CNY", (entry,))])
    return paying.pay(book=world.qinglan, payee=world.chen.party, rail="bank", at=NOON, **BY)


def test_two_columns_of_one_meaning_are_read_where_they_agree_and_refused_where_not(world):
    lin, chen = pay_lin(world, rail="bank"), pay_chen(world)
    exported(world, lin, chen)
    heading = "打款编号,交易状态,交易金额,处理结果,备注,失败原因\n"
    good = f"{lin.number},交易成功,9.95,成功,,已入账\n"
    bad = f"{chen.number},失败,500.00,成功,,\n"
    with pytest.raises(DomainError, match="bank_file.unreadable") as refusal:
        came_back(world, heading + good + bad)
    assert "失败" in refusal.value.words and "成功" in refusal.value.words
    assert {now(world, payout).state for payout in (lin, chen)} == {State.SUBMITTED}
    assert came_back(world, heading + good + f"{chen.number},,500.00,失败,户名不符,\n").breaks == []
    assert now(world, lin).state == State.SUCCEEDED
    assert (now(world, chen).state, now(world, chen).reason) == (State.FAILED, "户名不符")


def test_another_file_is_told_from_results_by_its_first_column(world):
    with pytest.raises(DomainError, match="bank_file.unreadable"):
        came_back(world, "foo,bar\n1,2\n")


def test_what_a_guide_drew_goes_to_the_account_she_saw_or_not_at_all(world):
    drawn = wallet.withdraw(guide=world.lin, by=BY["by"], book=world.qinglan, at=NOON)
    keep(world, world.lin.party, number="6222000011112222", holder="魏远")
    with pytest.raises(DomainError, match="payee_account.replaced") as refusal:
        exported(world, drawn)
    assert refusal.value.extra == {"payouts": [drawn.ref]}
    with world.inside(world.qinglan):
        assert list(reading.redirected()) == [drawn] and not reading.to_export()
    answers.call_off(drawn, **BY)
    again = wallet.withdraw(guide=world.lin, by=BY["by"], book=world.qinglan, at=NOON)
    assert b"6222000011112222" in bank_file.content(exported(world, again), **BY)
