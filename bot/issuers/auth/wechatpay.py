"""WeChat Pay's API v3: requests and answers signed with RSA.

Signed as in wechatpayv3 2.0.4 and the vendor's own description of `WECHATPAY2-SHA256-RSA2048`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from bot.issuers.auth.keys import (
    certificate,
    certified_key,
    forged,
    header,
    private_key,
    public_key,
    signature,
    target,
    unsigned,
    verified,
)
from bot.issuers.auth.scheme import Answer, AuthTable, Plain, Request, Scheme, Send
from bot.issuers.placeholders import verbatim
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.x509 import Certificate

NAME = "WECHATPAY2-SHA256-RSA2048"
APART = 300  # seconds between the answer's time and ours: an older answer may be a replayed one


class WechatPayAuth(AuthTable):
    """`kind = "wechatpay"`: the merchant's number, its certificate's serial number and its key.

    Answers are verified with WeChat Pay's public key (`platform_public_key`, and as
    `platform_key_id` the PUB_KEY_ID_... it is known by) or with its certificate
    (`platform_certificate`). Keys are PEM or the base64 in it. Bodies are JSON.
    """

    kind: Literal["wechatpay"]
    mchid: Text
    serial_no: Text
    private_key: Text
    platform_public_key: Text | None = None
    platform_key_id: Text | None = None
    platform_certificate: Text | None = None

    @model_validator(mode="after")
    def _one_way_to_verify(self) -> WechatPayAuth:
        key = (self.platform_public_key is not None, self.platform_key_id is not None)
        if key[0] != key[1] or key[0] == (self.platform_certificate is not None):
            raise ValueError(
                "expected platform_public_key and platform_key_id, or platform_certificate"
            )
        return self

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` says which key cannot be read."""
        del base
        return _WechatPay(
            _word("mchid", self.mchid.fill(secrets, verbatim)),
            _word("serial_no", self.serial_no.fill(secrets, verbatim)),
            private_key("private_key", self.private_key.fill(secrets, verbatim)),
            self._platform(secrets),
            clock,
        )

    def _platform(self, secrets: Mapping[str, str]) -> _Platform:
        if self.platform_certificate is not None:
            text = self.platform_certificate.fill(secrets, verbatim)
            return _Platform.of(certificate("platform_certificate", text))
        assert self.platform_public_key is not None
        assert self.platform_key_id is not None
        return _Platform(
            public_key("platform_public_key", self.platform_public_key.fill(secrets, verbatim)),
            _word("platform_key_id", self.platform_key_id.fill(secrets, verbatim)),
        )


class _Platform:
    """WeChat Pay's own key, and what its answers call it. A certificate has its days."""

    def __init__(
        self, key: RSAPublicKey, serial: str, until: tuple[datetime, datetime] | None = None
    ) -> None:
        self.key = key
        self.serial = serial
        self.certified = until is not None
        self._until = until

    @classmethod
    def of(cls, certified: Certificate) -> _Platform:
        key = certified_key("platform_certificate", certified)
        days = (certified.not_valid_before_utc, certified.not_valid_after_utc)
        return cls(key, f"{certified.serial_number:X}", days)

    def named(self, serial: str) -> bool:
        """Whether an answer means this key; the hexadecimal of a certificate in any case."""
        if self.certified:
            return serial.upper().lstrip("0") == self.serial
        return serial == self.serial

    def valid(self, now: datetime) -> bool:
        return self._until is None or self._until[0] <= now <= self._until[1]


class _WechatPay(Plain):
    def __init__(
        self,
        mchid: str,
        serial_no: str,
        key: RSAPrivateKey,
        platform: _Platform,
        clock: Callable[[], datetime],
    ) -> None:
        self._mchid = mchid
        self._serial_no = serial_no
        self._key = key
        self._platform = platform
        self._clock = clock

    async def sign(self, request: Request, send: Send) -> Request:
        """Put the signature of method, path, time, nonce and body into `Authorization`."""
        del send
        at, nonce = str(int(self._clock().timestamp())), token_hex(16)
        body = (request.body or b"").decode()
        lines = (request.method, target(request), at, nonce, body)
        parts = {
            "mchid": self._mchid,
            "nonce_str": nonce,
            "timestamp": at,
            "serial_no": self._serial_no,
            "signature": signature(self._key, "".join(f"{line}\n" for line in lines)),
        }
        said = ",".join(f'{name}="{value}"' for name, value in parts.items())
        headers = {**request.headers, "Authorization": f"{NAME} {said}"}
        if not self._platform.certified:  # the answer is to be signed with this key
            headers["Wechatpay-Serial"] = self._platform.serial
        return replace(request, headers=headers)

    def open(self, request: Request, answer: Answer) -> Answer:
        """Verify the answer; an error may come unsigned."""
        del request
        signed, at = header(answer, "Wechatpay-Signature"), header(answer, "Wechatpay-Timestamp")
        if not signed:
            return unsigned(answer)
        if header(answer, "Wechatpay-Signature-Type") not in ("", NAME):
            raise forged("an answer with a signature of another kind")
        now = self._clock()
        if not self._platform.named(header(answer, "Wechatpay-Serial")):
            raise forged("an answer signed with another key than the configured one")
        if not self._platform.valid(now):
            raise forged("platform_certificate is not valid today")
        if not re.fullmatch(r"[0-9]{1,12}", at) or abs(int(at) - now.timestamp()) > APART:
            raise forged("an answer whose time is not now")
        nonce = header(answer, "Wechatpay-Nonce")
        content = f"{at}\n{nonce}\n".encode() + answer.body + b"\n"
        if not verified(self._platform.key, content, signed):
            raise forged("an answer whose signature is not WeChat Pay's")
        return answer


def _word(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value.strip()):
        raise ValueError(f"{name}: expected letters and digits")
    return value.strip()
