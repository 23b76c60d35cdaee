"""Kill -9, and back again, as an orchestrator with `restart: unless-stopped` would."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from random import Random

import psycopg2

VICTIMS = ["web-1", "web-2", "worker", "worker", "redis", "database", "backend", "backend", "relay", "beat"]


class Monkey:
    """Kills one part of the stack after another; `killed` and `restarted` count what it did."""

    def __init__(self, stack, random: Random) -> None:
        self.stack, self.random = stack, random
        self.killed: Counter[str] = Counter()
        self.restarted: Counter[str] = Counter()

    def rage(self, *, done: Callable[[], int], is_over: Callable[[], bool], every: int) -> None:
        """Every part in a shuffled order, again and again until it is over: one each time that about `every` more
        things are done, so that a slow machine sees as many crashes as a fast one."""
        while True:
            victims = list(VICTIMS)
            self.random.shuffle(victims)
            for victim in victims:
                enough = done() + self.random.randrange(every // 2, every * 3 // 2)
                while done() < enough:
                    if is_over():
                        return
                    self.bring_back()
                    time.sleep(0.05)
                self.kill(victim)

    def kill(self, victim: str) -> None:
        self.killed[victim] += 1
        if victim == "backend":
            self._kill_backend()
            return
        if victim == "database":
            self.stack.database_server.kill()
            time.sleep(self.random.uniform(0, 0.5))
            self.stack.database_server.start()
            return
        process = self.stack.processes[victim]
        process.kill()
        time.sleep(self.random.uniform(0, 0.5))
        process.start()

    def bring_back(self) -> None:
        """Whatever ended by itself, since what it needs was away."""
        for name, process in self.stack.processes.items():
            if process.running is None or process.running.poll() is not None:
                self.restarted[name] += 1
                process.start()

    def _kill_backend(self) -> None:
        """One server process at work: PostgreSQL then throws everybody out and recovers."""
        try:
            with self.stack.database() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC, random() LIMIT 1"
                )
                row = cursor.fetchone()
        except psycopg2.OperationalError:  # it is still getting up
            return
        if row:
            os.kill(row[0], signal.SIGKILL)
