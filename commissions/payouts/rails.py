"""What a rail is that Tiandi speaks to by itself. The bank file and paying by hand are none: people carry those.

A rail tells what became of a payout through `answers` and nothing else, so states and books know no rail.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from commissions.models import Payout
from commissions.payouts.wechat.rail import WeChat
from merchants.errors import DomainError
from merchants.models import Merchant, Party


class Rail(Protocol):
    """`place` is where the sender holds what this rail sends (ledger `held:…`)."""

    place: str

    def missing(self, *, sender: Merchant, payee: Party) -> DomainError | None:
        """Why this payee cannot be paid so, in words with the next step; None if it can."""

    def senders(self) -> Iterable[Merchant]:
        """Who could have something to send or to ask about."""

    def work(self, sender: Merchant, *, at: datetime | None = None) -> int:
        """Send what was made, once; ask after what was sent. Safe to run twice at once and to be killed anywhere;
        outside any transaction. Returns how many calls were answered."""


RAILS: dict[str, Rail] = {Payout.Rail.WECHAT: WeChat()}
