"""What happens on a day of the chaos test, drawn by lot beforehand: the same for the same seed."""

from dataclasses import dataclass, replace
from random import Random

from tests.stack.agreed import ATTIC, CONTRACTS, GOODS, GUIDES, STORES, THRESHOLD

PPM = 1_000_000


@dataclass(frozen=True)
class Story:
    """A sale to come. `phone` is a member, who joins with a guide before it, `claims` a coupon for it, and, if it
    `duels`, shows the code at a second till as well. `refund` is (line, ppm of what was paid, before | after | late).
    """

    no: str
    store: str
    lines: tuple[tuple[str, int], ...]
    serving: str
    payment: str
    phone: str = ""
    own_guide: str = ""
    claims: bool = False
    duels: bool = False
    refund: tuple[int, int, str] | None = None


def written(chance: Random, *, sales: int, refunds: int) -> list[Story]:
    """The day's stories. One sale in ten of Attic's has a member join, who mostly brings a coupon if it is dear enough;
    some members come to two tills at once, and some coupons."""
    stories: list[Story] = []
    members: list[tuple[str, str]] = []  # phone, guide
    for number in range(sales):
        story = _sale(chance, f"C-{number:05d}")
        if STORES[story.store] == ATTIC and number % 10 == 0:
            story = _with_member(chance, story, members)
        stories.append(story)
    for place in chance.sample(range(sales), min(refunds, sales)):
        story = stories[place]
        when = chance.choice(["before", "after", "after", "after", "late"])
        line = chance.randrange(len(story.lines)) + 1
        part = chance.choice([PPM, PPM // 2, chance.randrange(1, PPM)])
        # What a line with a coupon comes to is only known once it is sold.
        stories[place] = replace(story, refund=(line, part, "after" if story.claims else when))
    return stories


def _sale(chance: Random, no: str) -> Story:
    store = chance.choice(list(STORES))
    goods = [
        code
        for code, one in GOODS.items()
        if ((one.owner, store) in CONTRACTS if one.branded else one.owner == STORES[store])
    ]
    chosen = chance.sample(goods, min(chance.choice([1, 1, 2, 2, 3]), len(goods)))
    return Story(
        no=no,
        store=store,
        lines=tuple((code, chance.choice([1, 1, 1, 2, 3])) for code in chosen),
        serving=chance.choice([code for code, where in GUIDES.items() if where == store]),
        payment=chance.choice(["", "cash", "psp", "both", "brand", "brand line"]),
    )


def _with_member(chance: Random, story: Story, members: list[tuple[str, str]]) -> Story:
    again = bool(members) and chance.random() < 0.1  # the one before, at another till
    if not again:
        guide = chance.choice([code for code, where in GUIDES.items() if STORES[where] == ATTIC])
        members.append((f"1381{len(members):07d}", guide))
    phone, guide = members[-1]
    amount = sum(GOODS[code].price * count for code, count in story.lines)
    claims = amount >= THRESHOLD and not again
    duels = claims and chance.random() < 0.2
    return replace(story, phone=phone, own_guide=guide, claims=claims, duels=duels)
