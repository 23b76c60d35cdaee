"""A refund that did not fit its sale: why, in words, and put away once."""

import re
from inspect import getsource

import pytest
from django.utils import translation

from events.models import Event
from merchants.errors import Conflict
from orders import early_refunds, giving_back, refunds, returning, spreading
from orders.early_refunds import put_away
from orders.facts import RefundLineFacts
from orders.models import ParkedRefund, Refund
from tests.people import NOON
from tests.selling import TILL, line, money_back, sold

NOT_OF_ONE_THAT_WAITED = {"refund.too_many_parked", "refund.number_invalid", "refund.sale_unclear"}


def test_every_code_that_may_stand_there_has_words():
    written = "".join(map(getsource, (giving_back, refunds, returning, spreading)))
    codes = set(re.findall(r'"(refund\.[a-z_]+)"', written))
    assert "refund.not_kept" in codes
    assert codes - NOT_OF_ONE_THAT_WAITED == early_refunds.REASONS.keys()


def test_a_code_nobody_knows_is_told_truthfully():
    row = early_refunds.Refused(ParkedRefund(refused_code="refund.of_a_later_version"), "")
    with translation.override("en"):
        assert row.reason == "It does not fit the sale."


def test_it_is_put_away_once_and_told_once(world):
    row, _is_new = money_back(world.hehe, RefundLineFacts(number=9, amount=700))
    with pytest.raises(Conflict) as refusal:
        put_away(row, by=TILL)
    assert refusal.value.code == "refund.not_refused"
    order = sold(world.jingan, line(world.shirt))
    assert put_away(row, by=TILL, at=NOON).put_away_at == NOON
    assert put_away(row, by=TILL).put_away_at == NOON
    event = Event.objects.get(kind="refund.put_away")
    assert (event.merchant_id, event.subject, event.actor_ref) == (world.hehe.id, row.ref, "till")
    assert event.payload == {"order": order.ref, "code": "refund.not_on_order", "amount": 700}


def test_one_that_was_given_back_is_not_put_away(world):
    row, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=700))
    sold(world.jingan, line(world.shirt))
    with world.inside(world.hehe):
        assert Refund.objects.count() == 1
    with pytest.raises(Conflict) as refusal, translation.override("en"):
        put_away(row, by=TILL)
    assert refusal.value.code == "refund.not_refused"
