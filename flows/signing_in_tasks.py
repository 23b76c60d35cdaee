"""By the clock: what sign-ins leave behind is forgotten."""

from datetime import timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from members import phone_codes, shopper_sessions

CODES_KEPT = timedelta(days=2)  # the limits look back one day
ENDED_SESSIONS_KEPT = timedelta(days=30)


@shared_task
def forget_expired() -> None:
    """Sessions that ran out and their devices, old codes, and shopper sessions ended long ago."""
    now = timezone.now()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    phone_codes.clear(before=now - CODES_KEPT)
    shopper_sessions.clear(before=now - ENDED_SESSIONS_KEPT)
