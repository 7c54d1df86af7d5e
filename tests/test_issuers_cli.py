"""`kabao issuers`, as an operator meets it who writes a file and has not started any bot."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pexpect
import pytest
from wcwidth import wcswidth

from bot.issuers.files import CATALOG
from bot.playground.issuer import ISSUERS, DemoIssuer
from bot.struck import Struck
from tests.command import kabao_beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

YUAN, PIN = "6288000000001001", "1234"
SHOP = """kind = "http"
name = { en = "Corner Shop", zh = "街角小店" }
currency = "CNY"
unconfirmed = ["whether an expired card is told", "how often it may be asked"]

[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]{8}"

[server]
url = "https://shop.example"
headers = { X-Key = "{secret:SHOP_KEY}" }

[balance]
request = { path = "/cards/{number}" }
amount = "balance"
amount_format = "decimal"
"""


class Desk:
    """A folder without `.env`, in which an operator works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, str] = {}
        (folder / "issuers").mkdir()

    def wrote(self, text: str, name: str = "shop") -> Path:
        path = self.folder / "issuers" / f"{name}.toml"
        path.write_text(text)
        return path

    async def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Run `kabao issuers …`: its status, and all it said."""
        return await kabao_beside(("issuers", *arguments), self.folder, self.settings, typed)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
async def demo(desk: Desk) -> AsyncIterator[DemoIssuer]:
    """A real service, its declarations in the operator's folder, its secrets set."""
    issuer = DemoIssuer(lambda: datetime.now(UTC), slow=0)
    await issuer.start()
    for path in ISSUERS.glob("*.toml"):
        desk.wrote(path.read_text(), path.stem)
    desk.settings |= {f"KABAO_SECRET_{name}": value for name, value in issuer.secrets.items()}
    yield issuer
    await issuer.stop()


async def test_the_list_says_what_is_on_where_it_is_and_what_is_not_sure(desk: Desk) -> None:
    desk.wrote(SHOP)
    desk.wrote("kind = 3", "broken")
    status, said = await desk.run("list")
    assert status == 0
    lines = {line.split()[0]: line for line in said.splitlines()}
    assert "Corner Shop / 街角小店" in lines["shop"]
    assert lines["shop"].endswith("2            off without KABAO_SECRET_SHOP_KEY")
    assert "issuers/shop.toml" in lines["shop"]
    assert "broken: 1 mistake" in lines["broken"]
    assert lines["other"].endswith("on")
    assert "catalogue" in lines["pretix"]
    for slug, column in (("shop", "issuers/"), ("pretix", "catalogue"), ("ISSUER", "FILE")):
        before = lines[slug].split(column)[0]
        assert wcswidth(before) == wcswidth(lines["other"].split("catalogue")[0])
    assert "whether an expired card is told" not in said
    assert "shop: whether an expired card is told" in (await desk.run("list", "--long"))[1]


async def test_an_issuer_whose_secrets_cannot_be_used_is_not_said_to_be_on(desk: Desk) -> None:
    desk.wrote(SHOP)
    desk.settings["KABAO_SECRET_SHOP_KEY"] = "two\nlines"
    _, said = await desk.run("list")
    assert "broken: 1 mistake" in next(one for one in said.splitlines() if one.startswith("shop "))


async def test_a_file_without_mistakes_needs_no_secrets_to_be_checked(desk: Desk) -> None:
    status, said = await desk.run("check", str(desk.wrote(SHOP)))
    assert (status, said.count("\n")) == (0, 1)
    assert "shop.toml: http, off until KABAO_SECRET_SHOP_KEY is set" in said


async def test_every_mistake_is_told_with_its_line_and_ends_in_status_1(desk: Desk) -> None:
    broken = SHOP.replace("pattern", "patern").replace('"decimal"', '"euros"')
    status, said = await desk.run("check", str(desk.wrote(broken)))
    assert status == 1
    assert "shop.toml, line 9: fields#1.patern: no key of this table is called so" in said
    assert "did you mean pattern?" in said
    assert "shop.toml, line 6: fields#1.pattern: expected, but not there" in said
    assert "line 18: balance.amount_format: expected 'minor', 'hundredths'" in said


async def test_an_address_that_cannot_be_is_found_before_the_secrets_are_set(desk: Desk) -> None:
    status, said = await desk.run("check", str(desk.wrote(SHOP.replace("https", "http"))))
    assert status == 1
    assert "shop.toml, line 12: server.url: expected https://" in said


async def test_without_a_name_all_files_are_checked(desk: Desk) -> None:
    desk.wrote(SHOP)
    status, said = await desk.run("check")
    assert status == 0
    assert said.count("✓") == len(list(CATALOG.glob("*.toml"))) + 1
    desk.wrote("[", "broken")
    status, said = await desk.run("check")
    assert status == 1
    assert "✗ issuers/broken.toml, at its end: " in said


@pytest.mark.parametrize("what", ["nowhere.toml", "."])
async def test_a_file_that_is_none_is_one_line(desk: Desk, what: str) -> None:
    status, said = await desk.run("check", what)
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("✗ ")


@pytest.mark.usefixtures("demo")
async def test_a_try_shows_each_step_and_what_the_holder_would_see(desk: Desk) -> None:
    status, said = await desk.run("try", "panda", typed=f"{YUAN}\n{PIN}\n")
    assert status == 0, said
    assert "1. POST ‹KABAO_SECRET_DEMO_URL›/v1/cards/lookup" in said
    assert "X-Api-Key: ‹KABAO_SECRET_DEMO_KEY›" in said
    assert '"number": "‹number›"' in said
    assert '"pin": "‹pin›"' in said
    assert "← HTTP 200, application/json" in said
    assert "amount" in said
    assert "balance.amount" in said
    assert "Panda Gift Card ·1001" in said
    assert "🟢" in said


async def test_no_secret_and_no_value_of_the_card_is_shown(desk: Desk, demo: DemoIssuer) -> None:
    _, said = await desk.run("try", "panda", "--history", typed=f"{YUAN}\n{PIN}\n")
    for hidden in (YUAN, f'"{PIN}"', demo.key, demo.url):
        assert hidden not in said
    assert "2. GET" in said
    assert "The history has" in said


@pytest.mark.usefixtures("demo")
async def test_the_panel_is_in_the_holders_language(desk: Desk) -> None:
    path = str(desk.folder / "issuers" / "panda.toml")
    status, said = await desk.run("try", path, "--lang", "zh", typed=f"{YUAN}\n{PIN}\n")
    assert status == 0
    assert "熊猫礼品卡 ·1001" in said


@pytest.mark.usefixtures("demo")
async def test_a_fault_is_shown_as_the_holder_sees_it_and_as_the_log_has_it(desk: Desk) -> None:
    status, said = await desk.run("try", "panda", typed=f"{YUAN}\n9999\n")
    assert status == 1
    assert "← HTTP 422" in said
    assert "The log says: reading a card of panda failed: wrong_pin: HTTP 422" in said
    assert "Panda Gift Card does not accept what was sent for this card" in said


async def test_a_server_that_does_not_answer_is_shown_too(desk: Desk, demo: DemoIssuer) -> None:
    demo.down = True
    status, said = await desk.run("try", "panda", typed=f"{YUAN}\n{PIN}\n")
    assert status == 1
    assert "← no answer" in said
    assert "failed: network" in said


@pytest.mark.usefixtures("demo")
async def test_what_is_not_a_number_of_the_issuer_is_told_before_anything_is_sent(
    desk: Desk,
) -> None:
    status, said = await desk.run("try", "panda", typed="12\n")
    assert status == 1
    assert "This is no Card number: it should fit 6288[0-9]{12}, for example 6288 0000" in said
    assert "POST" not in said


@pytest.mark.usefixtures("demo")
async def test_at_a_terminal_what_is_typed_is_not_shown_and_asked_for_again(desk: Desk) -> None:
    def type_it() -> str:
        terminal = pexpect.spawn(
            sys.executable,
            ["-m", "bot", "issuers", "try", "panda"],
            cwd=str(desk.folder),
            env={**os.environ, **desk.settings, "PYTHONIOENCODING": "utf-8"},
            encoding="utf-8",
            timeout=30,
        )
        shown = io.StringIO()
        terminal.logfile_read = shown
        for asked, typed in (("Card number", "12"), ("Card number", YUAN), ("PIN", PIN)):
            terminal.expect(f"{asked}: ")
            terminal.sendline(typed)
        terminal.expect(pexpect.EOF)
        return shown.getvalue()

    shown = await asyncio.to_thread(type_it)
    assert "This is no Card number" in shown
    assert "Panda Gift Card ·1001" in shown
    assert YUAN not in shown


async def test_what_cannot_be_tried_says_why(desk: Desk) -> None:
    desk.wrote(SHOP)
    assert "shop is off: set KABAO_SECRET_SHOP_KEY" in (await desk.run("try", "shop"))[1]
    assert "other has no API to try" in (await desk.run("try", "other"))[1]
    assert "there is no issuer 'shoop': there are" in (await desk.run("try", "shoop"))[1]
    desk.wrote("[", "broken")
    status, said = await desk.run("try", "broken")
    assert status == 1
    assert "broken.toml, at its end: " in said


async def test_the_schema_is_printed_for_editors(desk: Desk) -> None:
    status, said = await desk.run("schema")
    assert status == 0
    assert said.startswith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema"')


def test_a_value_is_struck_out_however_it_is_spelt() -> None:
    struck = Struck({"a/b c": "number", "12": "pin", "to ken": "KABAO_SECRET_KEY"})
    assert struck.text("/cards/a%2Fb%20c?pin=12&at=2012") == "/cards/‹number›?pin=‹pin›&at=2012"
    assert (
        struck.header("Authorization", "Bearer to ken")
        == "Authorization: Bearer ‹KABAO_SECRET_KEY›"
    )
    assert struck.header("Authorization", "Bearer eyJhbGciOi") == "Authorization: Bearer ‹hidden›"
    assert (
        struck.pairs("/a?access_token=xyz&secret=12&n=1")
        == "/a?access_token=‹hidden›&secret=‹pin›&n=1"
    )
    assert struck.body(b"n=a%2Fb+c&sign=abc") == "n=‹number›&sign=‹hidden›"
    assert struck.header("Set-Cookie", "sid=1") == "Set-Cookie: ‹hidden›"
    assert struck.header("Cookie", "sid=1; csrf=2") == "Cookie: ‹hidden›"
    assert struck.header("X-Session", "1 2") == "X-Session: ‹hidden›"
    assert struck.header("Authorization", "Custom 1, 2") == "Authorization: Custom ‹hidden›"


@pytest.mark.parametrize("said", ["6288 0000 ab00 1001", "6288-0000-AB00-1001", "62880000Ab001001"])
def test_a_number_is_struck_out_too_where_an_answer_groups_it_as_on_the_card(said: str) -> None:
    struck = Struck({"62880000AB001001": "number", "12": "pin"})
    assert struck.text(f"card {said}, 12 of 512") == "card ‹number›, ‹pin› of 512"


def test_an_answer_keeps_its_digits_and_loses_its_length_and_its_tokens() -> None:
    struck = Struck({"123456": "number"})
    shown = struck.body(
        b'{"value": 12.50, "big": 12345678901234567890123, "access_token": "x",'
        b' "number": 123456, "list": [1, 2, 3, 4, 5], "none": null, "yes": true, "no": {}}'
    )
    assert '"value": 12.50' in shown
    assert '"access_token": "‹hidden›"' in shown
    assert "123456\n" not in shown
    assert "… 2 more" in shown
    assert '"none": null' in shown
    assert '"no": {}' in shown
    assert struck.body(b"<html>" + b"x" * 500).endswith("(346 more)")
