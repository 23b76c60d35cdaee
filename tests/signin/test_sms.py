import logging

import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications import sms
from tests.sms_gateway import TOKEN, SmsGateway

MEI = "+8613700000001"


@pytest.fixture
def gateway(settings):
    gateway = SmsGateway()
    settings.SMS_BACKEND = "notifications.sms.Gateway"
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = gateway.url, TOKEN
    yield gateway
    gateway.stop()


def test_the_gateway_is_given_phone_and_text(gateway):
    sms.send(phone=MEI, text="您的验证码是 123456")
    assert gateway.messages == [(MEI, "您的验证码是 123456")]
    assert not sms.outbox


def test_a_gateway_that_refuses_or_is_gone_sent_nothing_and_the_log_tells_nothing(gateway, caplog):
    gateway.broken = True
    with pytest.raises(sms.Unsent):
        sms.send(phone=MEI, text="123456")
    gateway.stop()
    with pytest.raises(sms.Unsent):
        sms.send(phone=MEI, text="123456")
    assert "did not accept" in caplog.text
    assert "123456" not in caplog.text and "13700000001" not in caplog.text


def test_the_console_shows_the_text_and_masks_the_phone(caplog):
    with caplog.at_level(logging.INFO, "notifications.sms"):
        sms.send(phone=MEI, text="123456")
    assert "137****0001: 123456" in caplog.text


def test_outside_embedded_mode_the_console_refuses(settings):
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured):
        sms.send(phone=MEI, text="123456")
    assert not sms.outbox
