"""The table of followers: who acts on which event. Imported by the worker, the relay and the tests."""

from flows import notifying, settlement
from flows.following import follow

follow("notifications", kinds=notifying.KINDS, handler=notifying.tell)
follow("commissions", kinds=[settlement.PAID], handler=settlement.book, lanes=2)
follow("clawbacks", kinds=[settlement.REFUNDED], handler=settlement.take_back)
