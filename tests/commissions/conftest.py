import pytest

from tests.plans import publish_plans


@pytest.fixture
def plans_published(world):
    return publish_plans(world)
