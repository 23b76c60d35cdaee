"""What rails send as their bills, and payouts that they tell of."""

from datetime import date, datetime, timedelta

from commissions.models import Break, Payout
from commissions.payouts import answers, bank_file, payee_accounts, paying
from commissions.reconciliation import importing
from ledger.accounts import held, named
from ledger.transfers import Entry, Story, post
from merchants.models import Party
from tests.people import NOON, ONBOARDING, World

ON = NOON.date()
DAY = timedelta(days=1)
NEXT = NOON + DAY  # when the bill of NOON's day is there
BY = {"by": ONBOARDING}


def by_bank(world: World, *owed: tuple[Party, int], at: datetime = NOON) -> list[Payout]:
    """Qinglan owes each party so many fen and sends it by bank file."""
    made = []
    for party, fen in owed:
        account = {"holder": "林小雨", "bank": "招商银行", "number": "6225881234567890"}
        payee_accounts.keep(payer=world.qinglan, party=party, **account, **BY)
        entry = Entry(world.qinglan.pk, "test", held("psp"), named("due", party), fen)
        source = f"{party.ref[-9:]}/{fen}/{at:%d%H%M}"
        post([Story("test", source, NOON.date(), NOON, "CNY", (entry,))])
        made.append(paying.pay(book=world.qinglan, payee=party, rail="bank", at=at, **BY))
    bank_file.export(book=world.qinglan, payouts=made, at=at, **BY)
    return [now(payout) for payout in made]


def now(payout: Payout) -> Payout:
    payout.refresh_from_db(from_queryset=Payout._base_manager.select_related("merchant", "payee", "guide"))
    return payout


def paid(payout: Payout, *, at: datetime = NOON) -> Payout:
    return answers.succeed(payout, at=at, **BY)


def moment(at: datetime = NOON) -> str:
    """As the rail writes it, in Shanghai."""
    return f"{at + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def statement(*rows: tuple[str, int, date], encoding: str = "utf-8-sig") -> bytes:
    """A bank's: number, fen, day. Fen below zero came in."""
    text = "交易日期,交易流水号,金额(元),附言\n"
    for place, (number, fen, day) in enumerate(rows):
        text += f"{day:%Y-%m-%d},B{place:04d},{yuan(fen)},{number}\n"
    return text.encode(encoding)


def sharing_bill(
    *rows: tuple[str, int, str],
    total: int | None = None,
    count: int | None = None,
    encoding: str = "utf-8",
    serial: int = 1,
) -> bytes:
    """A payment service's, in its own manner: a back-tick before each value, totals at the end. Rows are number, fen
    and moment."""
    lines = [
        "分账时间,分账发起方,微信订单号,微信分账/回退单号,分账明细单号,商户分账单号,分账接收方,金额,业务类型,处理状态"
    ]
    for place, (number, fen, moment) in enumerate(rows, serial):
        cells = (moment, "1900000109", "4208450740201411110007820472", f"3008{place:08d}", f"3608{place:08d}")
        cells += (number, "86693852", yuan(fen), "分账", "处理完成")
        lines.append(",".join(f"`{cell}" for cell in cells))
    told = sum(fen for _number, fen, _moment in rows) if total is None else total
    lines += ["总条数,总金额", f"`{len(rows) if count is None else count},`{yuan(told)}"]
    return "\r\n".join(lines).encode(encoding)


def imported(world: World, file: bytes, *, first=ON, last=ON, at: datetime, rail="bank", merchant=None):
    return importing.import_bill(
        merchant=merchant or world.qinglan,
        rail=rail,
        file=file,
        name="bill.csv",
        first=first,
        last=last,
        at=at,
        **BY,
    )


def breaks(world: World, merchant=None) -> list[Break]:
    with world.inside(merchant or world.qinglan):
        return list(Break.objects.select_related("line", "payout", "bill", "merchant").order_by("id"))


def kinds(world: World, merchant=None) -> list[tuple[str, str]]:
    return [(found.kind, found.state) for found in breaks(world, merchant)]
