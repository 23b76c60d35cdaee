"""Start-up outside embedded mode refuses what would be insecure, and says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.logs import discreet

ROOT = Path(__file__).resolve().parents[2]
SERVER = {
    "DATABASE_URL": "postgresql://tiandi_app@db/tiandi",
    "OWNER_DATABASE_URL": "postgresql://tiandi_owner@db/tiandi",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": "Zp4x9TqLw2Vn7RbKs8Yd3Hf6Jm1Gc5AeUo0iXtQvWr",
    "SEALING_KEYS": "rmyEY3p2L5sfRTt_1JnMVXkl0rcvlBKJyqk5TpfAZ4o=",
    "FINGERPRINT_KEY": "c8Vd2Lq7Zx4Nw9Rt1Yb6Hk3Jm5Gf0PsA",
    "ALLOWED_HOSTS": "tiandi.example",
    "SMS_BACKEND": "notifications.sms.Gateway",
    "SMS_GATEWAY_URL": "https://sms.example/",
    "SMS_GATEWAY_TOKEN": "Vn7RbKs8Yd3Hf6Jm",
}


def start(changes: dict[str, str | None] | None = None) -> subprocess.CompletedProcess[str]:
    wanted = SERVER | (changes or {})
    environment = {name: value for name, value in wanted.items() if value is not None}
    environment["PATH"] = os.environ["PATH"]
    command = [sys.executable, "-c", "from config import settings; print(settings.SESSION_COOKIE_SECURE)"]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=60)


def test_a_server_with_its_own_secrets_starts_with_secure_cookies():
    done = start()
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
        ("SECRET_KEY", "too-short", "shorter than"),
        ("SECRET_KEY", "django-insecure-4kq8Zt1vX9mWc2bJr7LhYp3sNd6fGa0e", "default or sample"),
        ("SECRET_KEY", "a" * 60, "default or sample"),
        ("SEALING_KEYS", None, "SEALING_KEYS is not set"),
        ("SMS_BACKEND", None, "SMS_BACKEND is not set"),
        ("SMS_BACKEND", "notifications.sms.Console", "only embedded mode may"),
        ("SMS_GATEWAY_URL", None, "SMS_GATEWAY_URL is not set"),
        ("SEALING_KEYS", "not a key", "not 32 random bytes"),
        ("SEALING_KEYS", "A" * 43 + "=", "not 32 random bytes"),
        ("FINGERPRINT_KEY", None, "FINGERPRINT_KEY is not set"),
        ("DATABASE_URL", None, "DATABASE_URL is not set"),
        ("DATABASE_URL", "sqlite:///tiandi.db", "PostgreSQL only"),
        ("REDIS_URL", None, "REDIS_URL is not set"),
        ("DEBUG", "1", "DEBUG is on"),
        ("DEBUG", "perhaps", "neither true nor false"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS must name"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name"),
        ("SMS_BACKEND", "notifications.sms.Console", "only embedded mode"),
    ],
)
def test_an_insecure_server_does_not_start(name, value, complaint):
    done = start({name: value})
    assert done.returncode != 0
    assert complaint in done.stderr


def test_embedded_mode_has_no_default_keys_either():
    done = start({"TIANDI_EMBEDDED": "1", "SECRET_KEY": None})
    assert "SECRET_KEY is not set" in done.stderr


def test_a_refusal_never_repeats_the_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "password-of-the-shop")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.secret("SECRET_KEY")
    assert "password-of-the-shop" not in str(refusal.value)


def test_a_socket_folder_can_stand_in_a_database_address():
    entry = env.database("postgresql://tiandi_app@/tiandi?host=%2Frun%2Ftiandi&sslmode=disable")
    assert (entry["HOST"], entry["USER"], entry["NAME"]) == ("/run/tiandi", "tiandi_app", "tiandi")
    assert entry["OPTIONS"] == {"sslmode": "disable"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("sent to +8613800138000", "sent to ****00"),
        ("phone=13800138000, again 138 0013 8000.", "phone=****00, again ****00."),
        ("Key (phone)=(13912345678) exists", "Key (phone)=(****78) exists"),
        ("call +442079460018 now", "call ****18 now"),
    ],
)
def test_logs_tell_no_phone_number(line, told):
    assert discreet(line) == told


@pytest.mark.parametrize(
    "line", ["order ord_01k13800138000x", "took 1763771234567 ns", "GET /api/v1/orders 200"]
)
def test_logs_keep_what_is_no_phone_number(line):
    assert discreet(line) == line
