from commissions.models.adjustment import Adjustment
from commissions.models.appeal import Appeal, AppealPolicy
from commissions.models.attribution import AttributionPolicy
from commissions.models.batch import BatchDue, SettlementBatch, SettlementPolicy
from commissions.models.clawback import Clawback
from commissions.models.payout import BankFile, Payout
from commissions.models.payout_part import PayoutPart
from commissions.models.payout_terms import PayeeAccount, WithdrawalPolicy, WithholdingRule
from commissions.models.plan import GUIDE_ROLES, Plan, PlanVersion, Rule
from commissions.models.reconciliation import BillLine, Break, BreakStep, RailBill
from commissions.models.running import RunningTotal, TrueUp, month_of
from commissions.models.settlement import Settlement, SettlementItem
from commissions.models.split import Collection, Contribution, Share, Split
from commissions.models.wechat import WechatAccount, WechatNotice, WechatOrder, WechatPayment, WechatReceiver

__all__ = [
    "GUIDE_ROLES",
    "Adjustment",
    "Appeal",
    "AppealPolicy",
    "AttributionPolicy",
    "BankFile",
    "BatchDue",
    "BillLine",
    "Break",
    "BreakStep",
    "Clawback",
    "Collection",
    "Contribution",
    "PayeeAccount",
    "Payout",
    "PayoutPart",
    "Plan",
    "PlanVersion",
    "RailBill",
    "Rule",
    "RunningTotal",
    "Settlement",
    "SettlementBatch",
    "SettlementItem",
    "SettlementPolicy",
    "Share",
    "Split",
    "TrueUp",
    "WechatAccount",
    "WechatNotice",
    "WechatOrder",
    "WechatPayment",
    "WechatReceiver",
    "WithdrawalPolicy",
    "WithholdingRule",
    "month_of",
]
