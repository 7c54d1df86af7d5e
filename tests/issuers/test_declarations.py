"""A mistake in an issuer's file is told with the file, the line, and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.issuers import CATALOG, IssuerFileError, Issuers
from bot.issuers.files import read_file
from bot.playground.issuer import ISSUERS

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

GOOD = """kind = "http"
name = { en = "Shop", zh = "店" }
currency = "CNY"

[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]{8}"

[server]
url = "https://shop.example/api"
headers = { Authorization = "Bearer {secret:SHOP_TOKEN}" }

[balance]
request = { path = "/cards/{number}" }
amount = "balance"
amount_format = "decimal"

[history]
request = { path = "/cards/{number}/lines" }
entries = "lines"
id = "id"
at = "at"
amount = "amount"
amount_format = "decimal"
"""


def load(folder: Path, text: str, http: aiohttp.ClientSession) -> Issuers:
    (folder / "shop.toml").write_text(text)
    return Issuers.load([folder], {"SHOP_TOKEN": "t"}, http)


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ('kind = "http"', 'kind = "ftp"', 1, 'expected "http" or "manual"; found \'ftp\''),
        ("currency =", "currenzy =", 3, "currenzy: no key of this table is called so"),
        ('"CNY"', '"RMB"', 3, "currency: 'RMB' is not an ISO 4217 currency code"),
        ('en = "Shop"', 'fr = "Magasin"', 2, "name: expected words in English"),
        ('"[0-9]{8}"', '"[0-9"', 8, "fields#1.pattern: expected a regular expression"),
        ('name = "number"', 'name = "Number"', 6, "fields#1.name"),
        ('label = "Number"\n', "", 5, "fields#1.label: expected, but not there"),
        (
            '"decimal"\n\n',
            '"euros"\n\n',
            17,
            "balance.amount_format: expected 'minor', 'hundredths'",
        ),
        ('amount = "balance"', 'amount = "a[b"', 16, "balance.amount: expected a JMESPath"),
        ('"/cards/{number}"', '"cards/{number}"', 15, "begins with /"),
        ('"/cards/{number}"', '"/cards?n={number}"', 15, "has no query"),
        ('"/cards/{number}"', '"/a/../{number}"', 15, "without . and .."),
        ('"/cards/{number}"', '"/cards/{numbr}"', 15, "expected {number}; found {numbr}"),
        ('"/cards/{number}"', '"/cards/{number"', 15, "a placeholder is written"),
        ("shop.example/api", "{number}.example", 11, "server: expected only {secret:NAME}"),
        ("https://shop", "http://shop", 11, "expected https://, or allow_http = true"),
        ("https://shop.example/api", "shop.example", None, "expected an address such as"),
        ("https://shop", "https://me:word@shop", 11, "expected credentials in server.headers"),
        ("[balance]", "[balance", 14, "expected ']'"),
        ('kind = "http"', 'kind = "http"\nkind = "http"', 2, "this key is there already"),
        ("[balance]", "[server]\n[balance]", 14, "line 14: "),
        ("[history]", '[[errors]]\nis = "expired"\n[history]', 19, "expected a status or"),
        ("Authorization =", '"A B" =', 12, "expected a header's name, found 'A B'"),
        ('at = "at"', 'at = "at"\nkinds = { A = "gift" }', 24, "expected one of purchase, top-up"),
        ('currency = "CNY"\n', "", None, "expected a currency: fixed (currency) or read"),
        ("[server]", "[server]\nconcurrency = 0", 11, "greater than or equal to 1; found 0"),
        (
            "[server]",
            '[auth]\nkind = "header"\n[server]',
            10,
            "auth.headers: expected, but not there",
        ),
        ("[server]", '[auth]\nkind = "hedder"\n[server]', 10, "auth: expected kind to be one of"),
        (
            '"at"\n',
            '"at"\npaging = { kind = "next-link", nxt = "n" }\n',
            24,
            "history.paging.nxt: no",
        ),
        (
            '"at"\n',
            '"at"\npaging = { kind = "pages" }\n',
            24,
            "one of next-link, cursor, page-number",
        ),
        ('"at"\n', '"at"\npaging = { size = 5 }\n', 24, "history.paging: expected its kind"),
        (
            "[history]",
            (
                '[[errors]]\nstatus = 404\nis = "expired"\n'
                '[[errors]]\nstatus = "a"\nis = "expired"\n[history]'
            ),
            23,
            "errors#2.status: expected a whole number or a list; found 'a'",
        ),
        ('id = "id"', 'id = ["id",\n"a",\n"a[b"]', 24, "history.id#3: expected a JMESPath"),
        ('"[0-9]{8}"', '"a{99999999999}"', 8, "fields#1.pattern: expected a regular expression"),
        ('"[0-9]{8}"', f'"{"(" * 3000}{")" * 3000}"', 8, "expected a regular expression"),
        ('"balance"', f'"{"(" * 3000}a{")" * 3000}"', 16, "expected a JMESPath expression"),
        ('"balance"', '"lenght(a)"', 16, "did you mean length?; found lenght()"),
        ('"balance"', '"a[?join(b)]"', 16, "balance.amount: expected 2 arguments in join()"),
        ('"balance"', '"length(a, b)"', 16, "expected 1 arguments in length(); found 2"),
        (
            "[server]",
            '[[fields]]\nname = "number"\nlabel = "PIN"\npattern = "."\n[server]',
            5,
            "fields: expected a name of its own for each; found 'number' twice",
        ),
        ('"[0-9]{8}"', '"[0-9]{8}"\nmin = 3', 9, "fields#1.min: no key of this table is called so"),
    ],
)
async def test_a_mistake_is_told_with_its_file_line_and_key(
    tmp_path: Path, http: aiohttp.ClientSession, old: str, new: str, line: int | None, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(IssuerFileError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1), http)
    told = str(caught.value)
    assert str(tmp_path / "shop.toml") in told
    assert expected in told
    assert line is None or f"line {line}" in told


async def test_all_mistakes_of_a_file_are_told_at_once(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    text = GOOD.replace('"CNY"', '"RMB"').replace('"[0-9]{8}"', '"["')
    with pytest.raises(IssuerFileError) as caught:
        load(tmp_path, text, http)
    assert len(str(caught.value).splitlines()) == 2


async def test_a_secret_that_cannot_stand_in_a_header_is_named_and_not_shown(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    (tmp_path / "shop.toml").write_text(GOOD)
    with pytest.raises(IssuerFileError) as caught:
        Issuers.load([tmp_path], {"SHOP_TOKEN": "to\nken"}, http)
    assert "secret:SHOP_TOKEN" in str(caught.value)
    assert "ken" not in str(caught.value).replace("SHOP_TOKEN", "").replace(str(tmp_path), "")


async def test_an_issuer_is_off_until_its_secrets_are_set(http: aiohttp.ClientSession) -> None:
    none = Issuers.load([CATALOG], {}, http)
    assert none.get("pretix") is None
    assert none.off["pretix"] == ("PRETIX_ORGANIZER", "PRETIX_TOKEN", "PRETIX_URL")
    part = Issuers.load([CATALOG], {"PRETIX_URL": "https://t.example", "PRETIX_TOKEN": ""}, http)
    assert part.off["pretix"] == ("PRETIX_ORGANIZER", "PRETIX_TOKEN")


async def test_an_operators_file_replaces_the_one_that_comes_with_kabao(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    (tmp_path / "other.toml").write_text(
        'kind = "manual"\nname = "Canteen"\ncurrency = "CNY"\n'
        'fields = [{ name = "number", label = "Number", pattern = "[0-9]{6}" }]\n'
    )
    other = Issuers.load([CATALOG, tmp_path], {}, http).get("other")
    assert other is not None
    assert (other.name["en"], other.currency, other.asks_api) == ("Canteen", "CNY", False)


async def test_a_name_that_cannot_be_used_is_told(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    (tmp_path / "My Shop.toml").write_text(GOOD)
    with pytest.raises(IssuerFileError, match="expected a name of a-z"):
        Issuers.load([tmp_path], {}, http)


@pytest.mark.parametrize("path", sorted((*CATALOG.glob("*.toml"), *ISSUERS.glob("*.toml"))))
def test_what_comes_with_kabao_is_named_in_chinese_and_english_with_examples(path: Path) -> None:
    declared = read_file(path, {})[0]
    assert set(declared.name) == {"en", "zh"}
    for field in declared.fields:
        assert set(field.label) == {"en", "zh"}
        assert set(field.hint or {}) == {"en", "zh"}
        assert field.example
        assert field.secret


async def test_any_card_can_be_kept_by_hand(http: aiohttp.ClientSession) -> None:
    issuers = Issuers.load([CATALOG], {}, http)
    other = issuers.get("other")
    assert other is not None
    assert other.name == {"en": "Another card", "zh": "其他卡"}
    assert not other.asks_api
    assert not other.has_history
    assert other.currency is None
    assert (await other.read({"number": "12345678"})).balance is None
    await other.check()
    assert issuers.proposals("1234 5678") == [other]


@pytest.mark.parametrize(
    "text", ["hello", "/bind", "how much is on card 1234 please", "12", "1234" * 60, ""]
)
async def test_a_sentence_is_not_taken_for_a_card_number(
    http: aiohttp.ClientSession, text: str
) -> None:
    assert Issuers.load([CATALOG], {}, http).proposals(text) == []
