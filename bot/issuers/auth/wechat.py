"""WeChat's `access_token` of an Official Account: asked for, kept, put into each address.

Sources: developers.weixin.qq.com, "Get access_token" and "Get stable access_token"; WxJava.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import orjson

from bot.issuers.auth.renewal import (
    Renewed,
    Token,
    document,
    fault_of,
    good_until,
    sayable,
)
from bot.issuers.auth.scheme import Answer, AuthTable, Request, Scheme, Send
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.placeholders import in_url, verbatim
from bot.issuers.statuses import ALWAYS
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_STALE = frozenset({40001, 40014, 42001})
_SAID = {
    -1: FaultKind.ISSUER_DOWN,  # the system is busy
    40001: FaultKind.REFUSED,  # here it is about the secret
    40013: FaultKind.REFUSED,  # no such appid
    40125: FaultKind.REFUSED,  # not its secret
    40164: FaultKind.REFUSED,  # an address of ours that is not on the account's list
    40243: FaultKind.REFUSED,  # the secret is frozen
    41002: FaultKind.REFUSED,
    41004: FaultKind.REFUSED,
    45009: FaultKind.RATE_LIMITED,  # the day's quota
    45011: FaultKind.RATE_LIMITED,
}


class WechatAuth(AuthTable):
    """`kind = "wechat"`: `access_token` in the query of every request.

    `app_id` and `secret` are the Official Account's. A token that was asked for elsewhere is
    spoiled by the next one asked for; with `stable` it is not, and each asks for its own.
    """

    kind: Literal["wechat"]
    app_id: Text
    secret: Text
    stable: bool = False

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme."""
        make = _stable if self.stable else _usual
        app_id, secret = (text.fill(secrets, verbatim) for text in (self.app_id, self.secret))
        return _Wechat(make(base.rstrip("/") + "/cgi-bin", app_id, secret), clock)


def _usual(folder: str, app_id: str, secret: str) -> Request:
    query = f"grant_type=client_credential&appid={in_url(app_id)}&secret={in_url(secret)}"
    return Request("GET", f"{folder}/token?{query}", ALWAYS)


def _stable(folder: str, app_id: str, secret: str) -> Request:
    asked = {"grant_type": "client_credential", "appid": app_id, "secret": secret}
    headers = {**ALWAYS, "Content-Type": "application/json"}
    return Request("POST", f"{folder}/stable_token", headers, orjson.dumps(asked))


class _Wechat:
    def __init__(self, asking: Request, clock: Callable[[], datetime]) -> None:
        self._asking = asking
        self._clock = clock
        self._tokens = Renewed(self._fetch, clock)

    async def sign(self, request: Request, send: Send) -> Request:
        token = await self._tokens.text(send)
        mark = "&" if "?" in request.url else "?"
        return replace(request, url=f"{request.url}{mark}{_parameter(token)}")

    def stale(self, request: Request, answer: Answer) -> bool:
        # Most answers say errcode 0, or none: they need not be read twice.
        found = any(str(code).encode() in answer.body for code in _STALE)
        if not found or _errcode(answer) not in _STALE:
            return False
        self._tokens.forget(lambda token: request.url.endswith(_parameter(token)))
        return True

    def open(self, request: Request, answer: Answer) -> Answer:
        del request
        return answer

    async def _fetch(self, send: Send) -> Token:
        answer = await send(self._asking)
        said = document(answer)
        token = said.get("access_token") if isinstance(said, dict) else None
        if answer.status == 200 and isinstance(token, str) and token:  # noqa: PLR2004 - HTTP's own
            return Token(sayable(token), good_until(self._clock(), said.get("expires_in")))
        code = _errcode(answer)
        if code is None:
            raise fault_of(answer, "an access_token")
        raise IssuerFault(_SAID.get(code, FaultKind.BAD_ANSWER), f"an access_token: errcode {code}")


def _parameter(token: str) -> str:
    return f"access_token={in_url(token)}"


def _errcode(answer: Answer) -> int | None:
    said = document(answer)
    code = said.get("errcode") if isinstance(said, dict) else None
    return code if isinstance(code, int) else None
