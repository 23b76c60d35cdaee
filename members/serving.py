"""Who serves a brand's member: their own guide, or the one of the store merchant they allowed to know
them."""

from datetime import datetime

from members.binding import binding_of
from members.models import Binding, Member
from members.sharing import counterparts_of
from merchants.models import Brand


def serving(*, brand: Brand, member: Member, at: datetime) -> Binding | None:
    """The live binding behind a brand's member, whichever merchant employs the guide; for the member's own
    eyes."""
    if own := binding_of(member=member, at=at):
        return own
    theirs = (binding_of(member=known, at=at) for known in counterparts_of(brand=brand, member=member))
    return next((binding for binding in theirs if binding), None)
