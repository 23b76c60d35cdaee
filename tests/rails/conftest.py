import pytest

from tests.plans import publish_plans
from tests.rails.sharing import stand
from tests.rails.wechat_pay import serving


@pytest.fixture
def fake(settings):
    with serving() as fake:
        settings.WECHAT_PAY_URL = fake.url
        yield fake


@pytest.fixture
def world(world, fake):
    world = publish_plans(world)
    stand(world)
    return world
