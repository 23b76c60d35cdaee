from datetime import UTC, datetime, timedelta, timezone

import pytest

from coupons.models import Campaign
from merchants.errors import DomainError
from tests.selling import campaign_of


@pytest.mark.parametrize("field", ["claim_from", "claim_until", "use_from", "use_until"])
@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))),
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2100, 1, 2, tzinfo=UTC),
    ],
)
def test_a_campaign_lies_within_the_years_that_every_clock_can_show(world, field, at):
    with pytest.raises(DomainError) as refusal:
        campaign_of(world.qinglan, world.qinglan_brand, **{field: at})
    assert (refusal.value.code, refusal.value.field) == ("date.out_of_reach", field)
    with world.inside(world.qinglan):
        assert not Campaign.objects.exists()
