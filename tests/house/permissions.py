"""Which permissions open which page, and whose row it shows: what the matrix walks. Faces add their pages here.

    "workbench:sold": Page("workbench.use", of=lambda world: {"ref": …}, outside=lambda world: {"ref": …}),

Every named route below /hq/ and /w/ stands here; a test fails for one that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.house import rows
from tests.people import World

Arguments = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """`needs`: the permissions that open it, all of them, in the order they are asked for.

    `of` builds, inside Hehe's scope, the arguments of a row of Hehe at the Jing'an store.
    `outside` builds those of a row of Hehe outside the Jing'an store, which its manager must not find.
    `personal`: the row is Lin's own; colleagues with the same permissions get 404.
    `method` and `data` for what is posted: `data` may be wrong, the matrix asks only who may try.
    """

    needs: tuple[str, ...]
    of: Arguments | None = None
    outside: Arguments | None = None
    personal: bool = False
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)


def hq(permission: str, **given: Any) -> Page:
    return Page((permission, "dashboard.use"), **given)


def desk(*permissions: str, **given: Any) -> Page:
    return Page(("workbench.use", *permissions), **given)


def fang(world: World) -> dict[str, str]:
    return {"ref": rows.fang(world).channel_member.ref}


def mei(world: World) -> dict[str, str]:
    return {"ref": rows.mei(world).channel_member.ref}


def jingan(world: World) -> dict[str, str]:
    return {"ref": world.jingan.ref}


def putuo(world: World) -> dict[str, str]:
    return {"ref": rows.putuo(world).ref}


def lin(world: World) -> dict[str, str]:
    return {"ref": world.lin.ref}


def guide_elsewhere(world: World) -> dict[str, str]:
    return {"ref": rows.guide_elsewhere(world).ref}


def contract(world: World) -> dict[str, str]:
    return {"ref": world.qinglan_at_jingan.ref}


def contract_to_end(world: World) -> dict[str, str]:
    """Not Qinglan's: the other pages live by it."""
    return {"ref": world.mubai_at_jingan.ref}


def offer(world: World) -> dict[str, str]:
    """A draft that waits for Hehe: Mubai's tea at Putuo."""
    return {"ref": rows.offer(world).ref}


def own_campaign(world: World) -> dict[str, str]:
    return {"ref": rows.own_campaign(world).ref}


def draft(world: World) -> dict[str, str]:
    return {"ref": rows.draft(world).ref}


def published_version(world: World) -> dict[str, str]:
    """It is not thrown away, so every role meets it."""
    return {"ref": rows.published_version(world).ref}


def programme(world: World) -> dict[str, str]:
    return {"ref": rows.programme(world).ref}


def batch(world: World) -> dict[str, str]:
    return {"ref": rows.batch(world).ref}


def party(world: World) -> dict[str, str]:
    return {"ref": rows.party(world).ref}


def own_account(world: World) -> dict[str, str]:
    return {"code": rows.own_account(world).code}


def payout(world: World) -> dict[str, str]:
    return {"ref": rows.payout(world).ref}


def payout_received(world: World) -> dict[str, str]:
    return {"ref": rows.payout_received(world).ref}


def bank_file(world: World) -> dict[str, str]:
    return {"ref": rows.bank_file(world).ref}


def rail_bill(world: World) -> dict[str, str]:
    return {"ref": rows.rail_bill(world).ref}


def found_break(world: World) -> dict[str, str]:
    return {"ref": rows.found_break(world).ref}


def employer(world: World) -> dict[str, str]:
    return {"ref": world.hehe.ref}


def appeal(world: World) -> dict[str, str]:
    return {"ref": rows.appeal(world).ref}


def appeal_elsewhere(world: World) -> dict[str, str]:
    return {"ref": rows.appeal(world, rows.putuo(world)).ref}


def key(world: World) -> dict[str, str]:
    return {"ref": rows.key(world).ref}


def sale(world: World) -> dict[str, str]:
    return {"ref": rows.sale(world).ref}


def sale_elsewhere(world: World) -> dict[str, str]:
    return {"ref": rows.sale(world, rows.putuo(world)).ref}


def early_refund(world: World) -> dict[str, str]:
    return {"ref": rows.early_refund(world).ref}


def coupon_for_fang(world: World) -> dict[str, str]:
    return fang(world) | {"campaign_ref": rows.campaign(world).ref}


def attribution_draft(world: World) -> dict[str, str]:
    return {"ref": rows.attribution_draft(world).ref}


def attribution_policy(world: World) -> dict[str, str]:
    """It is not thrown away, so every role meets it."""
    return {"ref": rows.attribution_policy(world).ref}


PAGES: dict[str, Page] = {
    # headquarters
    "overview": hq("overview.read"),
    "overview_figures": hq("overview.read"),
    "overview_trade": hq("overview.read"),
    "feed_page": hq("overview.read"),
    "feed_items": hq("overview.read"),
    "search": hq("overview.read"),
    "members": hq("members.read"),
    "member": hq("members.read", of=fang, outside=mei),
    "member_phone": hq("members.reveal", of=fang, method="post"),
    "campaigns": hq("campaigns.read"),
    "campaign_new": hq("campaigns.write"),
    "campaign": hq("campaigns.read", of=own_campaign),
    "campaign_pause": hq("campaigns.write", of=own_campaign, method="post"),
    "campaign_resume": hq("campaigns.write", of=own_campaign, method="post"),
    "stores": hq("stores.read"),
    "store": hq("stores.read", of=jingan, outside=putuo),
    "guides": hq("stores.read"),
    "guide": hq("stores.read", of=lin, outside=guide_elsewhere),
    "contracts": hq("contracts.read"),
    "contract": hq("contracts.read", of=contract),
    "contract_end": hq("contracts.write", of=contract_to_end, method="post"),
    "contract_new": hq("contracts.write"),
    "contract_amend": hq("contracts.write", of=contract_to_end),
    "contract_revise": hq("contracts.write", of=offer),
    "contract_withdraw": hq("contracts.write", of=offer, method="post"),
    "contract_accept": hq("contracts.write", of=offer, method="post"),
    "contract_decline": hq("contracts.write", of=offer, method="post"),
    "plans": hq("plans.read"),
    "plan_new": hq("plans.write"),
    "plan_version": hq("plans.read", of=draft),
    "plan_edit": hq("plans.write", of=draft),
    "plan_publish": hq("plans.write", of=draft, method="post"),
    "plan_recall": hq("plans.write", of=published_version, method="post"),
    "plan_discard": hq("plans.write", of=published_version, method="post"),
    "plan_simulation": hq("plans.read", of=draft),
    "attribution": hq("plans.read"),
    "attribution_new": hq("plans.write"),
    "attribution_policy": hq("plans.read", of=attribution_draft),
    "attribution_edit": hq("plans.write", of=attribution_draft),
    "attribution_publish": hq("plans.write", of=attribution_policy, method="post"),
    "attribution_recall": hq("plans.write", of=attribution_policy, method="post"),
    "attribution_discard": hq("plans.write", of=attribution_policy, method="post"),
    "attribution_trial": hq("plans.read", of=attribution_draft),
    "keys": hq("keys.write"),
    "key_revoke": hq("keys.write", of=key, method="post"),
    "orders": hq("orders.read"),
    "refund_put_away": hq("settlements.write", of=early_refund, method="post"),
    "order": hq("orders.read", of=sale, outside=sale_elsewhere),
    "costs": hq("commissions.read"),
    "appeals": hq("commissions.read"),
    "appeal": hq("commissions.read", of=appeal, outside=appeal_elsewhere),
    "appeal_deadlines": hq("settlements.write", method="post"),
    "appeal_decision": hq("settlements.write", of=appeal, method="post"),
    "programmes": hq("ledger.read"),
    "programme": hq("ledger.read", of=programme),
    "programme_new": hq("settlements.write"),
    "programme_top_up": hq("settlements.write", of=programme),
    "settlements": hq("ledger.read"),
    "settlement_preview": hq("ledger.read"),
    "settlement": hq("ledger.read", of=batch),
    "settlement_approve": hq("settlements.write", of=batch, method="post"),
    "settlement_policy": hq("settlements.write", method="post"),
    "payouts": hq("ledger.read"),
    "payouts_pay": hq("payouts.write", method="post"),
    "payouts_export": hq("payouts.write", method="post"),
    "bank_file": hq("payouts.write", of=bank_file),
    "payouts_import": hq("payouts.write"),
    "withholding": hq("payouts.write"),
    "payee_account": hq("payouts.write", of=party),
    "payout": hq("ledger.read", of=payout),
    "wechat_account": hq("keys.write"),
    "wechat_receiver": hq("payouts.write", of=party),
    "payout_ask_back": hq("payouts.write", of=payout, method="post"),
    "payouts_received": hq("ledger.read"),
    "payout_received": hq("ledger.read", of=payout_received),
    "payout_contest": hq("payouts.write", of=payout_received, method="post"),
    "payout_confirm": hq("payouts.write", of=payout_received, method="post"),
    "payout_mark": hq("payouts.write", of=payout, method="post"),
    "reconciliation": hq("ledger.read"),
    "rail_bill_import": hq("payouts.write"),
    "reconciliation_look": hq("payouts.write", method="post"),
    "rail_bill": hq("ledger.read", of=rail_bill),
    "rail_bill_words": hq("payouts.write", of=rail_bill, method="post"),
    "break": hq("ledger.read", of=found_break),
    "break_explain": hq("payouts.write", of=found_break, method="post"),
    "break_reopen": hq("payouts.write", of=found_break, method="post"),
    "break_word": hq("payouts.write", of=found_break, method="post"),
    "statements": hq("ledger.read"),
    "statement": hq("ledger.read", of=party),
    "ledger": hq("ledger.read"),
    "ledger_account": hq("ledger.read", of=own_account),
    # the guide's phone
    "workbench:today": desk(),
    "workbench:arrivals": desk(),
    "workbench:figures": desk(),
    "workbench:follow-up-done": desk(
        of=lambda world: {"ref": rows.follow_up(world).ref}, personal=True, method="post"
    ),
    "workbench:members": desk(),
    "workbench:member": desk(of=fang),
    "workbench:member-phone": desk("members.reveal", of=fang, method="post"),
    "workbench:choose-campaign": desk("coupons.send", of=fang),
    "workbench:send-coupon": desk("coupons.send", of=coupon_for_fang),
    "workbench:scan": desk("coupons.redeem"),
    "workbench:sale": desk("orders.write"),
    "workbench:basket": desk("orders.write", method="post"),
    "workbench:goods": desk("orders.write"),
    "workbench:sold": desk(of=sale, outside=sale_elsewhere),
    "workbench:earned": desk(of=sale, outside=sale_elsewhere),
    "workbench:appeal": desk(of=sale, outside=sale_elsewhere, method="post", data={"line": "1"}),
    "workbench:appeal-withdraw": desk(of=appeal, personal=True, method="post"),
    "workbench:earnings": desk(),
    "workbench:earnings-figures": desk(),
    "workbench:withdraw": desk(of=employer),
    "workbench:statement": desk(of=employer),
    "workbench:payout": desk(of=payout, personal=True),
    "workbench:account": desk(),
    "workbench:mine": desk(),
    "workbench:messages": desk(),
}
