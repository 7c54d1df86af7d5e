"""Alipay's gateway (OpenAPI v2): a form signed with RSA, an answer whose signature is inside it.

As in the vendor's alipay-sdk-python 3.7.1411 and alipay-sdk-nodejs-all. `charset` goes into the
address too, as in the vendor's PHP SDK: the gateway decodes the form by it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from bot.issuers.auth.alipay import AlipayKeys, Identity
from bot.issuers.auth.keys import forged, signature, verified
from bot.issuers.auth.scheme import Answer, AuthTable, Plain, Request, Scheme, Send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

CHINA = ZoneInfo("Asia/Shanghai")
SUCCESS = "10000"
_SPACE = " \t\r\n"
_JSON = json.JSONDecoder()


class AlipayV2Auth(AlipayKeys, AuthTable):
    """`kind = "alipay-v2"`: for a form with `method` and `biz_content`, which is signed.

    Keys as `AlipayKeys` says. The answer that is read is what is in its `..._response`.
    """

    kind: Literal["alipay-v2"]

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` says which key cannot be read."""
        del base
        return _AlipayV2(self.identity(secrets), clock)


class _AlipayV2(Plain):
    def __init__(self, identity: Identity, clock: Callable[[], datetime]) -> None:
        self._we = identity
        self._clock = clock

    async def sign(self, request: Request, send: Send) -> Request:
        """Add who asks and when to the form, and the signature of all its fields."""
        del send
        we = self._we
        fields = dict(request.form or ()) | {
            "app_id": we.app_id,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self._clock().astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "app_auth_token": we.app_auth_token or "",
            "app_cert_sn": we.app_sn or "",
            "alipay_root_cert_sn": we.root_sn or "",
        }
        fields = {name: value for name, value in fields.items() if value and name != "sign"}
        content = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        fields["sign"] = signature(we.key, content)
        url = request.url + ("&" if "?" in request.url else "?") + "charset=utf-8"
        return replace(request, url=url, body=None, form=tuple(fields.items()))

    def open(self, request: Request, answer: Answer) -> Answer:
        """Verify the answer as it was sent, and give what is in it.

        Of an unsigned one only an error is let through, and only what says which.
        """
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success
            return answer
        parts = _parts(answer.body)
        raw, inner = _response(parts, dict(request.form or ()).get("method", ""))
        if "sign" not in parts:
            return replace(answer, body=_error(inner))
        if self._we.alipay_sn and _value(parts, "alipay_cert_sn") != self._we.alipay_sn:
            raise forged("an answer signed with another key than alipay_certificate's")
        signed = _value(parts, "sign")
        if not isinstance(signed, str) or not verified(self._we.alipay_key, raw, signed):
            raise forged("an answer whose signature is not Alipay's")
        return replace(answer, body=raw)


def _parts(body: bytes) -> dict[str, tuple[bytes, Any]]:
    """Take the outer object apart: each value as it was sent, and as it is read."""
    try:
        text = body.decode()
        parts: dict[str, tuple[bytes, Any]] = {}
        at = _past(text, 0, "{")
        while True:
            name, at = _JSON.raw_decode(text, _past(text, at))
            start = _past(text, _past(text, at, ":"))
            value, at = _JSON.raw_decode(text, start)
            if not isinstance(name, str) or name in parts:
                raise forged("an answer that says something twice")
            parts[name] = (text[start:at].encode(), value)
            at = _past(text, at)
            if text[at : at + 1] != ",":
                break
            at += 1
        if _past(text, at, "}") != len(text.rstrip(_SPACE)):
            raise forged("an answer with more behind it")
    except (ValueError, RecursionError):
        raise forged("an answer that is not Alipay's JSON") from None
    return parts


def _past(text: str, at: int, sign: str = "") -> int:
    """Go past blanks, and past this sign. `ValueError` if it is not there."""
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    if not text.startswith(sign, at):
        raise ValueError(sign)
    return at + len(sign)


def _response(parts: Mapping[str, tuple[bytes, Any]], method: str) -> tuple[bytes, Any]:
    names = (f"{method.replace('.', '_')}_response", "error_response")
    found = [parts[name] for name in names if name in parts]
    if len(found) != 1 or not isinstance(found[0][1], dict):
        raise forged("an answer without the one response that was asked for")
    return found[0]


def _error(inner: Mapping[str, Any]) -> bytes:
    code = inner.get("code")
    if not isinstance(code, str) or not re.fullmatch("[0-9]{5}", code) or code == SUCCESS:
        raise forged("an answer without a signature")
    said = {name: inner[name] for name in ("code", "sub_code", "msg") if name in inner}
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    return json.dumps(texts).encode()


def _value(parts: Mapping[str, tuple[bytes, Any]], name: str) -> Any:
    return parts[name][1] if name in parts else None
