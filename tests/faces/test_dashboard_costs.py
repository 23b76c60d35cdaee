"""Headquarters reads what its sales cost, and takes the table home."""

from commissions import accruals
from tests.people import NOON
from tests.plans import publish_plans
from tests.selling import line, sold


def test_costs_are_read_by_store_brand_and_guide_and_downloaded(world, at_desk, now):
    publish_plans(world)
    accruals.book(
        sold(world.jingan, line(world.tea), line(world.tote), paid_at=NOON, touches={"serving": "G101"})
    )
    desk = at_desk(world.he)
    page = desk.get("/hq/costs/?by=brand").content.decode()
    assert "Own goods" in page and "¥177.00" in page and "¥76.80" in page and "¥3.84" in page
    page = desk.get("/hq/costs/?by=guide").content.decode()
    assert world.lin.name in page and "¥3.84" in page and "Discounts you bear" not in page
    answer = desk.get("/hq/costs/?by=brand&format=csv")
    assert answer["Content-Type"].startswith("text/csv") and "In all" in answer.content.decode()
    assert (
        "Nothing was split in this period."
        in at_desk(world.wei).get("/hq/costs/?by=nonsense").content.decode()
    )
