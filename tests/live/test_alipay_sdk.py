"""Alipay's signatures against Alipay's own SDK for Node.js: both ask one gateway, and compare.

The SDK for Python, which other tests use, knows neither OpenAPI v3 nor certificates.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from bot.issuers.auth import schemes
from bot.issuers.auth.alipay import serial
from bot.issuers.auth.scheme import Answer, Request
from bot.issuers.contract import IssuerFault
from tests.live.npm import installed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.issuers.auth.scheme import Scheme

pytestmark = pytest.mark.live

SDK = "4.14.0"
APP_ID = "2014072300007148"
METHOD = "alipay.marketing.card.query"
WRAPPER = "alipay_marketing_card_query_response"
CARD = {"target_card_no": "小王 &=+%\"'\\/", "target_card_no_type": "BIZ_CARD"}
FOUND = '{"code":"10000","msg":"Success","card_info":{"nick":"小王","balance":"124.89"}}'
PATH = "/v3/alipay/marketing/card/query"


def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


ROOT, APP, ALIPAY = key(), key(), key()


def certificate(
    whose: str,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    by: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = ROOT,
) -> str:
    def name(common: str) -> x509.Name:
        said = {
            NameOID.COUNTRY_NAME: "CN",
            NameOID.ORGANIZATION_NAME: "Ant Financial",
            NameOID.ORGANIZATIONAL_UNIT_NAME: "Certification Authority",
            NameOID.COMMON_NAME: common,
        }
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in said.items()])

    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name(whose))
        .issuer_name(name("Ant Financial Certification Authority R1"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(by, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


EC = ec.generate_private_key(ec.SECP256R1())  # Alipay's roots are not all of RSA either
CERTIFICATES = {
    "app_certificate": certificate("the shop", APP.public_key()),
    "alipay_certificate": certificate("Alipay", ALIPAY.public_key()),
    "alipay_root_certificate": certificate("R1", ROOT.public_key())
    + certificate("R2", EC.public_key(), EC)
    + certificate("R3", ROOT.public_key()),
}
PRIVATE = APP.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(of: rsa.RSAPrivateKey) -> str:
    der = of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def sealed(content: str) -> str:
    return b64encode(ALIPAY.sign(content.encode(), PKCS1v15(), SHA256())).decode()


@pytest.fixture(scope="session")
def home() -> Path:
    """Install the SDK, once."""
    return installed(f"alipay-sdk-{SDK}", f"alipay-sdk@{SDK}")


async def sdk(home: Path, config: dict[str, str], *calls: list[Any]) -> list[dict[str, Any]]:
    """Let the SDK make calls; gives `value` or `error` of each."""
    node = shutil.which("node")
    assert node, "node is not there: install Node.js 18 or newer"
    process = await asyncio.create_subprocess_exec(
        *(node, Path(__file__).parent / "alipay_sdk.mjs"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    asked = {"home": str(home), "config": config, "calls": calls}
    said, _ = await process.communicate(json.dumps(asked).encode())
    gave: list[dict[str, Any]] = json.loads(said)
    return gave


class Gateway:
    """Answers as Alipay does, to both protocols; `spoilt` changes the balance once it is signed."""

    def __init__(self) -> None:
        self.url = ""
        self.sn = ""
        self.spoilt = False
        self.heard: list[Request] = []
        self.said: list[Answer] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        heard = {name.lower(): text for name, text in request.headers.items()}
        self.heard.append(Request(request.method, request.raw_path, heard, body))
        headers: dict[str, str] = {}
        text = FOUND
        if request.path == "/gateway.do":
            more = {"alipay_cert_sn": self.sn} if self.sn else {}
            tail = json.dumps({**more, "sign": sealed(FOUND)}, separators=(",", ":"))[1:]
            text = f'{{"{WRAPPER}":{FOUND},{tail}'
        else:
            stamp, nonce = str(int(datetime.now(UTC).timestamp() * 1000)), "5f9c2a7d"
            headers = {"alipay-timestamp": stamp, "alipay-nonce": nonce}
            headers["alipay-signature"] = sealed(f"{stamp}\n{nonce}\n{FOUND}\n")
            if self.sn:
                headers["alipay-sn"] = self.sn
        text = text.replace("124.89", "924.89") if self.spoilt else text
        self.said.append(Answer(200, headers, text.encode()))
        return web.Response(text=text, headers=headers)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    runner = web.ServerRunner(web.Server(gateway.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield gateway
    await runner.cleanup()


def scheme(kind: str, *, certified: bool) -> Scheme:
    texts = {"private_key": PRIVATE, **CERTIFICATES}
    if not certified:
        texts = {"private_key": PRIVATE, "alipay_public_key": public(ALIPAY)}
    declared = {name: f"{{secret:{name.upper()}}}" for name in texts}
    secrets = {f"secret:{name.upper()}": text for name, text in texts.items()}
    table = schemes()[kind].model_validate({"kind": kind, "app_id": APP_ID, **declared})
    return table.scheme("https://openapi.alipay.com", secrets, lambda: datetime.now(UTC))


def config(gateway: Gateway, *, certified: bool) -> dict[str, str]:
    said = {
        "appId": APP_ID,
        "privateKey": PRIVATE,
        "keyType": "PKCS8",
        "gateway": f"{gateway.url}/gateway.do",
        "endpoint": gateway.url,
    }
    if not certified:
        return said | {"alipayPublicKey": public(ALIPAY)}
    return said | {
        "appCertContent": CERTIFICATES["app_certificate"],
        "alipayPublicCertContent": CERTIFICATES["alipay_certificate"],
        "alipayRootCertContent": CERTIFICATES["alipay_root_certificate"],
    }


CALLS = {
    "alipay-v3": ["curl", "POST", PATH, {"body": CARD}],
    "alipay-v2": ["exec", METHOD, {"bizContent": CARD}, {"validateSign": True}],
}


async def nobody(request: Request) -> Answer:
    raise AssertionError(f"nothing is fetched to sign with: {request}")


async def ours(kind: str, *, certified: bool) -> Request:
    """Sign the request that the SDK makes too."""
    card = json.dumps(CARD, ensure_ascii=False, separators=(",", ":"))
    asked = Request("POST", f"https://openapi.alipay.com{PATH}", {}, card.encode())
    if kind == "alipay-v2":
        form = (("method", METHOD), ("biz_content", card))
        asked = Request("POST", "https://openapi.alipay.com/gateway.do", {}, form=form)
    return await scheme(kind, certified=certified).sign(asked, nobody)


def authorization(headers: dict[str, str]) -> tuple[str, str]:
    """Give what was said about who asks, and its signature."""
    lower = {name.lower(): text for name, text in headers.items()}
    said = re.fullmatch(r"ALIPAY-SHA256withRSA (.*),sign=(.*)", lower["authorization"])
    assert said
    return said[1], said[2]


@pytest.mark.parametrize("certified", [False, True])
async def test_a_request_of_v3_says_who_asks_as_the_sdk_says_it(
    home: Path, gateway: Gateway, certified: bool
) -> None:
    (gave,) = await sdk(home, config(gateway, certified=certified), CALLS["alipay-v3"])
    assert gave["value"]["data"]["card_info"]["balance"] == "124.89"
    theirs, request = gateway.heard[0], await ours("alipay-v3", certified=certified)
    who = [authorization(dict(one.headers))[0] for one in (theirs, request)]
    names = [[part.partition("=")[0] for part in one.split(",")] for one in who]
    assert names[0] == names[1]
    same = [re.sub(r"(nonce|timestamp)=[^,]+", r"\1", one) for one in who]
    assert same[0] == same[1]
    vendors = {name: text for name, text in theirs.headers.items() if name.startswith("alipay-")}
    sent = {name.lower(): text for name, text in request.headers.items()}
    assert vendors.keys() == {name for name in sent if name.startswith("alipay-")}
    assert vendors.get("alipay-root-cert-sn") == sent.get("alipay-root-cert-sn")
    assert ("alipay-root-cert-sn" in sent) == certified


@pytest.mark.parametrize("certified", [False, True])
async def test_a_request_of_v2_has_the_fields_that_the_sdk_sends(
    home: Path, gateway: Gateway, certified: bool
) -> None:
    (gave,) = await sdk(home, config(gateway, certified=certified), CALLS["alipay-v2"])
    assert gave["value"]["cardInfo"]["balance"] == "124.89"
    request = await ours("alipay-v2", certified=certified)
    heard = gateway.heard[0]
    theirs = dict(parse_qsl(urlsplit(heard.url).query)) | dict(
        parse_qsl((heard.body or b"").decode())
    )
    sent = dict(request.form or ())
    assert sent.keys() == theirs.keys() | {"format"}  # which the vendor's other SDKs send
    different = {name for name, text in theirs.items() if sent[name] != text}
    assert different <= {"timestamp", "sign"}
    assert ("alipay_root_cert_sn" in sent) == certified


@pytest.mark.parametrize("certified", [False, True])
async def test_what_is_signed_here_is_verified_by_the_sdk(
    home: Path, gateway: Gateway, certified: bool
) -> None:
    form = dict((await ours("alipay-v2", certified=certified)).form or ())
    request = await ours("alipay-v3", certified=certified)
    who, signature = authorization(dict(request.headers))
    content = f"{who}\nPOST\n{PATH}\n{(request.body or b'').decode()}\n"
    gave = await sdk(
        home,
        config(gateway, certified=False) | {"alipayPublicKey": public(APP)},
        ["checkNotifySignV2", form],
        ["checkNotifySignV2", form | {"biz_content": form["biz_content"] + " "}],
        ["rsaCheck", content, signature],
        ["rsaCheck", content + " ", signature],
    )
    assert gave == [{"value": True}, {"value": False}, {"value": True}, {"value": False}]


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("certified", [False, True])
async def test_an_answer_that_the_sdk_takes_is_opened_and_one_it_refuses_is_refused(
    home: Path, gateway: Gateway, kind: str, certified: bool
) -> None:
    by, asked = scheme(kind, certified=certified), await ours(kind, certified=certified)
    if certified:  # the SDK refuses another serial number than its own
        theirs = x509.load_pem_x509_certificate(CERTIFICATES["alipay_certificate"].encode())
        gateway.sn = serial(theirs)
    (gave,) = await sdk(home, config(gateway, certified=certified), CALLS[kind])
    assert "value" in gave
    assert by.open(asked, gateway.said[0]).body.decode() == FOUND

    gateway.spoilt = True
    (gave,) = await sdk(home, config(gateway, certified=certified), CALLS[kind])
    assert "验签失败" in gave["error"]
    with pytest.raises(IssuerFault, match="signature"):
        by.open(asked, gateway.said[1])
