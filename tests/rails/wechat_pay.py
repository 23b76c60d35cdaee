"""A WeChat Pay of our own on loopback: profit sharing as API v3 documents it, with the real signature scheme.

It verifies each request as the real one does (merchant, serial, age, signature over the very bytes), signs whatever it
answers, opens sealed names, keeps the rules of sharing (receivers added, the cap, what is left, one answer a number,
30 requests a second) and can lose answers, delay, refuse, and tell notices wrongly. Sources: the pages on
signatures, on profit sharing and on its notices in WeChat Pay's API v3 documentation.
"""

import base64
import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.rails.signing import PUBLIC_KEY_ID, SCHEME, SERIAL, key, notice, signed

TOKEN = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Refusal:
    status: int
    code: str
    message: str = ""
    signed: bool = True


@dataclass
class Payment:
    amount: int
    left: int
    unfrozen: bool = False
    requests: int = 0
    shared: int = 0


@dataclass
class Instruction:
    """A number that was sent, what it asked for, and what it came to."""

    body: dict
    answer: dict
    posts: int = 1


@dataclass
class WeChatPay:
    """The fake and its knobs. Times are the real clock's, as signatures are."""

    cap: int = 3000  # ten-thousandths
    url: str = ""
    payments: dict[str, Payment] = field(default_factory=dict)
    receivers: dict[str, str] = field(default_factory=dict)  # account → opened name
    numbers: dict[str, Instruction] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posted: dict[str, int] = field(default_factory=dict)  # how often each number was sent
    faults: list[str] = field(default_factory=list)  # requests that were not signed right
    moments: list[float] = field(default_factory=list)
    # knobs
    lose: int = 0  # so many answers are lost after the deed
    never_hear: int = 0  # so many requests are lost before it
    delay: float = 0
    refuse: list[Refusal] = field(default_factory=list)  # the next POSTs
    pending: bool = False  # shares are accepted and worked on, until `finish`
    fail_reason: str = ""  # the next shares end CLOSED with it
    signs_as: str = "wechat"
    ages: int = 0  # seconds that its signatures are old
    a_second: int = 0  # requests it bears; 0 for any
    lock: threading.RLock = field(default_factory=threading.RLock)

    def pays(self, transaction: str, amount: int) -> None:
        self.payments[transaction] = Payment(amount, amount)

    def finish(self) -> None:
        """What was pending is done."""
        self.pending = False
        for instruction in self.numbers.values():
            self._settle(instruction)

    def notice(self, number: str, **given) -> tuple[bytes, dict[str, str]]:
        """What it would post about a share: body and headers. See `signing.notice`."""
        return notice(number, self.numbers[number].body, self.numbers[number].answer["order_id"], **given)

    # --- what a request comes to ---

    def answered(self, method: str, target: str, headers, text: str) -> tuple[int, dict] | Refusal | None:
        """None for no answer at all."""
        with self.lock:
            self.calls.append(f"{method} {target}")
            self.moments.append(time.monotonic())
            if fault := self._unsigned(method, target, headers, text):
                self.faults.append(fault)
                return Refusal(401, "SIGN_ERROR", fault)
            if self.a_second and sum(m > time.monotonic() - 1 for m in self.moments) > self.a_second:
                return Refusal(429, "FREQUENCY_LIMITED", "请求过于频繁")
            if self.never_hear and method == "POST":
                self.never_hear -= 1
                return None
            body = json.loads(text) if text else {}
            if method == "POST":
                if number := body.get("out_return_no") or body.get("out_order_no"):
                    self.posted[number] = self.posted.get(number, 0) + 1
                if self.refuse:
                    return self.refuse.pop(0)
            answer = self._done(method, urlsplit(target), body)
            if self.lose and method == "POST":
                self.lose -= 1
                return None
            return answer

    def _unsigned(self, method: str, target: str, headers, text: str) -> str:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        token = dict(TOKEN.findall(given))
        if scheme != SCHEME or set(token) != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
            return "no authorization"
        if (token["mchid"], token["serial_no"]) != ("1900000100", SERIAL):
            return "another merchant"
        if abs(time.time() - int(token["timestamp"])) > 300:
            return "too old"
        message = f"{method}\n{target}\n{token['timestamp']}\n{token['nonce_str']}\n{text}\n".encode()
        try:
            key("merchant").public_key().verify(
                base64.b64decode(token["signature"]), message, PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return "wrong signature"
        return "" if headers.get("Wechatpay-Serial") == PUBLIC_KEY_ID else "no serial for sealed fields"

    def _done(self, method: str, url, body: dict) -> tuple[int, dict] | Refusal:
        path, asked = url.path, {k: v[0] for k, v in parse_qs(url.query).items()}
        if (method, path) == ("POST", "/v3/profitsharing/receivers/add"):
            return self._add(body)
        if (method, path) == ("POST", "/v3/profitsharing/orders"):
            return self._once(body["out_order_no"], body, self._share)
        if (method, path) == ("POST", "/v3/profitsharing/orders/unfreeze"):
            return self._once(body["out_order_no"], body, self._unfreeze)
        if (method, path) == ("POST", "/v3/profitsharing/return-orders"):
            return self._once(body["out_return_no"], body, self._return)
        if method == "GET" and path.startswith("/v3/profitsharing/merchant-configs/"):
            return 200, {"sub_mchid": path.rsplit("/", 1)[1], "max_ratio": self.cap}
        if method == "GET" and path.startswith(
            ("/v3/profitsharing/orders/", "/v3/profitsharing/return-orders/")
        ):
            known = self.numbers.get(path.rsplit("/", 1)[1])
            named = "transaction_id" if "/orders/" in path else "out_order_no"
            if known is None or known.body.get(named) != asked.get(named):
                return Refusal(404, "RESOURCE_NOT_EXISTS", "记录不存在")
            return 200, known.answer
        return Refusal(404, "NOT_FOUND", path)

    def _add(self, body: dict) -> tuple[int, dict]:
        opened = key("wechat").decrypt(
            base64.b64decode(body["name"]), OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)
        )
        self.receivers[body["account"]] = opened.decode()
        return 200, {k: body[k] for k in ("type", "account", "relation_type")}

    def _once(self, number: str, body: dict, does) -> tuple[int, dict] | Refusal:
        """The same number again is the same answer; with another body it is refused."""
        if known := self.numbers.get(number):
            known.posts += 1
            if {**known.body, "receivers": None} != {**body, "receivers": None}:
                return Refusal(400, "INVALID_REQUEST", "请求参数与原请求不一致")
            return 200, known.answer
        answer = does(body)
        if isinstance(answer, Refusal):
            return answer
        self.numbers[number] = Instruction(body, answer)
        if not self.pending:
            self._settle(self.numbers[number])
        return 200, self.numbers[number].answer

    def _share(self, body: dict) -> dict | Refusal:
        payment = self.payments.get(body["transaction_id"])
        parts = body["receivers"]
        asked = sum(part["amount"] for part in parts)
        if payment is None or payment.unfrozen or payment.requests >= 50 or len(parts) > 50:
            return Refusal(400, "INVALID_REQUEST", "订单不支持分账")
        if payment.shared + asked > payment.amount * self.cap // 10_000:
            return Refusal(403, "RULE_LIMIT", "分账比例超限")
        if asked > payment.left:
            return Refusal(403, "NOT_ENOUGH", "分账金额不足")
        payment.requests += 1
        payment.left -= asked
        payment.shared += asked
        told = [
            {k: part[k] for k in ("type", "account", "amount", "description")} | {"result": "PENDING"}
            for part in parts
        ]
        return {
            "transaction_id": body["transaction_id"],
            "out_order_no": body["out_order_no"],
            "order_id": f"30{len(self.numbers):026d}",
            "state": "PROCESSING",
            "receivers": told,
        }

    def _settle(self, instruction: Instruction) -> None:
        answer = instruction.answer
        if answer.get("result") == "PROCESSING":
            answer["result"] = "SUCCESS"
        if answer.get("state") != "PROCESSING":
            return
        answer["state"] = "FINISHED"
        payment = self.payments[answer["transaction_id"]]
        for part in answer["receivers"]:
            reason = self.fail_reason or ("" if part["account"] in self.receivers else "NO_RELATION")
            part["result"] = "CLOSED" if reason else "SUCCESS"
            if reason:
                part["fail_reason"] = reason
                payment.left += part["amount"]
                payment.shared -= part["amount"]

    def _unfreeze(self, body: dict) -> dict | Refusal:
        payment = self.payments.get(body["transaction_id"])
        if payment is None:
            return Refusal(400, "INVALID_REQUEST", "订单不存在")
        payment.unfrozen, payment.left = True, 0
        return {
            "transaction_id": body["transaction_id"],
            "out_order_no": body["out_order_no"],
            "order_id": f"31{len(self.numbers):026d}",
            "state": "PROCESSING",
            "receivers": [],
        }

    def _return(self, body: dict) -> dict | Refusal:
        share = self.numbers.get(body["out_order_no"])
        if share is None or share.answer["receivers"][0]["account"] != body["return_mchid"]:
            return Refusal(400, "INVALID_REQUEST", "分账单不存在")
        return {
            "order_id": share.answer["order_id"],
            "out_order_no": body["out_order_no"],
            "out_return_no": body["out_return_no"],
            "return_id": f"32{len(self.numbers):026d}",
            "return_mchid": body["return_mchid"],
            "amount": body["amount"],
            "result": "PROCESSING",
        }


@contextmanager
def serving():
    """The fake behind a port of its own, until the block ends."""
    fake = WeChatPay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            told = fake.answered(method, self.path, self.headers, text)
            time.sleep(fake.delay)
            self.close_connection = True
            if told is None:
                return
            if isinstance(told, Refusal):
                status, body = told.status, {"code": told.code, "message": told.message}
            else:
                status, body = told
            said = json.dumps(body, ensure_ascii=False)
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(said.encode())))
            self.send_header("Connection", "close")
            if not isinstance(told, Refusal) or told.signed:
                for name, value in signed(said, age=fake.ages, signs_as=fake.signs_as).items():
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
