from datetime import timedelta

import pytest
from django.utils import timezone

from flows.signing_in import PURPOSE as STAFF
from members import phone_codes
from members.models import PhoneCode
from merchants.errors import DomainError
from notifications import sms
from storefront.views.joining import PURPOSE as SHOPPER

MEI = "+8613700000001"
pytestmark = pytest.mark.django_db


def earlier(minutes: float) -> None:
    """As if everything so far had happened that much earlier."""
    for row in PhoneCode.objects.all():
        back = timedelta(minutes=minutes)
        PhoneCode.objects.filter(pk=row.pk).update(
            sent_at=row.sent_at - back, expires_at=row.expires_at - back
        )


def refusal(call, **arguments) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call(**arguments)
    return caught.value


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_code_in_the_message_is_good_once(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    code = code_sent_to(MEI)
    phone_codes.check(phone=MEI, purpose="join", code=f" {code[:3]} {code[3:]} ")
    assert refusal(phone_codes.check, phone=MEI, purpose="join", code=code).code == "code.expired"


def test_no_row_holds_the_code_or_the_phone(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    row = PhoneCode.objects.values().get()
    kept = " ".join(bytes(v).hex() if isinstance(v, memoryview | bytes) else str(v) for v in row.values())
    assert code_sent_to(MEI) not in kept
    assert "13700000001" not in kept


def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_voids_the_right_one(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    code = code_sent_to(MEI)
    left = [
        refusal(phone_codes.check, phone=MEI, purpose="join", code=other(code)).extra["tries_left"]
        for _try in range(4)
    ]
    assert left == [4, 3, 2, 1]
    assert refusal(phone_codes.check, phone=MEI, purpose="join", code=other(code)).code == "code.too_many"
    assert refusal(phone_codes.check, phone=MEI, purpose="join", code=code).code == "code.too_many"


def test_a_code_lives_five_minutes(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    earlier(minutes=5)
    assert (
        refusal(phone_codes.check, phone=MEI, purpose="join", code=code_sent_to(MEI)).code == "code.expired"
    )


def test_a_code_is_for_one_purpose_and_one_phone(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    code = code_sent_to(MEI)
    assert refusal(phone_codes.check, phone=MEI, purpose="sign_in", code=code).code == "code.expired"
    assert (
        refusal(phone_codes.check, phone="+8613700000002", purpose="join", code=code).code == "code.expired"
    )


def test_a_second_code_waits_a_minute_and_ends_the_first(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    first = code_sent_to(MEI)
    too_soon = refusal(phone_codes.send, phone=MEI, purpose="join")
    assert too_soon.code == "code.too_soon"
    assert 0 < too_soon.extra["retry_after"] <= 60
    earlier(minutes=1)
    phone_codes.send(phone=MEI, purpose="join")
    assert code_sent_to(MEI) == first or (
        refusal(phone_codes.check, phone=MEI, purpose="join", code=first).code == "code.wrong"
    )
    phone_codes.check(phone=MEI, purpose="join", code=code_sent_to(MEI))


def ten_codes(purpose: str) -> None:
    for _number in range(10):
        phone_codes.send(phone=MEI, purpose=purpose)
        earlier(minutes=1)


def test_ten_codes_a_day_to_one_phone_for_one_purpose():
    ten_codes("join")
    assert refusal(phone_codes.send, phone=MEI, purpose="join").code == "code.too_many"
    assert len(sms.outbox) == 10
    earlier(minutes=24 * 60)
    phone_codes.send(phone=MEI, purpose="join")


def test_who_asks_for_a_guides_phone_as_a_shopper_does_not_lock_the_guide_out():
    ten_codes(SHOPPER)
    assert refusal(phone_codes.send, phone=MEI, purpose=SHOPPER).code == "code.too_many"
    ten_codes(STAFF)
    assert refusal(phone_codes.send, phone=MEI, purpose=STAFF).code == "code.too_many"
    assert len(sms.outbox) == 20, "all that one phone gets in a day"


def test_one_address_cannot_walk_through_phones(monkeypatch):
    monkeypatch.setattr(phone_codes, "CODES_AN_HOUR_AND_ADDRESS", 3)
    for number in range(3):
        phone_codes.send(phone=f"+861370000001{number}", purpose="join", ip="203.0.113.7")
    fourth = {"phone": "+8613700000019", "purpose": "join"}
    assert refusal(phone_codes.send, **fourth, ip="203.0.113.7").code == "code.too_many"
    phone_codes.send(**fourth, ip="203.0.113.8")


def test_shoppers_who_use_up_a_shops_address_do_not_lock_its_guides_out(monkeypatch):
    monkeypatch.setattr(phone_codes, "CODES_AN_HOUR_AND_ADDRESS", 1)
    phone_codes.send(phone=MEI, purpose="join", ip="203.0.113.7")
    another = {"phone": "+8613700000019", "ip": "203.0.113.7"}
    assert refusal(phone_codes.send, **another, purpose="join").code == "code.too_many"
    phone_codes.send(**another, purpose="staff.sign_in")


def test_a_message_that_never_left_costs_no_wait(monkeypatch):
    def unplugged(self, *, phone, text):
        raise sms.Unsent

    with monkeypatch.context() as broken:
        broken.setattr(sms.Console, "send", unplugged)
        assert refusal(phone_codes.send, phone=MEI, purpose="join").code == "code.unsent"
    phone_codes.send(phone=MEI, purpose="join")


def test_a_pretended_code_answers_like_a_sent_one_but_nothing_is_sent():
    phone_codes.pretend(phone=MEI, purpose="staff.sign_in")
    assert not sms.outbox
    assert refusal(phone_codes.pretend, phone=MEI, purpose="staff.sign_in").code == "code.too_soon"
    assert refusal(phone_codes.check, phone=MEI, purpose="staff.sign_in", code="000000").code == "code.wrong"


@pytest.mark.parametrize("ask", [phone_codes.send, phone_codes.pretend])
def test_a_line_that_is_no_mobile_phone_is_sent_nothing_whoever_knows_it(ask):
    for phone in ("+19005551234", "+861065552288"):
        with pytest.raises(DomainError) as refusal:
            ask(phone=phone, purpose="shopper")
        assert (refusal.value.code, refusal.value.field) == ("phone.not_mobile", "phone")
        assert refusal.value.next_step
    assert not sms.outbox and not PhoneCode.objects.exists()


def test_every_refusal_says_the_next_step():
    phone_codes.send(phone=MEI, purpose="join")
    for error in (
        refusal(phone_codes.send, phone=MEI, purpose="join"),
        refusal(phone_codes.check, phone=MEI, purpose="join", code="x"),
        refusal(phone_codes.check, phone=MEI, purpose="other", code="x"),
    ):
        assert str(error.message) and str(error.next_step)


def test_a_demo_shows_the_last_code_and_a_server_never(settings, code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    assert phone_codes.demo_code(phone=MEI) == code_sent_to(MEI)
    settings.EMBEDDED = False
    assert phone_codes.demo_code(phone=MEI) is None


def test_a_demo_does_not_show_a_used_code_and_asking_again_says_so(code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    assert refusal(phone_codes.send, phone=MEI, purpose="join").extra["spent"] is False
    phone_codes.check(phone=MEI, purpose="join", code=code_sent_to(MEI))
    assert phone_codes.demo_code(phone=MEI) is None
    again = refusal(phone_codes.send, phone=MEI, purpose="join")
    assert (again.code, again.extra["spent"]) == ("code.too_soon", True)


def test_old_codes_are_forgotten():
    phone_codes.send(phone=MEI, purpose="join")
    assert phone_codes.clear(before=timezone.now() - timedelta(days=1)) == 0
    earlier(minutes=24 * 60)
    assert phone_codes.clear(before=timezone.now() - timedelta(days=1)) == 1
