"""Logging in, and going on with the token or the cookies that the answer gives."""

# ruff: noqa: RUF012, TC001 - pydantic copies defaults, and reads annotations when it runs

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from multidict import MultiMapping
from pydantic import Field as Key
from pydantic import model_validator

from bot.issuers.answers import Unreadable
from bot.issuers.auth.renewal import Renewed, Token, document, fault_of
from bot.issuers.auth.scheme import Answer, AuthTable, Request, Scheme, Send
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.format.request import Call
from bot.issuers.placeholders import Template, Unsayable, in_header
from bot.issuers.requests import prepare
from bot.issuers.statuses import ALWAYS
from bot.issuers.vocabulary import Headers, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_COOKIES = Template("{token}")
_ANY = "0"
"""Stands for a token while a header is tried."""


class SessionAuth(AuthTable):
    """`kind = "session"`: `request` logs in.

    `token` is where in its answer a token is, which `headers` carry as `{token}`; without it the
    cookies of the answer are sent. `refused_when` is an expression over that answer that holds for
    a wrong password, where its status does not say so. A session is over where an answer has one
    of `stale_status`, or where `stale_when` holds for it; then it is logged in again, once.
    """

    kind: Literal["session"]
    request: Call
    token: Place | None = None
    headers: Headers = {}
    refused_when: Place | None = None
    stale_status: list[Annotated[int, Key(ge=100, le=599)]] = [401]
    stale_when: Place | None = None

    @model_validator(mode="after")
    def _token_is_sent(self) -> SessionAuth:
        sent = any("token" in text.names for text in self.headers.values())
        if sent != (self.token is not None):
            raise ValueError('expected token, and headers with it, as "Bearer {token}"; or neither')
        return self

    def names(self) -> frozenset[str]:
        """Every placeholder in it, but for the `{token}` that its headers have from it."""
        headers = (text.names for text in self.headers.values())
        return self.request.names() | (frozenset().union(*headers) - {"token"})

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` for a secret that cannot stand in the request."""
        login = prepare(base.rstrip("/"), ALWAYS, self.request, secrets)
        with_any = dict(secrets, token=_ANY)
        for text in self.headers.values():
            text.fill(with_any, in_header)
        return _Session(self, login, secrets, clock)


class _Session:
    def __init__(
        self,
        table: SessionAuth,
        login: Request,
        secrets: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._login = login
        self._secrets = secrets
        self._tokens = Renewed(self._fetch, clock)

    async def sign(self, request: Request, send: Send) -> Request:
        sent = self._sent(await self._tokens.text(send))
        ours = {name.lower() for name in sent}
        others = {name: v for name, v in request.headers.items() if name.lower() not in ours}
        return replace(request, headers={**others, **sent})

    def stale(self, request: Request, answer: Answer) -> bool:
        over = answer.status in self._table.stale_status
        when = self._table.stale_when
        if not over and (when is None or not _holds(when, document(answer))):
            return False
        self._tokens.forget(lambda token: self._sent(token).items() <= request.headers.items())
        return True

    def open(self, request: Request, answer: Answer) -> Answer:
        del request
        return answer

    def _sent(self, token: str) -> dict[str, str]:
        """Give the headers of a session; what is kept of one without a token is its cookies."""
        values = {**self._secrets, "token": token}
        texts = self._table.headers
        if self._table.token is None:
            texts = {**texts, "Cookie": _COOKIES}
        return {name: text.fill(values, in_header) for name, text in texts.items()}

    async def _fetch(self, send: Send) -> Token:
        answer = await send(self._login)
        place, refused = self._table.token, self._table.refused_when
        said = document(answer)
        if refused is not None and _holds(refused, said):
            raise IssuerFault(FaultKind.REFUSED, f"logging in: HTTP {answer.status}")
        # A login page answers with its cookies and leads on to another page.
        if not 200 <= answer.status < (300 if place else 400):  # noqa: PLR2004 - HTTP's own
            raise fault_of(answer, "logging in")
        token = _token(place.of, said) if place else _cookies(answer)
        try:
            self._sent(token)
        except Unsayable:
            what = "token" if place else "cookie"
            raise IssuerFault(
                FaultKind.BAD_ANSWER, f"logging in: no {what} to go on with"
            ) from None
        return Token(token)


def _token(of: Callable[[object], Any], said: object) -> str:
    """Read the token; "", which no header can carry, where there is none."""
    try:
        token = of(said)
    except Unreadable:
        return ""
    return str(token) if isinstance(token, str | int) and not isinstance(token, bool) else ""


def _holds(place: Place, said: object) -> bool:
    try:
        return bool(place.of(said))
    except Unreadable:
        return False


def _cookies(answer: Answer) -> str:
    """Give the cookies of an answer as they are sent back; those that it takes away left out.

    Taken apart by RFC 6265, 5.2: `http.cookies` drops a cookie that is `Partitioned`.
    """
    headers = answer.headers
    one = headers.get("Set-Cookie")
    lines = headers.getall("Set-Cookie", []) if isinstance(headers, MultiMapping) else [one or ""]
    kept: dict[str, str] = {}
    for line in lines:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = (part.strip() for part in pair.partition("="))
        gone = any(attribute.lower() == "max-age=0" for attribute in attributes)
        kept[name] = "" if gone else value
    return "; ".join(f"{name}={value}" for name, value in kept.items() if name and value)
