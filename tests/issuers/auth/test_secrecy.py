"""Whatever the scheme, nobody reads a secret or a token in what is printed, logged or raised."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import ValidationError

from bot.issuers.auth import schemes
from bot.issuers.auth.scheme import Request
from bot.issuers.contract import IssuerFault
from tests.issuers.auth.exchange import exchanged, made, sending

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aiohttp

    from bot.issuers.auth import AuthTable
    from tests.issuers.conftest import Counter, Hands

WORD, TOKEN = "its-s3cret&word", "its-t0ken/word"
KEY = generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ALIPAY = {
    "app_id": "20",
    "private_key": "{secret:KEY}",
    "alipay_public_key": "{secret:PUBLIC}",
    "app_auth_token": "{secret:WORD}",
}
SECRETS = {"WORD": WORD, "KEY": PEM, "PUBLIC": PUBLIC}
FORM = (("method", "alipay.marketing.card.query"), ("biz_content", "{}"))
TABLES: dict[str, dict[str, Any]] = {
    "header": {"headers": {"X-Key": "{secret:WORD}"}},
    "basic": {"user": "kabao", "password": "{secret:WORD}"},
    "bearer": {"token": "{secret:WORD}"},
    "oauth2": {"token_url": "/token", "client_id": "kabao", "client_secret": "{secret:WORD}"},
    "session": {
        "request": {
            "path": "/login",
            "query": {"p": "{secret:WORD}"},
            "json": {"p": "{secret:WORD}"},
        },
        "token": "access_token",
        "headers": {"X-Session": "{token}"},
    },
    "wechat": {"app_id": "wx1", "secret": "{secret:WORD}"},
    "alipay-v2": ALIPAY,
    "alipay-v3": ALIPAY,
    "wechatpay": {
        "mchid": "19",
        "serial_no": "5A",
        "private_key": "{secret:KEY}",
        "platform_public_key": "{secret:PUBLIC}",
        "platform_key_id": "PUB_KEY_ID_1",
    },
}
ANSWERS = [
    (200, {"access_token": TOKEN, "expires_in": 60}),
    (200, {"access_token": f"{TOKEN}\n", "error": WORD, "errcode": 40001, "errmsg": WORD}),
    (400, {"error": WORD, "error_description": WORD}),
    (401, {"error": WORD}),
    (500, {"error": WORD}),
]


def spelt(secret: str) -> Iterator[str]:
    """Spell a secret as a request may."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    for before in ("", "kabao:"):
        for said in (secret, quote_plus(secret)):
            yield base64.b64encode(f"{before}{said}".encode()).decode()


def silent(text: str) -> None:
    words = [word for secret in (WORD, TOKEN) for word in spelt(secret)]
    assert not [word for word in [*words, *PEM.splitlines()[1:-1]] if word in text]


def shown(*things: object) -> str:
    return "".join(f"{thing!r} {thing} {[thing]}" for thing in things)


def read(kind: str) -> AuthTable:
    return schemes()[kind].model_validate({"kind": kind, **TABLES[kind]})


@pytest.mark.parametrize(("status", "said"), ANSWERS)
@pytest.mark.parametrize("kind", sorted(schemes()))
async def test_no_secret_is_in_what_is_printed_logged_or_raised(
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    status: int,
    said: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    counter.says(json.dumps(said), status)
    form = FORM if kind == "alipay-v2" else None
    request = Request("POST" if form else "GET", f"{counter.url}/card", {}, form=form)
    scheme, send = (
        made(counter.url, clock, {"kind": kind, **TABLES[kind]}, **SECRETS),
        sending(http),
    )
    try:
        signed = await scheme.sign(request, send)
        silent(shown(signed))
        answer = await exchanged(scheme, request, send)
    except IssuerFault as fault:
        silent("".join(traceback.format_exception(fault)) + shown(fault))
    else:
        silent(shown(answer.status))
    silent(shown(scheme, read(kind)))
    ours = [record for record in caplog.records if record.name != "aiohttp.access"]  # the server's
    silent("".join(record.getMessage() for record in ours))
    assert counter.heard


@pytest.mark.parametrize("kind", sorted(schemes()))
def test_no_secret_is_in_what_is_said_of_one_that_cannot_be_used(clock: Hands, kind: str) -> None:
    broken = {name: f"{value[:-30]}\r\n:{value}" for name, value in SECRETS.items()}
    try:
        scheme = made("https://shop.example", clock, {"kind": kind, **TABLES[kind]}, **broken)
    except ValueError as error:
        silent("".join(traceback.format_exception(error)) + shown(error))
    else:
        silent(shown(scheme))


@pytest.mark.parametrize("kind", sorted(schemes()))
def test_a_mistake_in_a_table_shows_no_secret(kind: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        schemes()[kind].model_validate({"kind": kind, **TABLES[kind], "nonsense": 1})
    silent(shown(wrong.value))


def test_what_would_be_seen_is_seen() -> None:
    for seen in (WORD, TOKEN, quote(WORD, safe=""), PEM, shown([TOKEN])):
        with pytest.raises(AssertionError):
            silent(seen)
