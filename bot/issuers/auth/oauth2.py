"""OAuth 2 with the client's own credentials (RFC 6749, 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote_plus

from pydantic import AfterValidator
from yarl import URL

from bot.issuers.auth.basic import basic
from bot.issuers.auth.bearer import authorized
from bot.issuers.auth.renewal import (
    Renewed,
    Token,
    document,
    fault_of,
    good_until,
    sayable,
)
from bot.issuers.auth.scheme import Answer, AuthTable, Plain, Request, Scheme, Send
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.placeholders import Template, verbatim
from bot.issuers.statuses import ALWAYS
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_LATER = frozenset({"temporarily_unavailable", "server_error"})
_STANDARD = _LATER | {
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}
_EXPECTED = "expected an address with https://, or a path that begins with /"


def _place(template: Template) -> Template:
    if not template.text.startswith(("/", "https://", "http://", "{secret:")):
        raise ValueError(_EXPECTED)
    return template


class OAuth2Auth(AuthTable):
    """`kind = "oauth2"`: a token for the client's own credentials.

    `token_url` is an address, or a path under the server's. `send` says where `client_id` and
    `client_secret` go: "basic" is the header that every server must understand, "body" the form.
    `scope` is what the token shall be good for, words with blanks between them.
    """

    kind: Literal["oauth2"]
    token_url: Annotated[Text, AfterValidator(_place)]
    client_id: Text
    client_secret: Text
    scope: Text | None = None
    send: Literal["basic", "body"] = "basic"

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` for a token_url that is neither https nor the server's."""
        client = self.client_id.fill(secrets, verbatim)
        secret = self.client_secret.fill(secrets, verbatim)
        form = [("grant_type", "client_credentials")]
        if self.scope is not None:
            form.append(("scope", self.scope.fill(secrets, verbatim)))
        url = _address(self.token_url, base, secrets)
        if self.send == "body":
            form += [("client_id", client), ("client_secret", secret)]
        asking = Request("POST", url, ALWAYS, form=tuple(form))
        if self.send == "basic":  # RFC 6749, 2.3.1: encoded as in a form before they are joined
            asking = authorized(asking, basic(quote_plus(client), quote_plus(secret)))
        return _OAuth2(asking, clock)


class _OAuth2(Plain):
    def __init__(self, asking: Request, clock: Callable[[], datetime]) -> None:
        self._asking = asking
        self._clock = clock
        self._tokens = Renewed(self._fetch, clock)

    async def sign(self, request: Request, send: Send) -> Request:
        return authorized(request, f"Bearer {await self._tokens.text(send)}")

    def stale(self, request: Request, answer: Answer) -> bool:
        if answer.status != 401:  # noqa: PLR2004 - HTTP's own number
            return False
        self._tokens.forget(lambda token: request.headers["Authorization"] == f"Bearer {token}")
        return True

    async def _fetch(self, send: Send) -> Token:
        answer = await send(self._asking)
        said = document(answer)
        said = said if isinstance(said, dict) else {}
        token, error = said.get("access_token"), said.get("error")
        if answer.status == 200 and isinstance(token, str) and not error:  # noqa: PLR2004
            if str(said.get("token_type", "bearer")).lower() != "bearer":
                raise IssuerFault(FaultKind.BAD_ANSWER, "a token of a kind that is not Bearer")
            return Token(sayable(token), good_until(self._clock(), said.get("expires_in")))
        if answer.status in (200, 400) and isinstance(error, str):  # RFC 6749, 5.2
            kind = FaultKind.ISSUER_DOWN if error in _LATER else FaultKind.REFUSED
            # Words of the server's own may repeat what was sent to it.
            raise IssuerFault(kind, f"a token: {error if error in _STANDARD else 'an error'}")
        raise fault_of(answer, "a token")


def _address(template: Template, base: str, secrets: Mapping[str, str]) -> str:
    if template.text.startswith("/"):
        return base.rstrip("/") + template.path(secrets)
    text = template.address(secrets)
    try:
        url, server = URL(text), URL(base)
        safe = bool(url.host) and not url.user and not url.fragment
        safe = safe and (url.scheme == "https" or url.origin() == server.origin())
    except ValueError:
        safe = False
    if not safe:
        raise ValueError(f"auth.token_url: {_EXPECTED}")
    return text
