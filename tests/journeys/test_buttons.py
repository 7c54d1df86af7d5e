"""A button counts only from the person it was sent to, as it was sent."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.buttons import LONGEST_DATA, TAG_CHARACTERS, Button, OutdatedButton, Seal, keyboard
from bot.search import WORDS_BYTES
from storage import InstallationKey
from tests.house import KIOSK, Guest, House

OUTDATED = "This button is out of date. Send /balance for a fresh view."
BOT = Path(__file__).parents[2] / "bot"
TELEGRAM_CARRIES = 64


def data_on(guest: Guest, word: str) -> str:
    """Read a button's data as it lies in the chat, tag and all."""
    named = guest.offered(word)
    return next(b.data for b in guest.newest.buttons if b.data and b.data.endswith(named))


async def bound(guest: Guest) -> None:
    await guest.binds(KIOSK)
    assert guest.sees("Kiosk Card ·2001")


async def test_a_button_as_the_bot_sent_it_is_done(alice: Guest) -> None:
    await bound(alice)
    await alice.forges(data_on(alice, "rename:"), sealed=False)
    assert "be called? Up to 32" in alice.newest.text


async def test_a_button_from_before_the_upgrade_is_called_out_of_date(
    house: House, alice: Guest
) -> None:
    await bound(alice)
    before = alice.told
    assert (await alice.forges(alice.offered("remove:"), sealed=False))[-1] == OUTDATED
    assert alice.told == before
    assert await house.kabao.parts.store.cards.list(alice.id)


@pytest.mark.parametrize("made_up", ["", "bind", "A" * TAG_CHARACTERS + "bind", "x", "卡" * 21])
async def test_data_that_a_client_made_up_is_not_done(alice: Guest, made_up: str) -> None:
    await bound(alice)
    before = alice.told
    assert (await alice.forges(made_up, sealed=False))[-1] == OUTDATED
    assert alice.told == before


@pytest.mark.parametrize("place", range(TAG_CHARACTERS))
async def test_each_letter_of_the_tag_counts(alice: Guest, place: int) -> None:
    await bound(alice)
    good = data_on(alice, "rename:")
    other = "A" if good[place] != "A" else "B"
    forged = good[:place] + other + good[place + 1 :]
    assert (await alice.forges(forged, sealed=False))[-1] == OUTDATED


async def test_the_tag_of_one_button_is_no_good_for_other_data(alice: Guest) -> None:
    await bound(alice)
    tag, card = data_on(alice, "rename:")[:TAG_CHARACTERS], alice.offered("rename:")[7:]
    for data in (f"remove:{card}", f"removed:{card}", f"rename:{card} ", "forgotten"):
        assert (await alice.forges(tag + data, sealed=False))[-1] == OUTDATED


async def test_a_button_stolen_from_another_person_is_out_of_date_for_the_thief(
    house: House, alice: Guest, bob: Guest
) -> None:
    await bound(alice)
    await bound(bob)
    stolen = data_on(alice, "rename:")
    before = bob.told
    assert (await bob.forges(stolen, sealed=False))[-1] == OUTDATED
    assert bob.told == before
    assert alice.sees("Kiosk Card ·2001")
    # Were the tag right as well, the card still would not be theirs.
    assert (await bob.forges(stolen[TAG_CHARACTERS:]))[-1] == OUTDATED
    assert len(await house.kabao.parts.store.cards.list(alice.id)) == 1


async def test_a_typed_label_is_done_as_if_it_were_pressed(alice: Guest) -> None:
    await bound(alice)
    await alice.says("Rename")
    assert "be called? Up to 32" in alice.newest.text


async def test_buttons_go_on_working_after_a_restart(house: House, alice: Guest) -> None:
    await bound(alice)
    await house.restart()
    await alice.presses("Rename")
    assert "be called? Up to 32" in alice.newest.text


async def test_another_installation_s_buttons_are_out_of_date_here(alice: Guest) -> None:
    await bound(alice)
    elsewhere = Seal(InstallationKey(bytes(32)))
    forged = elsewhere.close(alice.id, alice.offered("rename:"))
    assert (await alice.forges(forged, sealed=False))[-1] == OUTDATED


def test_a_button_s_tag_has_sixty_bits_and_is_of_one_chat() -> None:
    seal = Seal(InstallationKey(bytes(range(32))))
    mine, yours = seal.close(1, "card:abc"), seal.close(2, "card:abc")
    assert mine[TAG_CHARACTERS:] == yours[TAG_CHARACTERS:] == "card:abc"
    assert mine != yours
    assert TAG_CHARACTERS * 6 >= 48
    assert seal.open(1, mine) == "card:abc"
    with pytest.raises(OutdatedButton):
        seal.open(2, mine)
    with pytest.raises(OutdatedButton):
        seal.open(1, mine + "\ud800")


def test_a_button_that_opens_a_page_needs_no_tag() -> None:
    seal = Seal(InstallationKey(bytes(32)))
    rows = keyboard([[Button("Look", url="https://a.example/")]], seal, 1)
    assert rows == {"inline_keyboard": [[{"text": "Look", "url": "https://a.example/"}]]}


# The longest that each name in a button's template can stand for, in bytes.
LONGEST = {
    "done.entries[0].id": 19,
    "-chat_id": 15,
    "chat": 15,
    "one.id": 16,
    "-one.chat_id": 15,
    "right": 6,
    "token": 22,
    "taken.card.id": 16,
    "have.card_id": 16,
    "'off' if card.alerts_on else 'on'": 3,
    "card.id": 16,
    "card_id or ''": 16,
    "entries[0].id": 19,
    "notice.key": 12,
    "wanted.nonce": 16,
    "person.id": 16,
    "nonce": 12,
    "stars": 1,
    "kind": 8,
    "ticket.id": 19,
    "this": 19,
    "number(at)": 15,
    "issuer.slug": 32,
    "card.issuer": 32,
    "spoken.code": 8,
    "one": 12,
    "NONE": 4,
    "entry.id": 19,
    "card_id": 16,
    "found.data": 44,
    "pay(context, bill, cards).data": 44,
    "name": 32,
    "words": WORDS_BYTES,
    "start": 2,
    "end": 2,
    "n": 4,
    "choice": 4,
    "place": 4,
    "place + 1": 4,
    "at": 2,
    "to": 2,
    "code": 6,
    "other": 6,
    "period": 2,
    "months": 2,
    "day": 10,
}
BUTTON_MAKERS = {"Button", "turns", "which"}


def templates(path: Path) -> list[ast.JoinedStr]:
    """List the f-strings a file gives to buttons: to `Button`, and to what lays out several."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = getattr(node, "func", None)
        name = getattr(called, "id", "") or getattr(called, "attr", "")
        if isinstance(node, ast.Call) and name in BUTTON_MAKERS:
            given = [*node.args[1:], *(k.value for k in node.keywords if k.arg == "data")]
            for argument in given:
                body = argument.body if isinstance(argument, ast.Lambda) else argument
                if isinstance(body, ast.JoinedStr):
                    found.append(body)
    return found


ALL = [
    template
    for path in sorted(BOT.rglob("*.py"))
    if "playground" not in path.parts
    for template in templates(path)
    if isinstance(template.values[0], ast.Constant) and ":" in str(template.values[0].value)
]


@pytest.mark.parametrize("template", ALL, ids=ast.unparse)
def test_the_longest_data_of_every_button_fits_beside_its_tag(template: ast.JoinedStr) -> None:
    size = 0
    for part in template.values:
        if isinstance(part, ast.Constant):
            size += len(str(part.value).encode())
        else:
            assert isinstance(part, ast.FormattedValue)
            name = ast.unparse(part.value)
            assert name in LONGEST, f"how long can {name} be? Say so in LONGEST"
            size += LONGEST[name]
    assert size <= LONGEST_DATA
    assert size + TAG_CHARACTERS <= TELEGRAM_CARRIES


def test_buttons_of_all_features_were_looked_at() -> None:
    assert len(ALL) > 40
