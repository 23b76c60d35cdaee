"""The relay at work: numbers after commit, then the push to open pages, then the bell of the followers."""

import threading

from events import relay
from flows import bell
from notifications import live


def run(stop: threading.Event) -> None:
    """Relay until `stop` is set: `manage.py relay`, or a thread of the one process in embedded mode."""
    with live.publishing() as publish, bell.ringing() as ring:
        relay.run(stop, [publish, ring])
