"""What bench/ledger_post.py tells django-hordak to do: the same sale, as a transaction of four legs. Runs in a virtual
environment of its own and on the database named by PEER_URL; one round a line: `stories a_commit` in, seconds out."""

import os
import sys
import time
from datetime import date
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["PEER_URL"])
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path[1:],
            "USER": url.username,
            "HOST": parse_qs(url.query).get("host", [url.hostname])[0],
            "PORT": url.port or "",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DEFAULT_CURRENCY="CNY",
    HORDAK_INTERNAL_CURRENCY="CNY",
    CURRENCIES=["CNY"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from hordak.models import Account, AccountType, Leg, Transaction  # noqa: E402

call_command("migrate", verbosity=0)
TODAY = date(2026, 11, 20)
cash, pending, due, own = (
    Account.objects.create(name=name, code=str(number), type=kind, currencies=["CNY"])
    for number, (name, kind) in enumerate(
        [
            ("cash", AccountType.asset),
            ("pending", AccountType.liability),
            ("due", AccountType.liability),
            ("own", AccountType.income),
        ]
    )
)


def tell() -> None:
    """Its quickest public way: the legs at once."""
    sale = Transaction.objects.create(date=TODAY, description="sale")
    shares = [(pending, 700), (due, 200), (own, 100)]
    legs = [Leg(transaction=sale, account=account, credit=amount) for account, amount in shares]
    Leg.objects.bulk_create([Leg(transaction=sale, account=cash, debit=1000), *legs])


print("ready", flush=True)
for line in sys.stdin:
    stories, a_commit = map(int, line.split())
    left = iter(range(stories))
    begun = time.perf_counter()
    while told := list(islice(left, a_commit)):
        with transaction.atomic():
            for _story in told:
                tell()
    print(time.perf_counter() - begun, flush=True)
