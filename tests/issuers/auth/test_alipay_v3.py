"""Alipay's OpenAPI v3: what is signed is checked by the vendor's Python SDK's own functions.

That SDK has no v3; what its texts are made of is from alipay-sdk-nodejs-all, src/alipay.ts.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from uuid import UUID

import pytest
import rsa
from alipay.aop.api.util.SignatureUtils import verify_with_rsa
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers.auth.scheme import Answer, Request
from tests.issuers.auth.rsa_keys import NOW, OURS, bare, nobody, public_pem, refused
from tests.issuers.auth.test_alipay_v2 import scheme, their_signature, usual, with_certificates

PATH = "/v3/alipay/marketing/card/query?lang=%E4%B8%AD"
ASKED = Request("POST", f"https://openapi.alipay.com{PATH}", {"Content-Type": "application/json"})
BODY = '{"card_info":{"balance":"161.50","level":"金卡"}}'
STAMP, NONCE = "1717756911576", "4f14052a803e6219a069e9635961a5a5"


def signed(body: str = BODY, status: int = 200, sn: str | None = None) -> Answer:
    headers = {
        "Alipay-Timestamp": STAMP,
        "alipay-nonce": NONCE,
        "alipay-signature": their_signature(f"{STAMP}\n{NONCE}\n{body}\n"),
    }
    return Answer(status, headers | ({"alipay-sn": sn} if sn else {}), body.encode())


def said(request: Request) -> tuple[str, str]:
    """Give what is signed of who asks, and the signature."""
    kind, _, credentials = request.headers["Authorization"].partition(" ")
    assert kind == "ALIPAY-SHA256withRSA"
    who, _, signature = credentials.partition(",sign=")
    return who, signature


@given(st.text())
async def test_a_signed_request_is_accepted_by_the_vendors_sdk(number: str) -> None:
    body = json.dumps({"target_card_no": number}, ensure_ascii=False)
    sent = replace(ASKED, body=body.encode())
    request = await usual("alipay-v3").sign(sent, nobody)
    who, signature = said(request)
    content = f"{who}\nPOST\n{PATH}\n{body}\n"
    assert verify_with_rsa(bare(public_pem(OURS)), content.encode(), signature)
    with pytest.raises(rsa.VerificationError):
        verify_with_rsa(bare(public_pem(OURS)), f"{content} ".encode(), signature)
    found = re.fullmatch(r"app_id=2021001161683774,nonce=([0-9a-f-]{36}),timestamp=(\d{13})", who)
    assert found
    assert UUID(found[1]).version == 4
    assert int(found[2]) == int(NOW.timestamp() * 1000)
    assert re.fullmatch(r"[0-9a-f]{32}", request.headers["alipay-request-id"])
    assert "alipay-root-cert-sn" not in request.headers
    assert request.headers["Content-Type"] == "application/json"
    assert (request.url, request.body) == (sent.url, sent.body)


async def test_a_request_without_a_body_is_signed_with_an_empty_line() -> None:
    request = await usual("alipay-v3").sign(replace(ASKED, method="GET"), nobody)
    who, signature = said(request)
    content = f"{who}\nGET\n{PATH}\n\n".encode()
    assert verify_with_rsa(bare(public_pem(OURS)), content, signature)


async def test_a_token_goes_in_a_header_and_into_the_signature() -> None:
    request = await scheme("alipay-v3", app_auth_token="201510BB").sign(ASKED, nobody)
    who, signature = said(request)
    content = f"{who}\nPOST\n{PATH}\n\n201510BB\n".encode()
    assert verify_with_rsa(bare(public_pem(OURS)), content, signature)
    assert request.headers["alipay-app-auth-token"] == "201510BB"


async def test_with_certificates_their_numbers_go_along() -> None:
    request = await with_certificates("alipay-v3").sign(ASKED, nobody)
    who, signature = said(request)
    assert verify_with_rsa(bare(public_pem(OURS)), f"{who}\nPOST\n{PATH}\n\n".encode(), signature)
    app = "app_id=2021001161683774,app_cert_sn=866efef280dec9137a87d047ac446315,nonce="
    assert who.startswith(app)
    assert request.headers["alipay-root-cert-sn"] == (
        "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"
    )


async def test_no_two_requests_have_the_same_nonce() -> None:
    ours = usual("alipay-v3")
    assert len({said(await ours.sign(ASKED, nobody))[0] for _ in range(20)}) == 20


@given(st.text())
def test_an_answer_signed_by_the_vendors_sdk_is_opened_as_it_came(body: str) -> None:
    assert usual("alipay-v3").open(ASKED, signed(body)).body == body.encode()


@pytest.mark.parametrize("bit", [1, 32, 128])
def test_an_answer_with_one_changed_byte_is_refused(bit: int) -> None:
    ours, answer = usual("alipay-v3"), signed()
    for position in range(len(answer.body)):
        body = bytearray(answer.body)
        body[position] ^= bit
        assert "signature" in refused(ours, ASKED, replace(answer, body=bytes(body))).detail
    refused(ours, ASKED, replace(answer, body=answer.body + b"\n"))
    refused(ours, ASKED, replace(answer, body=answer.body[:-1]))


@pytest.mark.parametrize("name", ["Alipay-Timestamp", "alipay-nonce", "alipay-signature"])
def test_a_header_changed_in_one_place_is_refused(name: str) -> None:
    ours, answer = usual("alipay-v3"), signed()
    text = answer.headers[name]
    for position, letter in enumerate(text):
        changed = text[:position] + ("1" if letter != "1" else "2") + text[position + 1 :]
        refused(ours, ASKED, replace(answer, headers={**answer.headers, name: changed}))
    refused(ours, ASKED, replace(answer, headers={**answer.headers, name.upper(): "x"}))


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_unsigned_success_is_refused(status: int) -> None:
    refused(usual("alipay-v3"), ASKED, Answer(status, {}, BODY.encode()))


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 502])
def test_an_unsigned_error_is_let_through(status: int) -> None:
    answer = Answer(status, {}, b'{"code":"CARD_NOT_EXIT"}')
    assert usual("alipay-v3").open(ASKED, answer) == answer


def test_a_signed_error_is_verified() -> None:
    answer = signed('{"code":"CARD_NOT_EXIT"}', 400)
    assert usual("alipay-v3").open(ASKED, answer) == answer
    refused(usual("alipay-v3"), ASKED, replace(answer, body=b'{"code":"CARD_NOT_EXIS"}'))


def test_with_certificates_another_one_in_the_answer_is_refused() -> None:
    ours = with_certificates("alipay-v3")
    right = signed(sn="7513daaaa48aa3ba2e4018d84402479c")
    assert ours.open(ASKED, right) == right
    assert ours.open(ASKED, signed()) == signed()
    wrong = signed(sn="434f1917d274f729a2d46adda224718d")
    assert "another key" in refused(ours, ASKED, wrong).detail


async def test_nothing_of_the_keys_is_in_what_is_printed() -> None:
    ours = scheme("alipay-v3", app_auth_token="201510BB")
    assert "201510BB" not in repr((ours, vars(ours), await ours.sign(ASKED, nobody)))
