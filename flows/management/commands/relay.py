import signal
import threading

from django.core.management.base import BaseCommand

from flows import relaying


class Command(BaseCommand):
    help = "Number events after their commit, push them to open pages, wake their followers, until stopped."

    def handle(self, *args, **options):
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        relaying.run(stop)
