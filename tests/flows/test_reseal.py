"""A new key in front, everything sealed under it, the old key gone: nothing is lost."""

from io import StringIO

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command

from commissions.payouts import payee_accounts
from flows.management.commands.reseal import sealed_columns
from members.identity import person_for
from merchants import sealing
from tests.people import ONBOARDING

NEW = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def test_after_resealing_the_old_key_is_not_needed(world, settings):
    person = person_for(phone="+8613800138000")
    second_step = TOTP.activate(world.gu, "JBSWY3DPEHPK3PXP").instance
    account = payee_accounts.keep(
        payer=world.qinglan,
        party=world.lin.party,
        holder="林小雨",
        bank="招商银行",
        number="6225881234567890",
        by=ONBOARDING,
    )
    settings.SEALING_KEYS = [NEW, *settings.SEALING_KEYS]
    out = StringIO()
    call_command("reseal", stdout=out)
    settings.SEALING_KEYS = [NEW]
    person.refresh_from_db()
    world.lin.user.refresh_from_db()
    assert person.phone == "+8613800138000"
    assert world.lin.user.phone == "+8613900000001"
    with world.inside(world.qinglan):
        account.refresh_from_db()
    assert payee_accounts.number_of(account) == "6225881234567890"
    stored = Authenticator.objects.get(pk=second_step.pk)
    assert sealing.unseal(stored.data["secret"].encode()) == "JBSWY3DPEHPK3PXP"
    assert "members.Person.phone_sealed: 1" in out.getvalue()


def test_every_sealed_column_is_found():
    names = {f"{model.__name__}.{name}" for model, name in sealed_columns()}
    assert names == {
        "User.phone_sealed",
        "Person.phone_sealed",
        "Coupon.code_sealed",
        "IdempotencyKey.answer_sealed",
        "PayeeAccount.number_sealed",
        "WechatAccount.private_key_sealed",
        "WechatAccount.apiv3_key_sealed",
        "WechatReceiver.account_sealed",
        "WechatReceiver.name_sealed",
    }
