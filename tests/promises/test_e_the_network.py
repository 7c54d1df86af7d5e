"""What somebody can do who has a place in the operator's network."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from telegram import Bot
from telegram.error import NetworkError

from bot.app import http_session
from bot.issuers import FaultKind, IssuerFault, Issuers
from bot.transport import AiohttpRequest
from tests.journeys.test_webhook import HEADER, Hooked, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NUMBER, TOKEN = "6006491234567890", "7000000001:AAFnotarealtokenbutlongenoughforone"
SHOP = """
kind = "http"
name = {{ en = "Shop" }}
[[fields]]
name = "number"
label = {{ en = "card number" }}
pattern = "[0-9]{{16}}"
example = "6006490000000000"
[server]
url = "{url}"
[balance]
request = {{ path = "/cards/{{number}}" }}
amount = "balance"
amount_format = "minor"
currency = "currency"
"""


class Heard:
    """A server that writes down all that is said to it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.elsewhere = ""

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(f"{request.path_qs} {dict(request.headers)} {body}")
        if self.elsewhere:
            raise web.HTTPTemporaryRedirect(f"{self.elsewhere}{request.path_qs}")
        return web.json_response({"ok": True, "result": True, "balance": 1, "currency": "CNY"})


@asynccontextmanager
async def listening(heard: Heard, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run the server on loopback; its address."""
    runner = web.ServerRunner(web.Server(heard))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def of_its_own_making(folder: Path) -> ssl.SSLContext:
    """Make a certificate for the address that nobody has signed but its holder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.telegram.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, SHA256())
    )
    file = folder / "false.pem"
    spelled = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(spelled + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def asked(folder: Path, url: str) -> FaultKind:
    """Ask a shop at this address about a card, and say what came of it."""
    (folder / "shop.toml").write_text(SHOP.format(url=url), encoding="utf-8")
    async with http_session() as http:
        issuer = Issuers.load([folder], {}, http).get("shop")
        assert issuer is not None
        with pytest.raises(IssuerFault) as fault:
            await issuer.read({"number": NUMBER}, history=False)
    return fault.value.kind


async def test_a_server_with_a_false_certificate_is_told_neither_the_token_nor_a_number(
    tmp_path: Path,
) -> None:
    heard = Heard()
    async with listening(heard, of_its_own_making(tmp_path)) as url:
        request = AiohttpRequest(pool_size=1)
        await request.initialize()
        with pytest.raises(NetworkError) as refused:
            await Bot(TOKEN, base_url=f"{url}/bot", request=request).get_me()
        await request.shutdown()
        assert TOKEN not in str(refused.value)
        assert await asked(tmp_path, url) is FaultKind.NETWORK
    assert heard.requests == []


async def test_a_redirect_is_not_followed_with_a_card_number(tmp_path: Path) -> None:
    shop, thief = Heard(), Heard()
    async with listening(shop) as url, listening(thief) as elsewhere:
        shop.elsewhere = elsewhere
        assert await asked(tmp_path, url) is FaultKind.BAD_ANSWER
    assert len(shop.requests) >= 1
    assert thief.requests == []


async def test_an_issuer_is_not_asked_without_tls_unless_its_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="expected https://"):
        await asked(tmp_path, "http://shop.example")


async def test_a_webhook_request_without_the_secret_is_refused(tmp_path: Path) -> None:
    async with Hooked(tmp_path) as house:
        ann = house.guest("Ann")
        await ann.says("/start")
        before = ann.told
        for number, headers in enumerate(({}, {HEADER: ""}, {HEADER: "guessed" * 6})):
            body = message(ann, "/balance", 900_000 + number)
            assert await house.asked(body, **headers) == 403
        await house.settled()
        assert ann.told == before
