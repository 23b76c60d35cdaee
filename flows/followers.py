"""The table of followers: who acts on which event. Imported by the worker, the relay and the tests."""

from flows import notifying
from flows.following import follow

follow("notifications", kinds=notifying.KINDS, handler=notifying.tell)
