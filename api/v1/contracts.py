from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from api.v1.contract_shapes import (
    SIDES,
    STATES,
    AcceptanceBody,
    AmendmentBody,
    ContractAnswer,
    DeclineBody,
    DraftBody,
    RevisionBody,
    show,
)
from merchants.models import Merchant, OrgUnit
from merchants.onboarding import root_of
from stores import contracts, drafts
from stores.models import Contract, Store
from stores.terms import Terms


class ContractQuery(PageQuery):
    side = serializers.ChoiceField(
        SIDES,
        required=False,
        help_text=_(
            "brand: of your brands, in anybody's stores; store: of others' brands, in your stores. If left out:"
            " brand where you own one, else store"
        ),
    )
    state = serializers.ChoiceField(STATES, required=False)


class ContractCall(Call):
    def one(self, ref: str) -> Contract:
        return access.contract(ref)

    def answer(self, contract: Contract, *, status: int = 200) -> Response:
        return Response(show(contract, reader=self.merchant), status=status)

    @property
    def hand(self) -> dict[str, Any]:
        return {"merchant": self.merchant, "by": self.by}


class Contracts(ContractCall):
    scopes = {"GET": "contracts:read", "POST": "contracts:write"}
    names = {"GET": "listContracts", "POST": "draftContract"}

    @extend_schema(
        description=_("Your contracts and drafts on one side, the newest first."),
        parameters=[ContractQuery],
        responses=page_of(ContractAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(ContractQuery)
        side = asked.get("side", "brand" if self.merchant.is_brand_owner else "store")
        rows = access.contracts(side)
        if side == "store":
            rows = rows.exclude(merchant=self.merchant)
        if "state" in asked:
            rows = rows.in_state(asked["state"])
        return Response(page(asked, rows, lambda contract: show(contract, reader=self.merchant)))

    @extend_schema(
        description=_(
            "Offer a store a contract for one of your brands. It holds once the store's merchant accepts it; "
            "with your own store, at once."
        ),
        request=DraftBody,
        responses={201: ContractAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(DraftBody)
        brand = access.brand(given.pop("brand"))
        store = access.offerable_store(given.pop("store"))
        terms = Terms(brand_unit=_place_of(store, self.merchant), **given)
        return self.answer(drafts.draft(brand=brand, store=store, terms=terms, by=self.by), status=201)


class OneContract(ContractCall):
    scopes = {"GET": "contracts:read"}
    names = {"GET": "getContract"}

    @extend_schema(description=_("A contract or draft of yours, on either side."), responses=ContractAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return self.answer(self.one(ref))


class ContractAmendment(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "amendContract"}

    @extend_schema(
        description=_(
            "Offer other terms for a contract in force: a new draft. Once it is accepted, the contract ends "
            "where it begins."
        ),
        request=AmendmentBody,
        responses={201: ContractAnswer},
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        contract = self.one(ref)
        terms = replace(Terms.of(contract), **self.given(AmendmentBody))
        return self.answer(drafts.amend(contract=contract, terms=terms, **self.hand), status=201)


class ContractRevision(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "reviseContract"}

    @extend_schema(
        description=_(
            "Change the terms of your open draft; those left out stay. Its version grows. Name the version "
            "you read, and nothing changes if another stands by now (409)."
        ),
        request=RevisionBody,
        responses=ContractAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        changes = self.given(RevisionBody)
        version = changes.pop("version", None)
        offer = drafts.revise(contract=self.one(ref), changes=changes, version=version, **self.hand)
        return self.answer(offer)


class ContractWithdrawal(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "withdrawContract"}

    @extend_schema(description=_("Take your open draft back."), request=None, responses=ContractAnswer)
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        return self.answer(drafts.withdraw(contract=self.one(ref), **self.hand))


class ContractAcceptance(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "acceptContract"}

    @extend_schema(
        description=_(
            "Accept a draft for your store. Name the version of the terms you read: if they were revised "
            "since, nothing is accepted (409)."
        ),
        request=AcceptanceBody,
        responses=ContractAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        return self.answer(drafts.accept(contract=self.one(ref), **self.given(AcceptanceBody), **self.hand))


class ContractDecline(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "declineContract"}

    @extend_schema(
        description=_("Decline a draft for your store; the brand's owner reads the reason."),
        request=DeclineBody,
        responses=ContractAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        return self.answer(drafts.decline(contract=self.one(ref), **self.given(DeclineBody), **self.hand))


class ContractEnd(ContractCall):
    scopes = {"POST": "contracts:write"}
    names = {"POST": "endContract"}

    @extend_schema(
        description=_("End a contract now, from either side. What was sold and is owed under it stays."),
        request=None,
        responses=ContractAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        return self.answer(contracts.terminate(contract=self.one(ref), **self.hand))


def _place_of(store: Store, owner: Merchant) -> OrgUnit:
    """In the owner's tree: beside its own store, else under the root; headquarters may move it in a revision."""
    if store.merchant_id == owner.pk:
        return store.org_unit.parent
    return root_of(owner)
