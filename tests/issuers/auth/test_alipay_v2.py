"""Alipay's gateway: signed forms and answers, checked by the vendor's alipay-sdk-python."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from hashlib import md5
from typing import Any

import pytest
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.util.SignatureUtils import (
    get_sign_content,
    sign_with_rsa2,
    verify_with_rsa,
)
from alipay.aop.api.util.WebUtils import THREAD_LOCAL
from cryptography.hazmat.primitives.serialization import PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers.auth import schemes
from bot.issuers.auth.alipay import root_serial, serial
from bot.issuers.auth.keys import certificate
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
    refused,
)

METHOD = "alipay.marketing.card.query"
NAME = "alipay_marketing_card_query_response"
ASKED = Request("POST", "https://openapi.alipay.com/gateway.do", {}, form=(("method", METHOD),))
ANT = "CN=Ant Financial Certification Authority Class {} R1,OU=Certification Authority,"
ANT += "O=Ant Financial,C=CN"
BODY = '{"code":"10000","card_info":{"balance":"161.50","level":"a\\"}"}}'

# Signed by Alipay's own test gateway: alipay-sdk-nodejs-all, test/alipay.exec.test.ts and
# test/fixtures/alipay_stable_rsa2_public_key.pem (MIT).
ALIPAY_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnaESDeU3bC5Vz03iwa8SlSVFoXkzf5ilLvTvS4j/GlcZwI/p"
    "/J7D32i6/1d/8ZZSxbb2fmVbScVP8CSZKRV7s+acumKlJHf5WV0nYgRJqjImI58AwsE37jYBjgKjVGyV9XOCMkS5vlKv"
    "4GSqITmHkIxT1fFhNvwrB1LUyaZfqOcE5ZiP/VOwAZFJsxh7+CGL+eNw6iSRH4OSSQq5M97uJPfzHrIMn7pG6J6Icsoi"
    "3aRX1HqxA9X+01D4OeDJhcTXTwVJxzGHunjKuU5+BKYNNGuY/WBr1BWF4gfvsIDJoGP1uhwHh5mKYM9t9CCh+9wRbERG"
    "RhvBGsg/gdVsdJlfFQIDAQAB"
)
ALIPAY_SAID = (
    '{"alipay_security_risk_content_analyze_response":{"code":"40003","msg":"Insufficient '
    'Conditions","sub_code":"isv.decryption-error-unknown","sub_msg":"解密出错, 未知错误"},'
    '"sign":"fpPCfGS+MLqJzK0Q/W61pNMXMLBogtCxyl0ZiEtOzTKWZBC7hiXe9AGOML0hoXQkJshlRgz8dUPvQNapuZff5'
    "TNu16/Va/4bnwLW1V1Og7KaAYlD9jbQPFLJv+YFM3SAXmylLVMatKMbEy2Cb3vn6FVpDrqTspUjhcPH7ACUirIcriFR+F"
    "hT9yGypLeOm2wYto0t59H5k5FlcsepdUReBcXP0UbglwjUOHh9TX3/VNQk3s6zoxhUC4ep570gmycEHwg4H1lSJky8M/F"
    'ADUBr3gd8rynz3S+CbfPaOJoGKraeSzR2iA1bIu1fUN7GjI1wZjR8PfiQI2joNn+Z9OxUgw=="}'
)


def scheme(kind: str = "alipay-v2", *, drop: str = "", **said: str) -> Scheme:
    texts = {
        "app_id": "2021001161683774",
        "private_key": private_pem(OURS),
        "alipay_public_key": bare(public_pem(THEIRS)),
    } | said
    texts.pop(drop, None)
    declared = {name: f"{{secret:{name.upper()}}}" for name in texts}
    secrets = {f"secret:{name.upper()}": text for name, text in texts.items()}
    table = schemes()[kind].model_validate({"kind": kind} | declared)
    return table.scheme("https://openapi.alipay.com", secrets, lambda: NOW)


@cache
def usual(kind: str = "alipay-v2") -> Scheme:
    """The scheme with all its keys, read once: OpenSSL takes its time to check a private one."""
    return scheme(kind)


def with_certificates(kind: str = "alipay-v2") -> Scheme:
    return scheme(
        kind,
        drop="alipay_public_key",
        app_certificate=certified(ANT.format(1), 42701552708448241360226107228231049510, of=OURS),
        alipay_certificate=certified(ANT.format(2), 42701552432456004857627230056898180491),
        alipay_root_certificate=roots(),
    )


def roots() -> str:
    """Give certificates with the names and numbers of Alipay's, in its order."""
    ant = "CN=Ant Financial Certification Authority R1,OU=Certification Authority,O=Ant Financial"
    itrus = "CN=iTrusChina Class 2 Root CA - G3,OU=China Trust Network,O=iTrusChina,C=CN"
    return "\n".join(
        [
            certified("CN=ROOTCA,O=NRCAC,C=CN", 7629940819692799611, by=CURVE),
            certified(f"{ant},C=CN", 2292228364100439313),
            "-----BEGIN CERTIFICATE-----\nMAMCAQI=\n-----END CERTIFICATE-----",
            certified(itrus, 95790491425698859646659490580052089075020051350),
        ]
    )


def their_signature(raw: str) -> str:
    return str(
        sign_with_rsa2(bare(private_pem(THEIRS, PrivateFormat.TraditionalOpenSSL)), raw, "utf-8")
    )


def signed(raw: str = BODY, name: str = NAME, more: str = "") -> Answer:
    said = f'{{"{name}":{raw},{more}"sign":"{their_signature(raw)}"}}'
    return Answer(200, {"Content-Type": "text/html;charset=utf-8"}, said.encode())


def their_client() -> Any:
    config = AlipayClientConfig()
    config.alipay_public_key = bare(public_pem(THEIRS))
    config.charset = "utf-8"
    THREAD_LOCAL.logger, THREAD_LOCAL.uuid = None, "1"  # as its execute() does
    return DefaultAlipayClient(config)


@given(st.text(), st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1))
async def test_a_signed_form_is_accepted_by_the_vendors_sdk(number: str, word: str) -> None:
    content = json.dumps({"target_card_no": number}, ensure_ascii=False)
    form = (("method", METHOD), ("biz_content", content), ("extra", word), ("empty", ""))
    request = await usual().sign(replace(ASKED, form=form), nobody)
    fields = dict(request.form or ())
    sign = fields.pop("sign")
    said = get_sign_content(fields)
    assert verify_with_rsa(bare(public_pem(OURS)), said.encode(), sign)
    assert fields == {
        "app_id": "2021001161683774",
        "biz_content": content,
        "charset": "utf-8",
        "extra": word,
        "format": "JSON",
        "method": METHOD,
        "sign_type": "RSA2",
        "timestamp": "2026-11-24 18:02:00",
        "version": "1.0",
    }
    assert request.url == "https://openapi.alipay.com/gateway.do?charset=utf-8"
    assert request.body is None


async def test_a_form_is_signed_as_the_vendors_sdk_signs_it() -> None:
    request = await usual().sign(ASKED, nobody)
    fields = dict(request.form or ())
    sign = fields.pop("sign")
    key = bare(private_pem(OURS, PrivateFormat.TraditionalOpenSSL))
    assert sign == sign_with_rsa2(key, get_sign_content(fields), "utf-8")


async def test_a_token_and_the_certificates_numbers_are_signed_too() -> None:
    fields = dict((await scheme(app_auth_token="201510BB").sign(ASKED, nobody)).form or ())
    assert fields["app_auth_token"] == "201510BB"
    fields = dict((await with_certificates().sign(ASKED, nobody)).form or ())
    sign = fields.pop("sign")
    assert verify_with_rsa(bare(public_pem(OURS)), get_sign_content(fields).encode(), sign)
    # As the vendor's own test has them: alipay-sdk-nodejs-all, test/antcertutil.test.ts.
    assert fields["app_cert_sn"] == "866efef280dec9137a87d047ac446315"
    assert fields["alipay_root_cert_sn"] == (
        "687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6"
    )


def test_an_answer_that_alipay_itself_signed_is_opened() -> None:
    asked = replace(ASKED, form=(("method", "alipay.security.risk.content.analyze"),))
    opened = scheme(alipay_public_key=ALIPAY_KEY).open(asked, Answer(200, {}, ALIPAY_SAID.encode()))
    assert json.loads(opened.body)["sub_code"] == "isv.decryption-error-unknown"
    refused(usual(), asked, Answer(200, {}, ALIPAY_SAID.encode()))


RAW = [
    BODY,
    '{"code":"40004","sub_code":"CARD_NOT_EXIT"}',
    '{ "code" : "10000",\n\t"card_info": {"balance":"1.00", "t":["}", {"a":"\\\\"}]} }',
    '{"code":"10000","code":"10000","sign":"inner"}',
    '{"code":"10000","name":"小王\\u5361","x":"\\",\\"sign\\":\\"y"}',
    "{}",
]


@pytest.mark.parametrize("raw", RAW)
def test_an_answer_signed_by_the_vendors_sdk_is_opened_as_it_came(raw: str) -> None:
    assert usual().open(ASKED, signed(raw)).body == raw.encode()
    if '\\"sign' not in raw and '"sign"' not in raw:
        assert their_client()._DefaultAlipayClient__parse_response(signed(raw).body) == raw


@given(st.recursive(st.none() | st.integers() | st.text(), lambda t: st.dictionaries(st.text(), t)))
def test_any_object_is_opened_as_it_came(value: object) -> None:
    raw = json.dumps({"code": "10000", "x": value}, ensure_ascii=False)
    assert usual().open(ASKED, signed(raw)).body == raw.encode()


@pytest.mark.parametrize("more", ["", ' "alipay_cert_sn" : "x" , \n'])
def test_what_stands_around_the_response_is_not_signed(more: str) -> None:
    assert usual().open(ASKED, signed(more=more)).body == BODY.encode()


@pytest.mark.parametrize("bit", [1, 2, 4, 64, 128])
def test_an_answer_with_one_changed_byte_is_refused(bit: int) -> None:
    ours, answer = usual(), signed()
    for position in range(len(answer.body)):
        body = bytearray(answer.body)
        body[position] ^= bit
        refused(ours, ASKED, replace(answer, body=bytes(body)))


def test_an_answer_that_is_cut_off_or_has_more_behind_it_is_refused() -> None:
    ours, answer = usual(), signed()
    for length in range(len(answer.body)):
        refused(ours, ASKED, replace(answer, body=answer.body[:length]))
    for more in (b"{}", b"x", b",", b"\0"):
        refused(ours, ASKED, replace(answer, body=answer.body + more))


@pytest.mark.parametrize(
    "said",
    [
        '{{"{name}":{forged},"{name}":{raw},"sign":"{sign}"}}',
        '{{"{name}":{raw},"{name}":{forged},"sign":"{sign}"}}',
        '{{"{name}":{raw},"error_response":{raw},"sign":"{sign}"}}',
        '{{"{name}":{raw},"sign":"x","sign":"{sign}"}}',
        '{{"alipay_other_query_response":{raw},"sign":"{sign}"}}',
        '{{"x":"{name}","y":{raw},"sign":"{sign}"}}',
        '{{"{name}":[{raw}],"sign":"{sign}"}}',
        '{{"{name}":{raw},"sign":["{sign}"]}}',
        '{{"{name}":{raw},"sign":null}}',
        '{{"{name}":{forged},"a":{raw},"sign":"{sign}"}}',
        '[{{"{name}":{raw},"sign":"{sign}"}}]',
        '{{"{name}":"{sign}","sign":"{sign}"}}',
        "{raw}",
        "<html>{raw}</html>",
        "",
    ],
)
def test_an_answer_of_another_make_is_refused(said: str) -> None:
    texts = {"raw": BODY, "name": NAME, "sign": their_signature(BODY)}
    forged = BODY.replace("161.50", "999.00")
    refused(usual(), ASKED, Answer(200, {}, said.format(forged=forged, **texts).encode()))


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 200_000, b'{"a":' + b"9" * 9999, b"\xff"]
)
def test_an_answer_made_to_break_a_reader_is_refused(body: bytes) -> None:
    refused(usual(), ASKED, Answer(200, {}, body))


@pytest.mark.parametrize("name", [NAME, "error_response"])
def test_an_unsigned_error_says_which_and_nothing_else(name: str) -> None:
    raw = '{"code":"40002","sub_code":"isv.invalid-app-id","msg":"Invalid","balance":"9"}'
    opened = usual().open(ASKED, Answer(200, {}, f'{{"{name}":{raw}}}'.encode()))
    said = {"code": "40002", "sub_code": "isv.invalid-app-id", "msg": "Invalid"}
    assert json.loads(opened.body) == said


@pytest.mark.parametrize("code", ['"10000"', "10000", "40004", '""', "null", '"１００００"', '"x"'])
def test_an_unsigned_answer_that_may_hold_a_balance_is_refused(code: str) -> None:
    said = f'{{"{NAME}":{{"code":{code},"card_info":{{"balance":"161.50"}}}}}}'
    refused(usual(), ASKED, Answer(200, {}, said.encode()))
    refused(usual(), ASKED, Answer(200, {}, f'{{"{NAME}":{{}}}}'.encode()))


def test_an_error_of_the_web_servers_is_let_through_as_it_is() -> None:
    answer = Answer(502, {}, b"<html>Bad Gateway</html>")
    assert usual().open(ASKED, answer) == answer


def test_with_certificates_the_answer_names_the_one_it_is_signed_with() -> None:
    ours = with_certificates()
    right = '"alipay_cert_sn":"7513daaaa48aa3ba2e4018d84402479c",'
    assert ours.open(ASKED, signed(more=right)).body == BODY.encode()
    refused(ours, ASKED, signed(more=right.replace("7513", "7514")))
    refused(ours, ASKED, signed())


def test_a_certificates_number_is_of_its_issuer_and_its_number() -> None:
    made = certificate("a", certified("CN=Root\\, Inc.,O=卡包,C=CN", 77))
    assert serial(made) == md5("CN=Root\\, Inc.,O=卡包,C=CN77".encode()).hexdigest()  # noqa: S324


@pytest.mark.parametrize("text", ["", "MAMCAQI=", certified("CN=a", 1, by=CURVE)])
def test_roots_none_of_which_is_signed_with_rsa_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"^alipay_root_certificate: expected"):
        root_serial("alipay_root_certificate", text)


def test_a_root_signed_with_rsa_that_cannot_be_read_is_not_left_out() -> None:
    broken = certified("CN=a", 1).replace("MII", "MIH", 1)
    with pytest.raises(ValueError, match=r"^r: expected a certificate"):
        root_serial("r", f"{certified('CN=b', 2)}\n{broken}")


@pytest.mark.parametrize("kind", ["alipay-v2", "alipay-v3"])
@pytest.mark.parametrize("name", ["private_key", "alipay_public_key", "app_id", "app_auth_token"])
def test_a_key_that_is_none_is_named_and_not_shown(kind: str, name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}|APP_AUTH_TOKEN") as caught:
        scheme(kind, **{name: "not a\nkey"})
    assert "not a" not in str(caught.value)


@pytest.mark.parametrize("kind", ["alipay-v2", "alipay-v3"])
def test_half_a_certificate_mode_is_a_mistake_in_the_file(kind: str) -> None:
    with pytest.raises(ValueError, match="expected alipay_public_key, or all of"):
        scheme(kind, app_certificate="x")
    with pytest.raises(ValueError, match="expected alipay_public_key, or all of"):
        scheme(kind, drop="alipay_public_key")


async def test_nothing_of_the_keys_is_in_what_is_printed() -> None:
    ours = scheme(app_auth_token="201510BB")
    printed = repr((ours, vars(ours), await ours.sign(ASKED, nobody)))
    assert "201510BB" not in printed
    assert bare(private_pem(OURS))[:40] not in printed
