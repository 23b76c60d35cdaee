"""A shopper joins at a store, and one person stays one person."""

import pytest
from django_scopes import scope

from events.models import Event
from events.record import Actor
from flows.joining import join_brand
from members import consent
from members.models import Binding, Member, SharedMembership
from merchants.errors import DomainError
from tests.people import NOON, make_guide

PHONE = "138 0013 8000"
EVERYTHING = {"membership": True, "store": True, "marketing": False}
SHOPPER = Actor.person("psn_wang")


def joins(world, store=None, **changes):
    asked = {
        "brand": world.qinglan_brand,
        "store": store or world.jingan,
        "phone": PHONE,
        "name": "王芳",
        "consents": EVERYTHING,
        "by": SHOPPER,
        "at": NOON,
    }
    return join_brand(**{**asked, **changes})


def test_joining_a_brand_at_anothers_store_makes_two_members_of_one_person(world):
    joined = joins(world)
    assert joined.is_new
    assert joined.member.merchant == world.qinglan and joined.channel_member.merchant == world.hehe
    assert joined.member.person == joined.channel_member.person
    assert joined.guide == world.lin and joined.binding.member == joined.channel_member
    with scope(merchant=world.hehe):
        shared = SharedMembership.party.get()
    assert (shared.member_id, shared.counterpart_id) == (joined.member.id, joined.channel_member.id)
