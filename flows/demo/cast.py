"""Who is in the demo: invented merchants, brands, goods and people. Places are real (PLACES.md)."""

from dataclasses import dataclass
from datetime import date

QINGLAN, MUBAI, HEHE, JINCHENG = "qinglan", "mubai", "hehe", "jincheng"


@dataclass(frozen=True)
class MerchantRole:
    key: str
    name: str
    owns_brand: bool
    runs_stores: bool
    stores: int  # at full scale
    kind: str  # of its stores


MERCHANTS = [
    MerchantRole(QINGLAN, "青岚服饰", True, True, 120, "direct"),
    MerchantRole(MUBAI, "木白茶业", True, True, 60, "direct"),
    MerchantRole(HEHE, "和合生活集合店", False, True, 80, "collection"),
    MerchantRole(JINCHENG, "锦程商贸", False, True, 60, "franchise"),
]


@dataclass(frozen=True)
class BrandRole:
    key: str
    name: str
    name_en: str
    seal: str


BRANDS = [BrandRole(QINGLAN, "青岚", "Qinglan", "岚"), BrandRole(MUBAI, "木白", "Mubai", "木")]


@dataclass(frozen=True)
class Goods:
    code: str
    owner: str
    brand: str | None
    name: str
    name_en: str
    category: str
    price: int  # fen
    barcode: str


GOODS = [
    Goods("QL-1001", QINGLAN, QINGLAN, "亚麻立领衬衫", "Linen shirt", "上装", 29900, "6901234100018"),
    Goods("QL-1002", QINGLAN, QINGLAN, "重磅真丝衬衫", "Heavy silk shirt", "上装", 69900, "6901234100025"),
    Goods("QL-1003", QINGLAN, QINGLAN, "山羊绒圆领衫", "Cashmere crew neck", "上装", 89900, "6901234100032"),
    Goods(
        "QL-2001", QINGLAN, QINGLAN, "双面羊毛大衣", "Double-faced wool coat", "外套", 169900, "6901234200015"
    ),
    Goods("QL-2002", QINGLAN, QINGLAN, "轻羽绒马甲", "Light down vest", "外套", 49900, "6901234200022"),
    Goods("QL-3001", QINGLAN, QINGLAN, "垂感阔腿裤", "Wide-leg trousers", "下装", 39900, "6901234300012"),
    Goods("QL-3002", QINGLAN, QINGLAN, "弹力直筒牛仔裤", "Straight jeans", "下装", 35900, "6901234300029"),
    Goods("QL-4001", QINGLAN, QINGLAN, "羊毛围巾", "Wool scarf", "配饰", 19900, "6901234400019"),
    Goods(
        "MB-1001", MUBAI, MUBAI, "明前龙井 100 g", "Longjing green tea 100 g", "茶叶", 26800, "6905678100014"
    ),
    Goods(
        "MB-1002", MUBAI, MUBAI, "正山小种 100 g", "Lapsang black tea 100 g", "茶叶", 16800, "6905678100021"
    ),
    Goods("MB-1003", MUBAI, MUBAI, "白毫银针 50 g", "Silver needle 50 g", "茶叶", 36800, "6905678100038"),
    Goods("MB-2001", MUBAI, MUBAI, "月白盖碗", "Moon-white gaiwan", "茶器", 23800, "6905678200011"),
    Goods("MB-2002", MUBAI, MUBAI, "旅行茶具套装", "Travel tea set", "茶器", 32800, "6905678200028"),
    Goods("MB-3001", MUBAI, MUBAI, "冷泡茶包 10 枚", "Cold-brew bags ×10", "茶包", 5900, "6905678300018"),
    Goods("HH-0001", HEHE, None, "和合帆布袋", "Hehe tote", "自有", 4900, "6909012000013"),
    Goods("HH-0002", HEHE, None, "和合香薰蜡烛", "Hehe candle", "自有", 12800, "6909012000020"),
]


@dataclass(frozen=True)
class CampaignRole:
    key: str
    owner: str
    brand: str | None
    name: str
    threshold: int
    amount_off: int
    bearers: tuple[tuple[str, int], ...]
    per_member_limit: int = 1
    sku: str = ""  # one piece of it is given for the coupon


CAMPAIGNS = [
    CampaignRole(
        "ql200", QINGLAN, QINGLAN, "秋冬新品 满200减30", 20000, 3000, (("brand", 700_000), ("store", 300_000))
    ),
    CampaignRole("ql500", QINGLAN, QINGLAN, "会员礼 满500减80", 50000, 8000, (("brand", 1_000_000),), 20),
    CampaignRole(
        "mb100", MUBAI, MUBAI, "新茶上市 满100减15", 10000, 1500, (("brand", 800_000), ("store", 200_000)), 20
    ),
    CampaignRole("hh300", HEHE, None, "和合周年 满300减20", 30000, 2000, (("store", 1_000_000),)),
    CampaignRole("mbgift", MUBAI, MUBAI, "冷泡茶包兑换券", 0, 0, (("brand", 1_000_000),), sku="MB-3001"),
]


@dataclass(frozen=True)
class ProgrammeRole:
    """Stored value, topped up each week by so much, and a bonus."""

    owner: str
    code: str
    name: str
    weekly: int
    bonus: int


GIFT_CARD = ProgrammeRole(HEHE, "gift-card", "和合礼品卡", weekly=80000, bonus=4000)
FEE_PPM = 6_000  # what the acquirer keeps of a payment


@dataclass(frozen=True)
class Login:
    """One login a role; guides sign in by phone and code, the others by e-mail and password."""

    merchant: str
    role: str
    name: str
    email: str | None = None
    phone: str | None = None


LOGINS = [
    Login(QINGLAN, "owner", "顾清岚", email="owner@qinglan.example"),
    Login(QINGLAN, "admin", "沈知远", email="admin@qinglan.example"),
    Login(QINGLAN, "marketing", "苏晚晴", email="marketing@qinglan.example"),
    Login(QINGLAN, "finance", "钱明理", email="finance@qinglan.example"),
    Login(QINGLAN, "region_manager", "陆景行", email="east@qinglan.example"),
    Login(QINGLAN, "auditor", "严谨", email="auditor@qinglan.example"),
    Login(QINGLAN, "store_manager", "方若兰", email="store@qinglan.example"),
    Login(QINGLAN, "guide", "周雨桐", phone="+8619900000001"),
    Login(MUBAI, "owner", "白慕然", email="owner@mubai.example"),
    Login(HEHE, "owner", "何合宜", email="owner@hehe.example"),
    Login(HEHE, "finance", "郑算清", email="finance@hehe.example"),
    Login(HEHE, "store_manager", "唐月明", email="store@hehe.example"),
    Login(HEHE, "guide", "林小雨", phone="+8619900000002"),
    Login(JINCHENG, "owner", "金程远", email="owner@jincheng.example"),
    Login(JINCHENG, "guide", "江一帆", phone="+8619900000003"),
]

AREAS = {
    "上海市": "华东大区",
    "浙江省": "华东大区",
    "江苏省": "华东大区",
    "北京市": "华北大区",
    "广东省": "华南大区",
}

# Rules of each brand's plans by mode, and by channel where it has its own: (role, ppm). The rest is residual.
PLANS: dict[tuple[str, str, str | None], tuple[tuple[str, int], ...]] = {
    (QINGLAN, "central", None): (("store", 50_000), ("guide", 30_000)),
    (QINGLAN, "central", HEHE): (("channel", 280_000), ("store", 40_000), ("guide", 30_000)),
    (QINGLAN, "direct", None): (("brand", 550_000), ("guide", 35_000)),
    (MUBAI, "central", None): (("store", 60_000), ("guide", 40_000)),
    (MUBAI, "direct", None): (("brand", 480_000), ("guide", 50_000)),
}

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
)
_GIVEN_NAMES = (
    "雨桐 一诺 思远 子涵 欣怡 嘉怡 梓萱 静怡 晓彤 若曦 佳宁 雅琪 诗涵 梦琪 思琪 "
    "可欣 语嫣 婉清 书瑶 清妍 浩然 子轩 宇航 俊杰 明哲 志远 天佑 文博 建国 秀英 "
    "桂兰 丽华 海燕 春梅 淑珍 国强 红梅 晓东 立新 小红 小芳 佩珊 婷婷 璐 倩 "
    "敏 静 磊 洋 勇 艳 娟 涛 超 霞 平 "
)
GIVEN = _GIVEN_NAMES.split()

PEAKS = {(10, 1): 1.7, (10, 2): 1.6, (10, 3): 1.5, (11, 10): 1.3, (11, 11): 2.6, (11, 12): 1.4, (12, 12): 2.0}


def weight_of(day: date, *, age: int) -> float:
    """How busy a day is beside an ordinary Tuesday; `age` in days before the end, for slow growth."""
    week = (0.85, 0.8, 0.85, 0.9, 1.15, 1.5, 1.45)[day.weekday()]
    return week * PEAKS.get((day.month, day.day), 1.0) * (1.25 - age / 240)
