"""How an issuer is asked: within limits, over verified TLS, by its own words for yes and no."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.issuers import CardState, FaultKind, IssuerFault, Issuers
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter

SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
fields = [{{ name = "number", label = "Number", pattern = "[0-9]+" }}]
server = {{ url = "{url}", timeout_seconds = {timeout}, concurrency = {concurrency} }}
balance = {{ request = {{ path = "/" }}, amount = "money", amount_format = "number"{more} }}
{rest}
"""


def shop(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    *,
    rest: str = "",
    more: str = "",
    timeout: float = 10,
    concurrency: int = 4,
) -> Issuer:
    text = SHOP.format(
        url=counter.url, timeout=timeout, concurrency=concurrency, more=more, rest=rest
    )
    (folder / "shop.toml").write_text(text)
    return named(Issuers.load([folder], {}, http), "shop")


async def test_an_issuer_that_never_answers_is_given_up(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.answer = counter.hang
    with pytest.raises(IssuerFault) as caught:
        await shop(tmp_path, counter, http, timeout=0.05).read({"number": "1"})
    assert caught.value.kind is FaultKind.NETWORK


async def test_no_more_than_the_declared_number_of_requests_at_once(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    now, most = 0, 0

    async def busy(_request: web.BaseRequest) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return web.Response(text='{"money": 12.5}')

    counter.answer = busy
    issuer = shop(tmp_path, counter, http, concurrency=3)
    readings = await asyncio.gather(*(issuer.read({"number": str(n)}) for n in range(1, 30)))
    assert {reading.balance for reading in readings} == {Money(1250, "CNY")}
    assert most <= 3


ERRORS = """
errors = [
  { when = "code == 'LOCKED'", is = "blocked" },
  { when = "code == 'OLD'", is = "expired" },
  { status = [400, 404], when = "code == 'NONE'", is = "not_found" },
  { status = 402, is = "refused" },
]
"""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((200, '{"code": "LOCKED"}'), FaultKind.BLOCKED),
        ((200, '{"code": "OLD", "money": 5}'), FaultKind.EXPIRED),
        ((400, '{"code": "NONE"}'), FaultKind.NOT_FOUND),
        ((200, '{"code": "NONE"}'), FaultKind.BAD_ANSWER),
        ((404, '{"code": "TYPO"}'), FaultKind.BAD_ANSWER),
        ((404, "<html>"), FaultKind.BAD_ANSWER),
        ((402, ""), FaultKind.REFUSED),
        ((500, '{"code": "LOCKED"}'), FaultKind.BLOCKED),
    ],
)
async def test_an_issuer_has_its_own_ways_to_say_no(
    tmp_path: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    said: tuple[int, str],
    kind: FaultKind,
) -> None:
    counter.says(said[1], said[0])
    with pytest.raises(IssuerFault) as caught:
        await shop(tmp_path, counter, http, rest=ERRORS).read({"number": "1"})
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('"ok"', CardState.ACTIVE),
        ("true", CardState.ACTIVE),
        ("false", CardState.DEACTIVATED),
        ("3", CardState.BLOCKED),
        ('"new word"', CardState.UNKNOWN),
        ("null", CardState.UNKNOWN),
    ],
)
async def test_an_issuers_words_for_a_state_are_translated(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, said: str, state: CardState
) -> None:
    more = (
        ', state = "state", states = { ok = "active", true = "active", false = "deactivated",'
        ' 3 = "blocked" }'
    )
    counter.says(f'{{"money": 1, "state": {said}}}')
    assert (await shop(tmp_path, counter, http, more=more).read({"number": "1"})).state is state


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Make a server's certificate for localhost that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "own.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_server_that_nobody_vouches_for_is_sent_nothing(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.says('{"money": 1}')
    runner = web.ServerRunner(web.Server(counter.handle))
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=own_certificate(tmp_path)).start()
    counter.url = f"https://localhost:{runner.addresses[0][1]}"
    with pytest.raises(IssuerFault) as caught:
        await shop(tmp_path, counter, http).read({"number": "1"})
    assert caught.value.kind is FaultKind.NETWORK
    assert not counter.heard
    await runner.cleanup()
