"""Alipay's OpenAPI v3: JSON, signed in headers with RSA.

As in alipay-sdk-nodejs-all (src/alipay.ts), which is the vendor's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from bot.issuers.auth.alipay import AlipayKeys, Identity
from bot.issuers.auth.keys import forged, header, signature, target, unsigned, verified
from bot.issuers.auth.scheme import Answer, AuthTable, Plain, Request, Scheme, Send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

NAME = "ALIPAY-SHA256withRSA"


class AlipayV3Auth(AlipayKeys, AuthTable):
    """`kind = "alipay-v3"`: signed headers, for paths that begin with /v3. Bodies are JSON.

    Keys as `AlipayKeys` says; `app_auth_token` where the merchant has authorised the application.
    """

    kind: Literal["alipay-v3"]

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` says which key cannot be read."""
        del base
        return _AlipayV3(self.identity(secrets), clock)


class _AlipayV3(Plain):
    def __init__(self, identity: Identity, clock: Callable[[], datetime]) -> None:
        self._we = identity
        self._clock = clock

    async def sign(self, request: Request, send: Send) -> Request:
        """Put the signature of who asks, method, path, body and token into `Authorization`."""
        del send
        we, at = self._we, int(self._clock().timestamp() * 1000)
        certified = f",app_cert_sn={we.app_sn}" if we.app_sn else ""
        who = f"app_id={we.app_id}{certified},nonce={uuid4()},timestamp={at}"
        lines = [who, request.method, target(request), (request.body or b"").decode()]
        headers = {**request.headers, "alipay-request-id": uuid4().hex}
        if we.root_sn:
            headers["alipay-root-cert-sn"] = we.root_sn
        if we.app_auth_token:
            headers["alipay-app-auth-token"] = we.app_auth_token
            lines.append(we.app_auth_token)
        signed = signature(we.key, "".join(f"{line}\n" for line in lines))
        return replace(request, headers={**headers, "Authorization": f"{NAME} {who},sign={signed}"})

    def open(self, request: Request, answer: Answer) -> Answer:
        """Verify the answer; an error may come unsigned."""
        del request
        signed = header(answer, "alipay-signature")
        if not signed:
            return unsigned(answer)
        with_key = header(answer, "alipay-sn")
        if with_key and self._we.alipay_sn and with_key != self._we.alipay_sn:
            raise forged("an answer signed with another key than alipay_certificate's")
        at, nonce = header(answer, "alipay-timestamp"), header(answer, "alipay-nonce")
        content = f"{at}\n{nonce}\n".encode() + answer.body + b"\n"
        if not verified(self._we.alipay_key, content, signed):
            raise forged("an answer whose signature is not Alipay's")
        return answer
