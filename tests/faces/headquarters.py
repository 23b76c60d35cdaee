"""What the tests of headquarters share."""

from merchants.onboarding import appoint
from merchants.roles import Role
from tests.people import LONG_AGO, ONBOARDING, make_user


def words(answer) -> str:
    return answer.content.decode()


def manager_of(merchant, unit, *, role=Role.REGION_MANAGER, email="lu@example.example"):
    user = make_user("陆景行", email=email)
    appoint(user=user, merchant=merchant, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    return user
