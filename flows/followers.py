"""The table of followers: who acts on which event. Imported by the worker, the relay and the tests."""

from flows import notifying, settlement
from flows.following import follow

follow("notifications", kinds=notifying.KINDS, handler=notifying.tell)
follow("commissions", kinds=settlement.KINDS, handler=settlement.act, lanes=2)
