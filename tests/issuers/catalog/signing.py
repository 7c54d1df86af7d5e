"""Signing answers as Alipay and WeChat Pay do, with keys made for the test."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from datetime import datetime

SERIAL = "PUB_KEY_ID_0112345678901234567890123456789012"


@cache
def _key(whose: str) -> rsa.RSAPrivateKey:
    """Make the operator's key or the platform's."""
    assert whose in ("operator", "platform")
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def keys() -> dict[str, str]:
    """Give what an operator is given: their own private key, the platform's public one."""
    private = _key("operator").private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = (
        _key("platform")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return {"private": private.decode(), "public": public.decode(), "serial": SERIAL}


def _sign(message: bytes) -> str:
    signature = _key("platform").sign(message, padding.PKCS1v15(), hashes.SHA256())
    return b64encode(signature).decode()


def seal(how: str, body: bytes, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Give the body as it goes out, and the headers that it is signed with."""
    if how == "alipay-v2":
        name = b"alipay_marketing_card_query_response"
        sign = json.dumps(_sign(body)).encode()
        return b'{"' + name + b'":' + body + b',"sign":' + sign + b"}", {}
    if how == "alipay-v3":
        stamp, nonce = str(int(now.timestamp() * 1000)), "5f9c2a7d"
        signature = _sign(b"\n".join((stamp.encode(), nonce.encode(), body, b"")))
        return body, {
            "alipay-timestamp": stamp,
            "alipay-nonce": nonce,
            "alipay-signature": signature,
        }
    assert how == "wechatpay"
    stamp, nonce = str(int(now.timestamp())), "593BEC0C930BF1AFEB40B4A08C8FB242"
    signature = _sign(b"\n".join((stamp.encode(), nonce.encode(), body, b"")))
    return body, {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": SERIAL,
    }
