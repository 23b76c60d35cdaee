"""Tills that never give up: each tells its sales and refunds one after another, and whatever goes without an answer
is told again, to the other server, under the same number and mostly under the same Idempotency-Key."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from random import Random
from typing import Any

from tests.merchant_calls import Answer, MerchantCalls, now
from tests.stack.agreed import GOODS, GUIDES, STORES, WEAVE
from tests.stack.recomputing import Back, Sale, Tender
from tests.stack.stories import PPM, Story

PATIENCE = 240.0  # seconds for one call, with all that is killed meanwhile
MORNING = (datetime.now(UTC) - timedelta(hours=1)).isoformat()  # when every member joined


@dataclass
class Journal:
    """What was taken by the API; shared by the tills."""

    sales: dict[str, Sale] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)  # phone → ref
    codes: set[str] = field(default_factory=set)
    refunds: dict[str, str] = field(default_factory=dict)  # number → ref, empty while parked
    statuses: Counter[str] = field(default_factory=Counter)
    late: list[tuple[Sale, Back]] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return len(self.sales) + len(self.refunds)


class Till(threading.Thread):
    """Tells its stories. `failure` is what it could not get over."""

    def __init__(
        self, stories: Sequence[Story], *, staged: dict[str, Any], web: list[str], journal: Journal, seed: str
    ) -> None:
        super().__init__(daemon=True)
        self.stories, self.staged, self.journal = stories, staged, journal
        self.random = Random(seed)
        self.calls = {
            name: [MerchantCalls(address, key) for address in web] for name, key in staged["keys"].items()
        }
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for story in self.stories:
                self.tell(story)
        except BaseException as failure:  # the test's thread raises it
            self.failure = failure

    def tell(self, story: Story) -> None:
        seller = STORES[story.store]
        if story.phone:
            member = {
                "phone": story.phone,
                "name": "常客",
                "store": GUIDES[story.own_guide],
                "guide": story.own_guide,
                "joined_at": MORNING,
            }
            joined = self.insist(seller, "/members", member)
            assert self.journal.members.setdefault(story.phone, joined["id"]) == joined["id"]
        code = ""
        if story.claims:
            wish = {"member": joined["id"], "store": story.store}
            path = f"/campaigns/{self.staged['campaign']}/coupons"
            code = self.insist(seller, path, wish, forgets=False)["code"]
            self.journal.codes.add(code)
        if story.duels:
            rival = replace(story, no=f"{story.no}-B", refund=None)
            with ThreadPoolExecutor(1) as next_till:
                other = next_till.submit(self.sell, rival, code)
                self.sell(story, code)
                other.result()
        else:
            self.sell(story, code)

    def sell(self, story: Story, code: str) -> None:
        sale = self._sale(story, has_coupon=bool(code))
        paid_at = now()
        back, when = (self._back(sale, *story.refund), story.refund[2]) if story.refund else (None, "")
        if when == "before":
            self.give_back(sale, back)
        body = {
            "channel": "pos",
            "external_no": sale.no,
            "store": sale.store,
            "paid_at": paid_at,
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in sale.lines],
            "touches": {"serving": sale.serving},
            "tenders": [
                tender._asdict() | {"collector": self.staged["refs"][tender.collector]}
                for tender in sale.tenders
            ],
        }
        if story.phone:
            body["buyer"] = {"phone": story.phone}
        if code:
            body["coupons"] = [code]
        answer = self.insist(STORES[sale.store], "/orders", body, refusals=("coupon.used",))
        if answer.status == 422:  # the other till was first: this shopper pays the whole
            return self.sell(story, "")
        assert answer["paid_total"] == sum(sale.paid), (answer.body, sale)
        sale = replace(sale, refunds=(back,) if back else ())
        assert self.journal.refs.setdefault(sale.no, answer["id"]) == answer["id"]
        self.journal.sales[sale.no] = sale
        if when == "after":
            self.give_back(sale, back)
        elif when == "late":
            self.journal.late.append((sale, back))

    def give_back(self, sale: Sale, back: Back) -> None:
        body = {
            "channel": "pos",
            "external_no": f"R-{sale.no}",
            "order_external_no": sale.no,
            "lines": [{"number": back.line, "quantity": back.quantity, "amount": back.amount}],
            "refunded_at": now(),
        }
        answer = self.insist(STORES[sale.store], "/refunds", body)
        self.journal.refunds[f"R-{sale.no}"] = answer["id"]

    def insist(
        self,
        merchant: str,
        path: str,
        body: dict[str, Any],
        *,
        refusals: Sequence[str] = (),
        forgets: bool = True,
    ) -> Answer:
        """The answer, however often it takes. `refusals` are codes of a 422 that is an answer as well; a till that
        `forgets` may tell again under a fresh key."""
        key, deadline = uuid.uuid4().hex, time.monotonic() + PATIENCE
        place = self.random.randrange(2)
        while True:
            answer = self._once(self.calls[merchant][place % 2], path, body, key)
            if answer is not None:
                taken = answer.status in (200, 201, 202)
                if taken and forgets and self.random.random() < 0.03:
                    self.journal.statuses["told twice"] += 1
                    again = self._once(self.calls[merchant][place % 2], path, body, uuid.uuid4().hex)
                    assert again is None or again["id"] == answer["id"], (answer, again)
                if taken or (answer.status == 422 and answer.body.get("code") in refusals):
                    return answer
                assert answer.status in (409, 429), (path, body, answer)
                assert answer["code"] in ("idempotency.in_flight", "key.too_many_calls"), (path, answer)
            assert time.monotonic() < deadline, f"{path} was never answered: {answer}"
            place += 1
            if forgets and self.random.random() < 0.3:
                key = uuid.uuid4().hex
            time.sleep(self.random.uniform(0.02, 0.3))

    def _once(self, calls: MerchantCalls, path: str, body: dict[str, Any], key: str) -> Answer | None:
        """None if nobody answered, or that it failed."""
        try:
            answer = calls.post(path, body, once=key)
        except (OSError, HTTPException, ValueError) as error:
            self.journal.statuses[type(error).__name__] += 1
            return None
        self.journal.statuses[str(answer.status)] += 1
        return None if answer.status >= 500 else answer

    def _sale(self, story: Story, *, has_coupon: bool) -> Sale:
        sale = Sale(story.no, story.store, story.lines, story.serving, story.own_guide, has_coupon)
        return replace(sale, tenders=self._tenders(story.payment, sale))

    def _tenders(self, payment: str, sale: Sale) -> tuple[Tender, ...]:
        seller, total = STORES[sale.store], sum(sale.paid)
        part = total * 3 // 7
        weave = next((n for n, (sku, _count) in enumerate(sale.lines, 1) if GOODS[sku].owner == WEAVE), 0)
        if payment in ("cash", "psp"):
            return (Tender(payment, seller, total),)
        if payment == "both":
            return Tender("cash", seller, part), Tender("psp", seller, total - part)
        if payment == "brand" and weave:
            return Tender("psp", WEAVE, part), Tender("cash", seller, total - part)
        if payment == "brand line" and weave:
            own = sale.paid[weave - 1]
            rest = [Tender("cash", seller, total - own)] if total > own else []
            return *rest, Tender("psp", WEAVE, own, (weave,))
        return ()

    def _back(self, sale: Sale, line: int, part: int, when: str) -> Back:
        amount = max(sale.paid[line - 1] * part // PPM, 1)
        quantity = sale.lines[line - 1][1] if part == PPM else 0
        return Back(line, quantity, amount, when == "late")
