from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Instant, Whole
from api.pagination import LONGEST_PAGE, PAGE
from events import stream
from events.models import Event


class EventQuery(serializers.Serializer):
    after = Whole(
        default=0, min_value=0, max_value=2**63 - 1, help_text=_("The “next” of the call before; 0 to begin")
    )
    limit = Whole(default=PAGE, min_value=1, max_value=LONGEST_PAGE)


class ActorAnswer(serializers.Serializer):
    kind = serializers.CharField(help_text="user, key, person, system")
    id = serializers.CharField()


class EventAnswer(serializers.Serializer):
    seq = serializers.IntegerField(help_text=_("Its place in the stream, given after commit"))
    kind = serializers.CharField(help_text=_("Such as order.paid or coupon.redeemed"))
    subject = serializers.CharField()
    concerns = serializers.ListField(child=serializers.CharField())
    actor = ActorAnswer()
    payload = serializers.DictField(help_text=_("Ids, codes and amounts; never a name or a phone"))
    at = Instant(help_text=_("When it happened"))
    recorded_at = Instant(help_text=_("When it was written down"))


class EventPage(serializers.Serializer):
    data = EventAnswer(many=True)
    next = serializers.IntegerField(help_text=_("Send it as “after”, now or later: nothing is missed"))


class Events(Call):
    scopes = {"GET": "events:read"}
    names = {"GET": "listEvents"}

    @extend_schema(
        description=_(
            "What happened in your merchant's eyes, the oldest first, each event once and in its order."
        ),
        parameters=[EventQuery],
        responses=EventPage,
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(EventQuery)
        events = list(stream.for_merchant(self.merchant.pk).after(asked["after"])[: asked["limit"]])
        following = events[-1].seq if events else asked["after"]
        return Response({"data": [show(event) for event in events], "next": following})


def show(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "kind": event.kind,
        "subject": event.subject,
        "concerns": event.concerns,
        "actor": {"kind": event.actor_kind, "id": event.actor_ref},
        "payload": event.payload,
        "at": event.at,
        "recorded_at": event.recorded_at,
    }
