"""WeChat Pay's signatures, each checked by wechatpayv3 (which nobody here wrote), and its keys."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from wechatpayv3.core import Core
from wechatpayv3.utils import rsa_sign, rsa_verify

from bot.issuers.auth import schemes
from bot.issuers.auth.scheme import Answer, Request, Scheme
from tests.issuers.auth.rsa_keys import (
    CURVE,
    NOW,
    OURS,
    THEIRS,
    bare,
    certified,
    nobody,
    private_pem,
    public_pem,
)
from tests.issuers.auth.rsa_keys import refused as refuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.issuers.contract import IssuerFault

KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
BODY = '{"code":"8812","balance":16150,"nickname":"小王"}'
URL = "https://api.mch.weixin.qq.com/v3/marketing/membercard-open/cards/p%2F1/codes/88?x=%C3%A9"


def scheme(said: dict[str, str] | None = None, *, drop: tuple[str, ...] = ()) -> Scheme:
    texts = {
        "mchid": "1900009191",
        "serial_no": "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
        "private_key": private_pem(OURS),
        "platform_public_key": public_pem(THEIRS),
        "platform_key_id": KEY_ID,
    } | (said or {})
    kept = {name: text for name, text in texts.items() if name not in drop}
    declared = {name: f"{{secret:{name.upper()}}}" for name in kept}
    secrets = {f"secret:{name.upper()}": text for name, text in kept.items()}
    table = schemes()["wechatpay"].model_validate({"kind": "wechatpay"} | declared)
    return table.scheme("https://api.mch.weixin.qq.com", secrets, lambda: NOW)


@cache
def usual() -> Scheme:
    """The scheme with all its keys, read once: OpenSSL takes its time to check a private one."""
    return scheme()


def with_certificate(days: int = 30) -> Scheme:
    pem = certified("CN=Tenpay.com Root CA", 0x7A0B, days=days)
    return scheme({"platform_certificate": pem}, drop=("platform_public_key", "platform_key_id"))


def signed(
    body: str = BODY,
    *,
    key: RSAPrivateKey = THEIRS,
    serial: str = KEY_ID,
    at: datetime = NOW,
    status: int = 200,
) -> Answer:
    stamp, nonce = str(int(at.timestamp())), "c5ac7061fccab6bf3e254dcf98995b8c"
    headers = {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": rsa_sign(key, f"{stamp}\n{nonce}\n{body}\n"),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }
    return Answer(status, headers, body.encode())


def refused(answer: Answer, by: Scheme | None = None) -> IssuerFault:
    return refuses(by or usual(), Request("GET", URL, {}), answer)


@cache
def their_client() -> Any:
    return Core(
        "1900009191",
        "77",
        bare(private_pem(OURS)),
        "0" * 32,
        public_key=bare(public_pem(THEIRS)),
        public_key_id=KEY_ID,
    )


def signed_parts(request: Request) -> dict[str, str]:
    kind, _, said = request.headers["Authorization"].partition(" ")
    assert kind == "WECHATPAY2-SHA256-RSA2048"
    return dict(re.findall(r'(\w+)="([^"]*)"', said))


@given(st.text(), st.sampled_from(["GET", "POST"]))
async def test_a_signed_request_is_accepted_by_wechatpayv3(words: str, method: str) -> None:
    body = words.encode(errors="replace")
    sent = Request(method, URL, {"Accept": "application/json"}, body or None)
    request = await usual().sign(sent, nobody)
    parts = signed_parts(request)
    path = "/v3/marketing/membercard-open/cards/p%2F1/codes/88?x=%C3%A9"
    # Its rsa_verify puts a line's end after each of three parts; the first two of ours go as one.
    ours = f"{method}\n{path}\n{parts['timestamp']}"
    their = OURS.public_key()
    assert rsa_verify(ours, parts["nonce_str"], body.decode(), parts["signature"], their)
    assert not rsa_verify(ours, parts["nonce_str"], body.decode() + " ", parts["signature"], their)
    assert parts["mchid"] == "1900009191"
    assert parts["serial_no"] == "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C"
    assert parts["timestamp"] == str(int(NOW.timestamp()))
    assert request.headers["Wechatpay-Serial"] == KEY_ID
    assert request.headers["Accept"] == "application/json"
    assert (request.url, request.body) == (sent.url, sent.body)


async def test_no_two_requests_have_the_same_nonce() -> None:
    ours = usual()
    signings = [await ours.sign(Request("GET", URL, {}), nobody) for _ in range(20)]
    assert len({signed_parts(request)["nonce_str"] for request in signings}) == 20


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_answer_signed_by_wechatpayv3_is_opened_as_it_came(words: str) -> None:
    answer = signed(words)
    assert usual().open(Request("GET", URL, {}), answer).body == words.encode()
    assert their_client()._verify_signature(dict(answer.headers), words)


@pytest.mark.parametrize("position", range(len(BODY.encode())))
def test_an_answer_with_one_changed_byte_is_refused(position: int) -> None:
    answer = signed()
    body = bytearray(answer.body)
    body[position] ^= 1
    assert "signature" in refused(replace(answer, body=bytes(body))).detail


@pytest.mark.parametrize("more", [b" ", b"\n", b"\0"])
def test_an_answer_with_one_byte_more_or_less_is_refused(more: bytes) -> None:
    answer = signed()
    refused(replace(answer, body=answer.body + more))
    refused(replace(answer, body=more + answer.body))
    refused(replace(answer, body=answer.body[:-1]))


@pytest.mark.parametrize(
    "name", ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"]
)
def test_a_header_changed_in_one_place_is_refused(name: str) -> None:
    answer = signed()
    text = answer.headers[name]
    for position in range(len(text)):
        other = "A" if text[position] != "A" else "B"
        changed = text[:position] + other + text[position + 1 :]
        refused(replace(answer, headers={**answer.headers, name: changed}))


def test_a_header_that_came_twice_is_not_half_believed() -> None:
    answer = signed()
    refused(replace(answer, headers={**answer.headers, "wechatpay-nonce": "x"}))


def test_the_last_sign_of_a_signature_has_no_second_spelling() -> None:
    answer = signed()
    text = answer.headers["Wechatpay-Signature"]
    spelt = [f"{text[:-3]}{other}==" for other in f"{ascii_letters}{digits}+/"]
    twins = [t for t in spelt if t != text and b64decode(t) == b64decode(text)]
    assert twins
    for twin in twins:
        refused(replace(answer, headers={**answer.headers, "Wechatpay-Signature": twin}))


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_an_answer_from_another_time_is_refused(seconds: int) -> None:
    assert "time" in refused(signed(at=NOW + timedelta(seconds=seconds))).detail


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_an_answer_from_five_minutes_around_is_taken(seconds: int) -> None:
    answer = signed(at=NOW + timedelta(seconds=seconds))
    assert usual().open(Request("GET", URL, {}), answer) == answer


@pytest.mark.parametrize("stamp", ["", "soon", "１７９５５１４５２０", "-1", "1" * 400])
def test_an_answer_whose_time_is_no_time_is_refused(stamp: str) -> None:
    headers = {**signed().headers, "Wechatpay-Timestamp": stamp}
    assert "time" in refused(replace(signed(), headers=headers)).detail


@pytest.mark.parametrize("status", [200, 201, 299])
def test_an_unsigned_success_is_refused(status: int) -> None:
    assert "without a signature" in refused(Answer(status, {}, BODY.encode())).detail


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 502])
def test_an_unsigned_error_is_let_through(status: int) -> None:
    answer = Answer(status, {"Content-Type": "application/json"}, b'{"code":"SIGN_ERROR"}')
    assert usual().open(Request("GET", URL, {}), answer) == answer


def test_an_error_with_a_false_signature_is_refused() -> None:
    refused(signed('{"code":"NOT_FOUND"}', key=OURS, status=404))


def test_the_signature_test_that_wechat_pay_sends_is_not_passed_off_as_an_answer() -> None:
    headers = {**signed().headers}
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]
    refused(replace(signed(), headers=headers))


@pytest.mark.parametrize("serial", ["7A0B", "7a0b", "007A0B"])
def test_a_platform_certificate_verifies_the_answers_with_its_serial_number(serial: str) -> None:
    answer = signed(serial=serial)
    assert with_certificate().open(Request("GET", URL, {}), answer) == answer


@pytest.mark.parametrize("serial", ["7A0C", KEY_ID, "", "7A0B7A0B"])
def test_a_platform_certificate_does_not_stand_for_another(serial: str) -> None:
    assert "another key" in refused(signed(serial=serial), with_certificate()).detail


def test_a_platform_certificate_that_has_run_out_verifies_nothing() -> None:
    expired = with_certificate(days=-1)
    assert "platform_certificate" in refused(signed(serial="7A0B"), expired).detail


async def test_with_a_certificate_no_key_is_asked_for() -> None:
    request = await with_certificate().sign(Request("GET", URL, {}), nobody)
    assert "Wechatpay-Serial" not in request.headers


SPELLINGS: list[Callable[[str], str]] = [
    lambda pem: pem,
    bare,
    lambda pem: pem.replace("\n", "\\n"),
    lambda pem: pem.replace("\n", " "),
    lambda pem: pem.replace("\n", "\r\n"),
    lambda pem: f"  {pem}\n\n",
]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("public", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
async def test_keys_are_read_however_operators_have_them(
    spell: Callable[[str], str], form: PrivateFormat, public: PublicFormat
) -> None:
    ours = scheme(
        {
            "private_key": spell(private_pem(OURS, form)),
            "platform_public_key": spell(public_pem(THEIRS, public)),
        }
    )
    assert (await ours.sign(Request("GET", URL, {}), nobody)).headers["Authorization"]
    assert ours.open(Request("GET", URL, {}), signed()) == signed()


SMALL = generate_private_key(65537, 1024)  # noqa: S505 - to be refused


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("private_key", "c2VjcmV0LXRleHQ="),
        ("private_key", "not base64 of mine"),
        ("private_key", public_pem(OURS)),
        ("private_key", private_pem(SMALL)),
        (
            "private_key",
            CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        ),
        ("platform_public_key", private_pem(OURS)),
        ("platform_public_key", b64encode(b"secret-text").decode()),
        ("mchid", 'a",x="b'),
        ("serial_no", "12\r\nX: y"),
        ("platform_key_id", "PUB KEY"),
    ],
)
def test_a_key_that_is_none_is_named_and_not_shown(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected") as caught:
        scheme({name: text})
    assert text not in str(caught.value)
    assert not any(line in str(caught.value) for line in text.splitlines() if len(line) > 3)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "drop", [("platform_key_id",), ("platform_public_key",), ("platform_public_key", "mchid")]
)
def test_half_a_way_to_verify_is_a_mistake_in_the_file(drop: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"platform_public_key|mchid"):
        scheme(drop=drop)


def test_two_ways_to_verify_are_a_mistake_in_the_file() -> None:
    with pytest.raises(ValueError, match="or platform_certificate"):
        scheme({"platform_certificate": "x"})


async def test_nothing_of_the_key_is_in_what_is_printed() -> None:
    ours = usual()
    request = await ours.sign(Request("GET", URL, {}), nobody)
    assert "Authorization" not in repr(request)
    assert bare(private_pem(OURS))[:40] not in repr((ours, vars(ours), request))
