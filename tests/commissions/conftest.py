import pytest

from tests.people import make_guide
from tests.plans import publish_plans


@pytest.fixture
def plans_published(world):
    return publish_plans(world)


@pytest.fixture
def zhou(world):
    with world.inside(world.hehe):
        return make_guide(world.jingan, code="G102", name="周远", phone="+8613900000102")
