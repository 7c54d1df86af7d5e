"""Issuers have six ways to say that there is no such card; the holder is told the same in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.issuers import FaultKind, IssuerFault, Issuers
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from tests.issuers.conftest import Counter

SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]+"
[server]
url = "{url}"
[balance]
request = {{ path = "/card/{{number}}" }}
amount = "money"
amount_format = "minor"
{more}
"""
# Sources: Voucherify and Lightspeed; pretix and BigCommerce; Adobe's GraphQL; WeChat and Alipay v2;
# Adyen; Shopify's storefront, where a code that is unknown is not applied to the cart.
STATUS = '[[errors]]\nstatus = 404\nis = "not_found"'
LISTED = 'card = "results"'
NULL = """card = "data.account"
[[errors]]
when = "!errors && data && !(data.account)"
is = "not_found"
"""
CODE = """[[errors]]
when = "errcode == `40056` || errcode == `40116`"
is = "not_found"
[[errors]]
when = "errcode != `0`"
is = "issuer_down"
"""
FAILED = """[[errors]]
when = "resultCode == 'Failed'"
is = "not_found"
"""
IGNORED = 'card = "cart.appliedGiftCards"\nnumber_ends = "lastCharacters"'


@pytest.fixture
def asks(tmp_path: Path, counter: Counter, http: aiohttp.ClientSession) -> Asks:
    return Asks(tmp_path, counter, http)


class Asks:
    def __init__(self, folder: Path, counter: Counter, http: aiohttp.ClientSession) -> None:
        self._folder, self._counter, self._http = folder, counter, http

    async def __call__(self, more: str, status: int, body: str) -> Money | FaultKind | None:
        self._counter.says(body, status)
        text = SHOP.format(url=self._counter.url, more=more)
        (self._folder / "shop.toml").write_text(text)
        issuer = named(Issuers.load([self._folder], {}, self._http), "shop")
        try:
            return (await issuer.read({"number": "12345678"})).balance
        except IssuerFault as fault:
            return fault.kind


@pytest.mark.parametrize(
    ("more", "status", "body"),
    [
        (STATUS, 404, '{"key": "not_found"}'),
        (STATUS, 404, "<h1>Not found</h1>"),
        (STATUS, 404, ""),
        (LISTED, 200, '{"results": []}'),
        (NULL, 200, '{"data": {"account": null}}'),
        (CODE, 200, '{"errcode": 40056, "errmsg": "invalid serial code"}'),
        (FAILED, 200, '{"resultCode": "Failed", "refusalReason": "Unknown card"}'),
        (IGNORED, 200, '{"cart": {"appliedGiftCards": []}}'),
    ],
)
async def test_each_shape_of_no_such_card_is_understood(
    asks: Asks, more: str, status: int, body: str
) -> None:
    assert await asks(more, status, body) is FaultKind.NOT_FOUND


@pytest.mark.parametrize(
    ("more", "body"),
    [
        (STATUS, '{"money": 500}'),
        (LISTED, '{"results": [{"money": 500}]}'),
        (NULL, '{"data": {"account": {"money": 500}}}'),
        (CODE, '{"errcode": 0, "money": 500}'),
        (FAILED, '{"resultCode": "NotEnoughBalance", "money": 500}'),
        (IGNORED, '{"cart": {"appliedGiftCards": [{"lastCharacters": "5678", "money": 500}]}}'),
    ],
)
async def test_the_same_declaration_reads_a_card_that_is_there(
    asks: Asks, more: str, body: str
) -> None:
    assert await asks(more, 200, body) == Money(500, "CNY")


@pytest.mark.parametrize(
    ("more", "status", "body", "kind"),
    [
        (LISTED, 404, '{"results": []}', FaultKind.BAD_ANSWER),
        (STATUS, 200, '{"key": "not_found"}', FaultKind.BAD_ANSWER),
        (LISTED, 200, '{"results": null}', FaultKind.BAD_ANSWER),
        (LISTED, 200, "{}", FaultKind.BAD_ANSWER),
        (NULL, 200, '{"data": null, "errors": [{}]}', FaultKind.BAD_ANSWER),
        (NULL, 200, '{"data": {"account": null}, "errors": [{}]}', FaultKind.BAD_ANSWER),
        (CODE, 200, '{"errcode": 45009}', FaultKind.ISSUER_DOWN),
        (FAILED, 200, '{"resultCode": "Error"}', FaultKind.BAD_ANSWER),
        (
            IGNORED,
            200,
            '{"cart": {"appliedGiftCards": [{"lastCharacters": "1111", "money": 5}]}}',
            FaultKind.BAD_ANSWER,
        ),
    ],
)
async def test_what_only_resembles_it_does_not_accuse_the_holder(
    asks: Asks, more: str, status: int, body: str, kind: FaultKind
) -> None:
    assert await asks(more, status, body) is kind
