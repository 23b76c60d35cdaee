"""Keys and signatures of the tests' WeChat Pay, and what a merchant keeps of them."""

import base64
import json
import time
import uuid
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from commissions.payouts.wechat.client import Credentials

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092026112200000001"
APIV3_KEY = "0123456789abcdefghijklmnopqrstuv"
SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"


@cache
def key(name: str):
    """One key pair a name and run: making one takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> str:
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str) -> str:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(name: str, *lines: str) -> str:
    message = "".join(f"{line}\n" for line in lines).encode()
    return base64.b64encode(key(name).sign(message, PKCS1v15(), SHA256())).decode()


def credentials(*, sub_mchid: str = "1900000109", **changed: str) -> Credentials:
    """What Hehe keeps: it collects as `sub_mchid`, for which the service provider 1900000100 signs."""
    given = {
        "mchid": "1900000100",
        "sub_mchid": sub_mchid,
        "appid": "wx8888888888888888",
        "serial": SERIAL,
        "private_key": private_pem("merchant"),
        "apiv3_key": APIV3_KEY,
        "public_key_id": PUBLIC_KEY_ID,
        "public_key": public_pem("wechat"),
    }
    return Credentials(**(given | changed))


def signed(text: str, *, age: int = 0, signs_as: str = "wechat") -> dict[str, str]:
    stamp, nonce = str(int(time.time()) - age), uuid.uuid4().hex
    return {
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature": sign(signs_as, stamp, nonce, text),
        "Wechatpay-Signature-Type": SCHEME,
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
    }


def notice(
    number: str,
    shared: dict,
    order_id: str,
    *,
    notice_id: str = "",
    age: int = 0,
    signed_by: str = "wechat",
    **changed,
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of what WeChat Pay posts about a share; `changed` stands in what is sealed."""
    told = {
        "sp_mchid": "1900000100",
        "sub_mchid": shared.get("sub_mchid"),
        "transaction_id": shared["transaction_id"],
        "order_id": order_id,
        "out_order_no": number,
        "receiver": {k: v for k, v in shared["receivers"][0].items() if k != "name"},
        "success_time": "2026-11-22T12:00:00+08:00",
    } | changed
    nonce, about = uuid.uuid4().hex[:12], "profitsharing"
    sealed = AESGCM(APIV3_KEY.encode()).encrypt(nonce.encode(), json.dumps(told).encode(), about.encode())
    body = {
        "id": notice_id or str(uuid.uuid4()),
        "create_time": "2026-11-22T12:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "分账",
        "resource": {
            "original_type": "profitsharing",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": about,
            "nonce": nonce,
        },
    }
    text = json.dumps(body)
    return text.encode(), signed(text, age=age, signs_as=signed_by)
