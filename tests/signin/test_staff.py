"""Gu signs in at headquarters with e-mail and password, Lin in the store with phone and code."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from events.models import Event
from flows.signing_in_tasks import forget_expired
from members.models import PhoneCode
from merchants import phones
from merchants.models import User
from notifications import sms

PASSWORD = "a long enough password"
LIN = "+8613900000001"
LOGIN, ASK, CONFIRM = "/account/sign-in/", "/account/sign-in/code/", "/account/sign-in/code/confirm/"


@pytest.fixture
def ask(client):
    return lambda phone, **kwargs: client.post(ASK, {"phone": phone}, **kwargs)


@pytest.fixture
def gu_inside(client, world):
    client.post(LOGIN, {"login": "gu@qinglan.example", "password": PASSWORD})
    return client


def user_of(client) -> str | None:
    return client.session.get("_auth_user_id")


def test_headquarters_signs_in_with_email_and_password_and_lands_on_the_dashboard(client, world):
    response = client.post(LOGIN, {"login": "Gu@Qinglan.example", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/")["Location"] == "/hq/"


def test_a_guide_signs_in_with_phone_and_code_and_lands_on_the_workbench(client, world, ask, code_sent_to):
    response = ask("139 0000 0001")  # no country code, as people type it
    assert (response.status_code, response["Location"]) == (302, CONFIRM)
    response = client.post(CONFIRM, {"code": code_sent_to(LIN)})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/")["Location"] == "/w/"


def test_where_one_wanted_to_go_is_kept_over_both_pages(client, world, code_sent_to):
    response = client.post(f"{ASK}?next=/w/members/", {"phone": LIN})
    assert response["Location"] == f"{CONFIRM}?next=%2Fw%2Fmembers%2F"
    response = client.post(response["Location"], {"code": code_sent_to(LIN)})
    assert response["Location"] == "/w/members/"


def test_another_host_is_no_place_to_go(client, world):
    response = client.post(
        f"{LOGIN}?next=https://elsewhere.example/", {"login": "gu@qinglan.example", "password": PASSWORD}
    )
    assert response["Location"] == "/"


def test_a_wrong_code_says_how_many_tries_are_left(client, world, ask):
    ask(LIN)
    page = client.post(CONFIRM, {"code": "nothing"}, headers={"Accept-Language": "en"})
    assert "4 tries left" in page.content.decode()
    assert user_of(client) is None


def test_after_five_wrong_codes_one_asks_for_a_new_one(client, world, ask, code_sent_to):
    ask(LIN)
    for _try in range(4):
        assert client.post(CONFIRM, {"code": "nothing"}).status_code == 200
    assert client.post(CONFIRM, {"code": "nothing"})["Location"] == ASK
    assert client.post(CONFIRM, {"code": code_sent_to(LIN)})["Location"] == ASK
    assert user_of(client) is None


def test_an_expired_code_says_so_and_a_new_one_is_sent_on_the_same_page(client, world, ask, code_sent_to):
    ask(LIN)
    long_ago = timezone.now() - timedelta(minutes=6)
    PhoneCode.objects.update(sent_at=long_ago, expires_at=long_ago + timedelta(minutes=5))
    page = client.post(CONFIRM, {"code": code_sent_to(LIN)}, headers={"Accept-Language": "en"})
    assert "no longer valid" in page.content.decode()
    client.post(CONFIRM, {"action": "resend"})
    assert len(sms.outbox) == 2
    assert client.post(CONFIRM, {"code": code_sent_to(LIN)})["Location"] == "/"


def test_asking_twice_within_a_minute_says_how_long_to_wait(client, world, ask):
    ask(LIN)
    client.post("/account/sign-out/")
    page = ask(LIN, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert re.search(r"ask again in \d+ s", page.content.decode())
    assert len(sms.outbox) == 1


def test_an_unknown_phone_gets_the_same_answers_and_no_message(world):
    answers = []
    for phone in ("13600000009", "13900000001"):
        browser = Client(headers={"Accept-Language": "en"})
        asked = browser.post(ASK, {"phone": phone})
        wrong = browser.post(CONFIRM, {"code": "nothing"})
        resent = browser.post(CONFIRM, {"action": "resend"}, follow=True)
        said = [re.search(r"Check the newest[^<]*", wrong.content.decode()).group()]
        said += [re.sub(r"\d+", "…", str(message)) for message in resent.context["messages"]]
        answers.append((asked["Location"], wrong.status_code, said))
    assert answers[0] == answers[1]
    assert {message.phone for message in sms.outbox} == {LIN}


def test_a_closed_account_is_an_unknown_phone(world, ask):
    User.objects.filter(pk=world.lin.user_id).update(is_active=False)
    assert ask(LIN).status_code == 302
    assert not sms.outbox


def test_neither_code_nor_phone_lies_in_clear_in_any_row(client, world, ask, code_sent_to):
    ask(LIN)
    rows = " ".join(Session.objects.values_list("session_data", flat=True))
    assert code_sent_to(LIN) not in rows and "13900000001" not in rows
    assert "13900000001" in str(dict(client.session))  # sealed, not lost
    client.post(CONFIRM, {"code": code_sent_to(LIN)})
    assert code_sent_to(LIN) not in str(dict(client.session))


def test_a_wrong_password_does_not_say_whether_the_email_is_known(client, world):
    pages = [
        client.post(LOGIN, {"login": email, "password": "guess"}, headers={"Accept-Language": "en"})
        for email in ("gu@qinglan.example", "nobody@qinglan.example")
    ]
    said = [
        re.search(r"E-mail or password is not right[^<]*", page.content.decode()).group() for page in pages
    ]
    assert said[0] == said[1]


def test_after_five_wrong_passwords_the_right_one_waits_too(client, world):
    for _try in range(5):
        client.post(LOGIN, {"login": "gu@qinglan.example", "password": "guess"})
    page = client.post(
        LOGIN, {"login": "gu@qinglan.example", "password": PASSWORD}, headers={"Accept-Language": "en"}
    )
    assert "Too many attempts" in page.content.decode()
    assert user_of(client) is None


def test_a_phone_is_no_name_for_the_password_form(client, world):
    assert client.post(LOGIN, {"login": LIN, "password": PASSWORD}).status_code == 200
    assert user_of(client) is None


def test_signing_in_and_being_refused_are_events_without_phone_or_mail(client, world, ask, code_sent_to):
    client.post(LOGIN, {"login": "gu@qinglan.example", "password": "guess"})
    ask(LIN)
    client.post(CONFIRM, {"code": "nothing"})
    client.post(CONFIRM, {"code": code_sent_to(LIN)})
    told = Event.objects.filter(kind__startswith="signin.").order_by("id")
    assert [(event.kind, event.subject, event.merchant_id) for event in told] == [
        ("signin.refused", world.gu.ref, world.qinglan.id),
        ("signin.refused", world.lin.user.ref, world.hehe.id),
        ("signin.succeeded", world.lin.user.ref, world.hehe.id),
    ]
    assert all(event.payload == {"user": event.subject} for event in told)


# --- the second step ---


def app_code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def secret_of_gu(gu_inside):
    """Gu has turned the second step on and signed out; the secret her app keeps."""
    page = gu_inside.get("/account/second-step/app/")
    if page.status_code == 302:
        gu_inside.post(page["Location"], {"password": PASSWORD})
        page = gu_inside.get("/account/second-step/app/")
    secret = page.context["form"].secret
    response = gu_inside.post("/account/second-step/app/", {"code": app_code(secret)})
    assert response["Location"] == "/account/second-step/codes/"
    return secret


def test_the_second_step_asks_for_the_apps_code(client, secret_of_gu):
    client.post("/account/sign-out/")
    response = client.post(LOGIN, {"login": "gu@qinglan.example", "password": PASSWORD})
    assert response["Location"] == "/account/sign-in/second-step/"
    assert user_of(client) is None
    wrong = client.post(response["Location"], {"code": "nothing"}, headers={"Accept-Language": "en"})
    assert "not right" in wrong.content.decode()
    assert client.post(response["Location"], {"code": app_code(secret_of_gu)})["Location"] == "/"
    assert user_of(client)


def test_a_recovery_code_works_once_in_place_of_the_app(client, secret_of_gu):
    spare = client.get("/account/second-step/codes/").context["unused_codes"][0]
    for expected in ("/", None):
        client.post("/account/sign-out/")
        client.post(LOGIN, {"login": "gu@qinglan.example", "password": PASSWORD})
        response = client.post("/account/sign-in/second-step/", {"code": spare})
        assert response.get("Location") == expected


def test_the_secret_is_sealed_in_its_table_and_in_the_session_before(client, gu_inside, secret_of_gu):
    kept = " ".join(str(row.data) for row in Authenticator.objects.all())
    assert secret_of_gu not in kept
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert not re.fullmatch(r"[0-9a-f]+", seed)


def test_changing_how_one_signs_in_asks_for_the_password_again(gu_inside):
    session = gu_inside.session
    session["account_authentication_methods"] = []
    session.save()
    response = gu_inside.get("/account/second-step/app/")
    assert response["Location"] == "/account/confirm/?next=%2Faccount%2Fsecond-step%2Fapp%2F"


# --- devices ---


def test_a_user_sees_where_they_are_signed_in_and_signs_out_there(gu_inside):
    other = Client()
    other.post(
        LOGIN,
        {"login": "gu@qinglan.example", "password": PASSWORD},
        headers={"User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit/605 Safari/604 wxwork/4"},
    )
    page = gu_inside.get("/account/devices/")
    assert "WeCom · iPhone" in page.content.decode()
    theirs = UserSession.objects.get(user_agent__contains="wxwork")
    gu_inside.post("/account/devices/", {"session": theirs.pk})
    assert other.get("/")["Location"].startswith(LOGIN)
    assert gu_inside.get("/")["Location"] == "/hq/"


def test_signing_out_everywhere_else_leaves_this_device(gu_inside):
    others = [Client() for _device in range(2)]
    for other in others:
        other.post(LOGIN, {"login": "gu@qinglan.example", "password": PASSWORD})
    gu_inside.post("/account/devices/", {"session": "others"})
    assert [user_of(other) for other in others] == [None, None]
    assert user_of(gu_inside)


def test_another_users_device_is_not_there(gu_inside, world):
    wei = Client()
    wei.post(LOGIN, {"login": "wei@stranger.example", "password": PASSWORD})
    for number in (UserSession.objects.get(user=world.wei).pk, "x", "9" * 30):
        assert gu_inside.post("/account/devices/", {"session": number}).status_code == 404
    assert wei.get("/")["Location"] == "/hq/"


def test_what_ran_out_is_forgotten(gu_inside):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    forget_expired()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


def test_the_operators_admin_has_no_sign_in_form_of_its_own(client, db):
    response = client.get("/admin/login/?next=/admin/")
    assert response["Location"].startswith(LOGIN)


def test_phones_are_looked_up_by_fingerprint(world):
    assert bytes(world.lin.user.phone_hash) == phones.fingerprint(LIN)
