"""Headquarters: of partners' receipts a brand owner reads its own brands' lines, and never the total."""

from datetime import timedelta

from commissions import accruals
from dashboard.paging import latest_first
from members.models import Member
from merchants.onboarding import root_of
from merchants.roles import Role
from merchants.scoping import seats
from orders import oversight, payments
from orders.facts import RefundLineFacts, RefundTenderFacts, TenderFacts
from orders.payments import Told
from tests.faces.headquarters import manager_of, words
from tests.people import NOON, renewed
from tests.selling import line, money_back, sold


def test_the_channel_reads_its_whole_receipt(world, at_desk, receipt):
    page = words(at_desk(world.he).get(f"/hq/orders/{receipt.ref}/"))
    assert "¥1,046.00" in page
    assert all(name in page for name in ("青岚羊毛大衣", "木白明前龙井", "和合帆布袋"))
    assert f"/hq/members/{receipt.member.ref}/" in page


def test_a_brand_owner_reads_its_own_line_in_the_channel_s_store_and_never_the_total(world, at_desk, receipt):
    gu = at_desk(world.gu)
    for path in (f"/hq/orders/{receipt.ref}/", "/hq/orders/?where=partners", "/hq/feed/", "/hq/"):
        page = words(gu.get(path))
        assert "1,046" not in page and "128.00" not in page and "49.00" not in page
    page = words(gu.get(f"/hq/orders/{receipt.ref}/"))
    assert "青岚羊毛大衣" in page and "¥869.00" in page
    assert "龙井" not in page and "帆布袋" not in page
    with world.inside(world.qinglan):
        own = Member.objects.get()
    assert f"/hq/members/{own.ref}/" in page and receipt.member.ref not in page, (
        "Qinglan's own member, not Hehe's"
    )
    with world.inside(world.qinglan):
        Member.objects.update(status=Member.Status.LEFT)
    page = words(gu.get(f"/hq/orders/{receipt.ref}/"))
    assert "方女士" in page and own.ref not in page


def test_a_discount_is_told_with_its_coupon_and_a_sale_with_who_served(world, at_desk, receipt):
    channel = words(at_desk(world.he).get(f"/hq/orders/{receipt.ref}/"))
    brand = words(at_desk(world.gu).get(f"/hq/orders/{receipt.ref}/"))
    assert "满200减30 −" in channel and "满200减30 −" in brand
    assert "Serving guide" in channel and world.lin.code in channel


def test_the_seller_reads_what_paid_a_sale_and_who_bears_the_fee(world, at_desk):
    renewed(world.qinglan_at_jingan, fee_bearer="principal")
    tenders = (TenderFacts(place="acquirer", amount=19900, fee=119),)
    order = sold(world.jingan, line(world.shirt), tenders=tenders)
    accruals.book(order)
    page = words(at_desk(world.he).get(f"/hq/orders/{order.ref}/"))
    assert "Card or QR acquirer" in page and page.count("¥1.19") == 2
    charged = "of the payment fee is charged to 青岚服饰, as the contract says; it is in no share."
    assert charged in page
    brand = words(at_desk(world.gu).get(f"/hq/orders/{order.ref}/"))
    assert "Payments" not in brand and charged in brand, (
        "who bears it knows; how the receipt was paid is not its own"
    )


def test_the_seller_reads_on_which_payments_each_refund_went_back_and_a_brand_does_not(world, at_desk):
    tenders = (TenderFacts(place="cash", amount=10000), TenderFacts(place="acquirer", amount=9900))
    order = sold(world.jingan, line(world.shirt), tenders=tenders)
    named = (RefundTenderFacts(number=2, amount=700),)
    money_back(world.hehe, RefundLineFacts(number=1, amount=700, tenders=named), no="R-card")
    money_back(world.hehe, RefundLineFacts(number=1, amount=1990), no="R-both")
    page = words(at_desk(world.he).get(f"/hq/orders/{order.ref}/"))
    first, second = page.index("R-card"), page.index("R-both")
    assert 'Card or QR acquirer <span class="faint small">¥7.00' in page[first:second]
    assert "Cash" not in page[first:second]
    assert all(f'<span class="faint small">{part}' in page[second:] for part in ("¥10.00", "¥9.90"))
    assert "¥16.90" in page, "of the card in all"
    brand = words(at_desk(world.gu).get(f"/hq/orders/{order.ref}/"))
    assert "R-card" in brand and "acquirer" not in brand and "Went back on" not in brand


def test_a_brand_reads_what_reached_its_own_account_if_it_may_see_all_its_lines(world, at_desk):
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    tenders = (
        TenderFacts(place="psp", amount=100000, collector=world.qinglan.ref, fee=420),
        TenderFacts(place="cash", amount=22600),
    )
    lines = (line(world.shirt), line(world.coat), line(world.tea))
    order = sold(world.jingan, *lines, tenders=tenders)
    for number, no in ((1, "R-shirt"), (3, "R-tea")):
        named = (RefundTenderFacts(number=1, amount=600),)
        money_back(world.hehe, RefundLineFacts(number=number, amount=600, tenders=named), no=no)
    page = words(at_desk(world.gu).get(f"/hq/orders/{order.ref}/"))
    assert all(told in page for told in ("Payment account", "¥1,000.00", "¥4.20", "R-tea", "¥12.00"))
    assert not any(other in page for other in ("Cash", "226.00", "1,226.00", "龙井"))
    (gu,) = seats(world.gu)
    with world.inside(world.qinglan):
        shirt, coat = oversight.seen(gu, order.ref).lines
        assert payments.to_part(order, [coat]) == Told([], [])
        (back,) = payments.to_part(order, [shirt]).refunds
    assert (back.refund.external_no, back.amount, back.tenders) == ("R-shirt", 600, [])
    with world.inside(world.mubai):
        mei = manager_of(world.mubai, root_of(world.mubai), role=Role.OWNER, email="mei@mubai.example")
    page = words(at_desk(mei).get(f"/hq/orders/{order.ref}/"))
    assert "R-tea" in page
    assert not any(other in page for other in ("Payment account", "1,000.00", "4.20", "R-shirt"))


def test_a_coupon_of_another_brand_is_not_told_to_a_brand_owner(world, at_desk, receipt):
    with world.inside(world.mubai):
        mei = manager_of(world.mubai, root_of(world.mubai), role=Role.OWNER, email="mei@mubai.example")
    page = words(at_desk(mei).get(f"/hq/orders/{receipt.ref}/"))
    assert "龙井" in page and "满200减30" not in page


def test_a_single_day_is_drawn_by_the_hour(world, at_desk, receipt):
    page = at_desk(world.he).get("/hq/trade/?period=today")
    assert "Sales by the hour" in words(page) and page.context["sales"] == [104600]
    assert "Sales by day" in words(at_desk(world.he).get("/hq/trade/?period=week"))


def test_a_brand_owner_s_list_sums_its_lines_of_a_partner_s_receipt(world, at_desk, receipt):
    page = words(at_desk(world.gu).get("/hq/orders/?where=partners"))
    assert receipt.external_no in page and "¥869.00" in page
    assert receipt.external_no not in words(at_desk(world.gu).get("/hq/orders/"))


def test_the_overview_counts_each_side_s_own(world, at_desk, receipt):
    back = RefundLineFacts(number=1, quantity=0, amount=6900)
    money_back(world.hehe, back, refunded_at=receipt.paid_at + timedelta(minutes=5))
    channel = words(at_desk(world.he).get("/hq/figures/"))
    brand = words(at_desk(world.gu).get("/hq/figures/"))
    assert "¥977.00" in channel  # 1,046.00 less 69.00
    assert "¥800.00" in brand  # 869.00 less 69.00
    assert "1 of our own sent" in brand


def test_orders_are_listed_by_the_time_they_were_paid_page_after_page(world):
    for number, hours in enumerate([3, 1, 2, 5, 4]):
        sold(world.jingan, line(world.shirt), no=f"BY-TIME-{number}", paid_at=NOON - timedelta(hours=hours))
    for user, listing in ((world.he, oversight.sold_here), (world.gu, oversight.sold_elsewhere)):
        (seat,) = seats(user)
        listed, cursor = [], ""
        with world.inside(seat.merchant):
            while cursor is not None:
                page = latest_first(listing(seat), cursor, size=2)
                listed += [row["external_no"] for row in page.rows]
                cursor = page.next
        assert listed == [f"BY-TIME-{number}" for number in (1, 2, 0, 4, 3)]


def test_orders_are_narrowed_by_number_store_dates_and_refunds(world, at_desk, receipt):
    sold(world.xuhui, line(world.shirt), no="XH-77", paid_at=NOON - timedelta(days=3))
    back = RefundLineFacts(number=1, quantity=0, amount=6900)
    money_back(world.hehe, back, refunded_at=receipt.paid_at + timedelta(minutes=5))
    day = f"{receipt.business_date:%Y-%m-%d}"
    for user, listing, other in (
        (world.he, "own", None),
        (world.gu, "partners", None),
        (world.gu, "own", "XH-77"),
    ):
        number = other or receipt.external_no
        desk = at_desk(user)

        def listed(desk=desk, listing=listing, number=number, **asked):
            return (
                number in words(desk.get("/hq/orders/", {"where": listing, **asked})).partition("<tbody>")[2]
            )

        store = "xu hui" if other else "静安"
        assert listed() and listed(q=number[1:].lower()) and listed(store=store)
        assert not listed(q="nothing like it") and not listed(store="广州")
        assert listed(first=day) != bool(other) and listed(last=day)
        assert listed(state="refunded") != bool(other) and listed(state="kept") == bool(other)
    page = words(at_desk(world.he).get("/hq/orders/", {"q": "nothing like it"}))
    assert "No order fits" in page and "Show all orders" in page


def test_what_is_asked_for_goes_along_to_the_other_side(world, at_desk, receipt):
    gu = at_desk(world.gu)
    asked = {"where": "own", "q": receipt.external_no, "before": "x"}
    other = f'href="?where=partners&amp;q={receipt.external_no}"'
    page = words(gu.get("/hq/orders/", asked))
    assert page.count(other) == 2, "its tab, and the way out of the empty list"
    assert "one of a partner store may" in page and "Show all orders" in page
    page = words(gu.get("/hq/orders/", asked | {"where": "partners"}))
    assert receipt.external_no in page.partition("<tbody>")[2]
    page = words(gu.get("/hq/stores/", {"q": "和合", "cursor": "x"}))
    assert page.count('href="?q=%E5%92%8C%E5%90%88&amp;where=partners"') == 2
    only_one_side = words(at_desk(world.he).get("/hq/orders/", {"q": "nothing like it"}))
    assert "partner store" not in only_one_side


def test_an_orders_filter_that_cannot_be_read_is_told_and_narrows_nothing(world, at_desk, receipt):
    he = at_desk(world.he)
    for asked in ({"first": "yesterday"}, {"last": "9999-12-31"}, {"first": "0001-01-01"}, {"state": "x"}):
        answer = he.get("/hq/orders/", asked)
        assert answer.status_code == 200 and receipt.external_no in words(answer)
        assert "aria-invalid" in words(answer)


def test_the_pages_behind_keep_to_the_filter(world, at_desk, now):
    for number in range(32):
        sold(world.jingan, line(world.shirt), no=f"P-{number}")
    page = words(at_desk(world.he).get("/hq/orders/", {"store": "静安"}))
    assert "store=%E9%9D%99%E5%AE%89&amp;before=" in page
