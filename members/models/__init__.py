from members.models.member import (
    Binding,
    BindingQuerySet,
    Consent,
    FollowUp,
    Identity,
    Member,
    Person,
    PhoneCode,
    SharedMembership,
    ShopperSession,
)
from members.models.programme import Programme, TopUp

__all__ = [
    "Binding",
    "BindingQuerySet",
    "Consent",
    "FollowUp",
    "Identity",
    "Member",
    "Person",
    "PhoneCode",
    "Programme",
    "SharedMembership",
    "ShopperSession",
    "TopUp",
]
