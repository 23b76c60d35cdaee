"""A merchant reads what is coming to it from other merchants' T+1 books, and nothing else of theirs."""

from datetime import UTC, date, datetime, timedelta

from commissions import batches
from commissions.progress import Stage
from insights import coming
from tests.commissions.closing import booked, carried
from tests.people import ONBOARDING, World

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)
ONE = timedelta(days=1)


def to(world: World, merchant, *, since: date = FRIDAY - ONE) -> coming.Coming:
    with world.inside(merchant):
        return coming.to(merchant, since=since)


def test_what_waits_in_anothers_book_is_told_by_book_and_date_and_what_goes_straight_to_guides_apart(world):
    carried(world)
    booked(world, "T-1", at=NOON)
    booked(world, "T-2", at=NOON)
    booked(world, "T-3", at=NOON + ONE)
    found = to(world, world.qinglan)
    assert found.waiting == [
        coming.Waiting(world.mubai.name, FRIDAY, 2, 5120, 1280),
        coming.Waiting(world.mubai.name, FRIDAY + ONE, 1, 2560, 640),
    ]
    assert (found.lines, found.amount, found.guides, found.runs) == (3, 7680, 1920, [])
    for nobody in (world.mubai, world.hehe, world.stranger):
        assert to(world, nobody) == coming.Coming([], [])


def test_what_the_merchant_passes_on_to_its_guides_is_coming_to_it(world):
    carried(world, guide_pay="employer")
    booked(world, "T-1", at=NOON)
    assert (to(world, world.qinglan).amount, to(world, world.qinglan).guides) == (3200, 0)


def test_a_run_is_told_with_what_it_will_make_payable_here_and_after_that_with_what_it_made(world):
    carried(world, reserve_ppm=335_000)
    batches.ask_for_approval(world.mubai, True, by=ONBOARDING)
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    booked(world, "T-2", at=NOON)  # recorded after the freeze: it waits for the next run
    for stage in (Stage.FROZEN, Stage.APPROVED, Stage.POSTED):
        found = to(world, world.qinglan)
        assert found.runs == [coming.Run(world.mubai.name, FRIDAY, stage, 1, 1703, 857, 640)]
        assert [(one.day, one.lines, one.amount) for one in found.waiting] == [(FRIDAY, 1, 2560)]
        in_runs = 0 if stage == Stage.POSTED else 2560
        assert (found.in_runs, found.amount) == (in_runs, in_runs + 2560)
        if stage == Stage.FROZEN:
            batches.approve(batch, by=ONBOARDING)
        elif stage == Stage.APPROVED:
            batches.advance(batch, at=MIDNIGHT)
    assert to(world, world.qinglan, since=FRIDAY + ONE).runs == [], "it has long been payable"
    for nobody in (world.mubai, world.hehe, world.stranger):
        assert to(world, nobody) == coming.Coming([], [])
