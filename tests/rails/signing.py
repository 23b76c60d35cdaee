"""Keys and signatures of the tests' WeChat Pay, and what a merchant keeps of them."""

import base64
import time
import uuid
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
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
