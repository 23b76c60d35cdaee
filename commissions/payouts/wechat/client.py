"""What is said to WeChat Pay and what it answers, each verified; nothing here knows the database but the pace.

The paths, signatures and sealed fields are wechatpayv3's. Three things it leaves open are closed here, because money
hangs on them: answers other than 2xx are verified too, an answer's age is looked at, and the host is a setting.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH = 300  # seconds: WeChat Pay's own bound; what is older may be a replay
TIMEOUT = (5, 20)  # seconds to connect, to answer
MOST_BYTES = 1_000_000
_SIGNED = (
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
)


class Unanswered(Exception):
    """Nothing verified came back: whether it was done is not known, and asked for by its number."""


@dataclass(frozen=True)
class Credentials:
    """How a merchant stands with WeChat Pay, opened. `sub_mchid` is empty where the merchant signs for itself."""

    mchid: str
    sub_mchid: str
    appid: str
    serial: str
    private_key: str
    apiv3_key: str
    public_key_id: str
    public_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.mchid})"  # never the keys, in no log and no traceback


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any]

    @property
    def is_refusal(self) -> bool:
        """It was looked at and will not be done. Not so 429 (come again) and 5xx (not known)."""
        return 400 <= self.status < 500 and not self.is_too_fast

    @property
    def is_too_fast(self) -> bool:
        return self.status == 429

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))

    @property
    def words(self) -> str:
        return f"{self.code} {self.body.get('message', '')}".strip()


class Client:
    """One merchant's line to WeChat Pay. Each call raises `Unanswered` when nothing verified came back. `pace` is
    called before each: it waits for the merchant's turn."""

    def __init__(self, credentials: Credentials, *, pace: Callable[[], None]) -> None:
        self._mine = credentials
        given = {
            "mchid": credentials.mchid,
            "private_key": credentials.private_key,
            "apiv3_key": credentials.apiv3_key,
            "public_key": credentials.public_key,
            "public_key_id": credentials.public_key_id,
        }
        self._pay = WeChatPay(
            WeChatPayType.JSAPI,
            cert_serial_no=credentials.serial,
            appid=credentials.appid,
            partner_mode=bool(credentials.sub_mchid),
            **given,
        )
        self._pay._core = self._core = _VerifyingCore(pace=pace, cert_serial_no=credentials.serial, **given)
        self._sub = {"sub_mchid": credentials.sub_mchid} if credentials.sub_mchid else {}

    def sign_before(self, moment: float | None) -> None:
        """Nothing is signed after this moment (of `time.time`). WeChat Pay refuses a signature of more than 300
        seconds, so whatever was claimed and is still unknown to it later than that never comes."""
        self._core.sign_before = moment

    def share(
        self, *, transaction: str, number: str, kind: str, account: str, name: str, amount: int
    ) -> Answer:
        """One receiver's part of a payment, the rest left as it is."""
        receiver = {"type": kind, "account": account, "amount": amount, "description": number}
        if name:
            receiver["name"] = name  # sealed by the library
        return _answer(
            self._pay.profitsharing_order(
                transaction_id=transaction,
                out_order_no=number,
                receivers=[receiver],
                unfreeze_unsplit=False,
                **self._sub,
            )
        )

    def share_asked(self, *, transaction: str, number: str) -> Answer:
        """What became of a share, or of an unfreezing."""
        return _answer(self._pay.profitsharing_order_query(transaction, number, **self._sub))

    def take_back(self, *, number: str, share: str, mchid: str, amount: int) -> Answer:
        return _answer(
            self._pay.profitsharing_return(
                out_return_no=number,
                return_mchid=mchid,
                amount=amount,
                description=number,
                out_order_no=share,
                **self._sub,
            )
        )

    def take_back_asked(self, *, number: str, share: str) -> Answer:
        return _answer(self._pay.profitsharing_return_query(share, number, **self._sub))

    def unfreeze(self, *, transaction: str, number: str) -> Answer:
        return _answer(
            self._pay.profitsharing_unfreeze(
                transaction_id=transaction, out_order_no=number, description=number, **self._sub
            )
        )

    def add_receiver(self, *, kind: str, account: str, name: str, relation: str) -> Answer:
        """`name` leaves sealed under WeChat Pay's key. The same one again is no error there."""
        return _answer(self._pay.profitsharing_add_receiver(kind, account, relation, name=name, **self._sub))

    def cap(self) -> Answer:
        """`max_ratio` in ten-thousandths: what of a payment may be split. Asked by service providers only."""
        return _answer(self._pay.profitsharing_config_query(self._mine.sub_mchid))

    def opened(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
        """A notice as WeChat Pay meant it, `resource` opened; None for what it did not sign, or signed more than 300
        seconds away."""
        if not self._core.is_theirs(headers, body):
            return None
        try:
            notice = self._pay.callback(_canonical(headers), body)
        except Exception:  # the library raises bare Exception, KeyError, ValueError: whatever does not open
            return None
        return notice if isinstance(notice, dict) and isinstance(notice.get("resource"), dict) else None


class _VerifyingCore(Core):
    """The library's core with a request that sends exactly the bytes it signed and believes only signed answers."""

    def __init__(self, *, pace: Callable[[], None], **given: Any) -> None:
        super().__init__(**given)
        self._pace = pace
        self.sign_before: float | None = None

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: Any = None,
        cipher_data: bool = False,
        **_: Any,
    ) -> tuple[int, str]:
        text = json.dumps(data) if data is not None else ""
        self._pace()
        if self.sign_before and time.time() > self.sign_before:
            raise Unanswered("not sent: its turn came too late")
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "Tiandi",
            "Wechatpay-Serial": self._public_key_id,
            "Authorization": build_authorization(
                path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=text
            ),
        }
        try:
            answer = requests.request(
                method.value,
                settings.WECHAT_PAY_URL + path,
                data=text.encode() or None,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unanswered(type(error).__name__) from None
        if len(answer.content) > MOST_BYTES or not self.is_theirs(answer.headers, answer.content):
            raise Unanswered(f"an answer {answer.status_code} without WeChat Pay's signature")
        return answer.status_code, answer.content.decode()

    def is_theirs(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Signed by WeChat Pay's key within the last (or next) 300 seconds. A foreign serial ends here: the library
        would fetch certificates for it, unverified."""
        told = _canonical(headers)
        if told["Wechatpay-Serial"] != self._public_key_id or told["Wechatpay-Signature-Type"] != SCHEME:
            return False
        stamp = told["Wechatpay-Timestamp"]
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
            return False
        if abs(timezone.now().timestamp() - int(stamp)) > FRESH:
            return False
        try:
            return bool(self._verify_signature(told, body.decode()))
        except (ValueError, UnicodeDecodeError):
            return False


def _canonical(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers.get(name) or "" for name in _SIGNED}


def _answer(told: tuple[int, str]) -> Answer:
    status, text = told
    if status >= 500:
        raise Unanswered(f"WeChat Pay answers {status}")
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        raise Unanswered("an answer that is no JSON") from None
    if not isinstance(body, dict):
        raise Unanswered("an answer that is no object")
    return Answer(status, body)
