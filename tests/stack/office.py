"""What headquarters does in the chaos test, inside the stack's environment (manage.py shell); told in JSON."""

import json
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from commissions import plans
from commissions.splitting import Term
from coupons import campaigns
from flows.settlement import close_day
from ledger.statements import of_all, statement
from merchants.models import Merchant, Party
from merchants.onboarding import add_brand, issue_key, open_merchant
from tests.people import LONG_AGO, ONBOARDING, make_contract, make_guide, make_sku, make_store
from tests.stack import agreed

SIGN = "chaos "  # before the merchants' names: the stack holds a demo as well


@transaction.atomic
def lay() -> None:
    """The merchants and all that they agreed; refs by the names of `agreed`, and each merchant's key."""
    told: dict[str, Any] = {"keys": {}, "refs": {}, "parties": {}}
    merchants, brands, stores = {}, {}, {}
    for name in agreed.MERCHANTS:
        merchant = open_merchant(
            name=SIGN + name, is_brand_owner=name != agreed.ATTIC, is_channel=True, by=ONBOARDING
        )
        merchants[name] = merchant
        told["keys"][name] = issue_key(merchant=merchant, name="till", by=ONBOARDING)[1]
        told["refs"][name] = merchant.ref
        told["parties"][merchant.party_id] = name
        if name != agreed.ATTIC:
            with scope(merchant=merchant):
                brands[name] = add_brand(
                    merchant=merchant,
                    name=SIGN + name,
                    name_en=name.title(),
                    slug=f"chaos-{name}",
                    seal="乱",
                    by=ONBOARDING,
                )
    platform, _made = Party.objects.get_or_create(kind=Party.Kind.PLATFORM)
    told["parties"][platform.pk] = agreed.PLATFORM
    for code, goods in agreed.GOODS.items():
        with scope(merchant=merchants[goods.owner]):
            brand = brands[goods.owner] if goods.branded else None
            make_sku(merchants[goods.owner], brand, code=code, name=code, list_price=goods.price)
    for code, name in agreed.STORES.items():
        kind = "collection" if name == agreed.ATTIC else "direct"
        with scope(merchant=merchants[name]):
            stores[code] = make_store(merchants[name], code=code, name=code, kind=kind, lng=121.4, lat=31.2)
    for number, (code, store) in enumerate(agreed.GUIDES.items()):
        with scope(merchant=stores[store].merchant):
            guide = make_guide(stores[store], code=code, name=code, phone=f"+8619711{number:06d}")
        told["parties"][guide.party_id] = code
    for (owner, store), terms in agreed.CONTRACTS.items():
        make_contract(
            brands[owner],
            stores[store],
            **terms._asdict(),
            brand_bears_ppm=500_000,
            store_bears_ppm=500_000,
            store_tells_for_brand=True,
        )
    for (owner, mode), rules in agreed.PLANS.items():
        terms = [Term(number, role, ppm) for number, (role, ppm) in enumerate(rules, start=1)]
        plans.publish(
            brand=brands[owner],
            mode=mode,
            scope=None,
            rules=[*terms, Term(len(terms) + 1, "residual")],
            effective_from=LONG_AGO,
            by=ONBOARDING,
            at=LONG_AGO,
        )
    with scope(merchant=merchants[agreed.ATTIC]):
        ends = timezone.now() + timedelta(days=30)
        campaign = campaigns.create(
            merchant=merchants[agreed.ATTIC],
            name="chaos",
            threshold=agreed.THRESHOLD,
            amount_off=agreed.AMOUNT_OFF,
            issue_limit=10_000,
            claim_from=LONG_AGO,
            claim_until=ends,
            use_from=LONG_AGO,
            use_until=ends,
            bearers=agreed.BEARERS,
            by=ONBOARDING,
        )
    print(json.dumps(told | {"campaign": campaign.ref}))


def close() -> None:
    """What the morning after tomorrow does for each book."""
    now = timezone.now() + timedelta(days=2)
    for book in _books():
        close_day(book, now=now)


def statements() -> None:
    """By book and party id: opening, credits, debits, closing, by kind and by account, of the last and next month."""
    days = {
        "first": timezone.now().date() - timedelta(days=31),
        "last": timezone.now().date() + timedelta(days=31),
    }
    told: dict[str, Any] = {}
    for book in _books():
        with scope(merchant=book):
            rows = told[book.name.removeprefix(SIGN)] = {}
            for party_id, (opening, credits, debits) in of_all(book, **days).items():
                one = statement(book, Party.objects.get(pk=party_id), **days)
                assert (one.opening, one.credits, one.debits) == (opening, credits, debits)
                rows[party_id] = {
                    "opening": opening,
                    "closing": one.closing,
                    "by_kind": one.by_kind,
                    "by_account": one.by_account,
                }
    print(json.dumps(told))


def _books() -> list[Merchant]:
    return list(Merchant.objects.filter(name__startswith=SIGN).order_by("id"))
