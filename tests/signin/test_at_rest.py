"""What is kept, and what strangers can do with it."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from merchants.client_ip import client_ip, household
from merchants.devices import device_name
from merchants.models import User
from merchants.passwords import LongEnough
from merchants.sealed_sessions import SessionStore


def test_a_session_row_says_nothing_and_opens_again(db):
    kept = SessionStore().encode({"phone": "+8613700000001", "词": [1, None]})
    assert "13700000001" not in kept
    assert SessionStore().decode(kept) == {"phone": "+8613700000001", "词": [1, None]}


def test_a_session_outlives_a_new_key_and_ends_with_its_own(db, settings):
    old, new = settings.SEALING_KEYS[0], Fernet.generate_key().decode()
    kept = SessionStore().encode({"a": 1})
    settings.SEALING_KEYS = [new, old]
    assert SessionStore().decode(kept) == {"a": 1}
    settings.SEALING_KEYS = [new]
    assert SessionStore().decode(kept) == {}


def test_behind_our_proxy_only_its_own_word_counts(settings):
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    settings.BEHIND_PROXY = False
    assert client_ip(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True
    assert client_ip(request) == "203.0.113.9"
    assert client_ip(RequestFactory().get("/")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("a socket", "a socket"),
    ],
)
def test_limits_count_a_household(address, counted):
    assert household(address) == counted


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 MicroMessenger/8.0 wxwork/4.1", "WeCom · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge · Windows"),
        ("curl/8", ""),
    ],
)
def test_a_device_has_a_name_its_owner_knows(agent, name):
    assert device_name(agent) == name


def test_a_password_has_ten_characters():
    LongEnough().validate("ten letter")
    with pytest.raises(ValidationError):
        LongEnough().validate("nine lett")


def test_emails_are_kept_as_sign_in_looks_them_up(db):
    assert User.objects.create_user(name="顾清", email=" Gu@Qinglan.Example ").email == "gu@qinglan.example"
    user = User(name="何平", email="He@Hehe.example")
    user.clean()
    assert user.email == "he@hehe.example"
