from __future__ import annotations

import base64
import io
import logging
from typing import TYPE_CHECKING

import pytest

from bot import logs
from tests.house import (
    BLOCKED,
    DOLLARS,
    EXPIRED,
    FLAKY,
    KIOSK,
    YUAN,
    Guest,
    House,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PANDA_PIN, WRONG_PIN, OWN_NUMBER, LABEL = "8305", "7419", "QX-559317042886", "Grandmother"
UNKNOWN = "770000987654"
NUMBERS = (YUAN, DOLLARS, BLOCKED, EXPIRED, KIOSK, FLAKY, OWN_NUMBER, UNKNOWN)


async def test_after_a_long_story_no_number_and_no_pin_is_found_anywhere(tmp_path: Path) -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        async with House(tmp_path, log_level="DEBUG") as house:
            settings = house.settings
            logs.set_up(
                "DEBUG",
                secrets=[
                    settings.bot_token.get_secret_value(),
                    settings.master_key.text(),
                    *settings.issuer_secrets.values(),
                ],
                stream=stream,
            )
            alice = house.guest("Alice")
            await long_story(house, alice)
            said = "\n".join(alice.told)
            found = sorted(found_in(house.folder)) + sorted(found_in_text(stream.getvalue()))
            token, key = house.telegram.token, settings.master_key.text()
        found += sorted(found_in(house.folder))
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
    assert found == []
    assert "Traceback" in stream.getvalue()
    assert len(stream.getvalue()) > 10_000
    assert token not in stream.getvalue()
    assert key not in stream.getvalue()
    assert house.issuer.key not in stream.getvalue()
    assert not any(number in said for number in NUMBERS)


@pytest.mark.parametrize(
    "raw",
    [
        KIOSK.encode(),
        YUAN[::-1].encode(),
        b"6288 0000 0000 1001",
        b"6288-0000-0000-1001",
        YUAN.encode("utf-16"),
        YUAN.encode().hex().encode(),
        YUAN.encode("utf-16-be").hex().upper().encode(),
        *(base64.b64encode(b"number="[:n] + YUAN.encode() + b"!") for n in range(5)),
        OWN_NUMBER.replace("-", "").lower().encode(),
        b'{"pin":"8305"}',
    ],
)
def test_the_search_finds_what_it_looks_for(raw: bytes) -> None:
    assert list(held_by(b"\x00\x17" + raw + b"\xff"))


async def long_story(house: House, alice: Guest) -> None:
    """Let everything go right and wrong that can, with the numbers and PINs above."""
    for number in (YUAN, DOLLARS, BLOCKED, EXPIRED):
        house.issuer.card(number).pin = PANDA_PIN
    await alice.binds(YUAN, WRONG_PIN)
    await alice.says(PANDA_PIN)
    await alice.binds(DOLLARS, PANDA_PIN)
    for number in (BLOCKED, EXPIRED):
        await alice.binds(number, PANDA_PIN)
        await alice.says("/cancel")
    await alice.binds(UNKNOWN)
    await alice.says("/cancel")
    house.issuer.fail_next(500, YUAN + PANDA_PIN)
    await alice.binds(FLAKY)
    await alice.presses("Save unverified")
    house.issuer.fail_next(200, f'{{"card": {{"number": "{KIOSK}"')
    await alice.binds(KIOSK)
    await alice.presses("Try again")
    await alice.says("/bind", OWN_NUMBER, LABEL, "80 EUR")
    house.telegram.fail("editMessageText", status=502)
    house.telegram.reset("sendMessage", times=1)
    await alice.says("/balance")
    house.telegram.garble("sendMessage", times=1)
    await alice.says("/history")
    # A handler that crashes with what the person wrote in its hands.
    house.telegram.fail("deleteMessage", status=500)
    await alice.says("/bind", DOLLARS, "/cancel")
    await alice.says("/bind", YUAN)
    await house.restart()
    await alice.says(WRONG_PIN)
    house.issuer.down = True
    await house.passes(hours=7)
    house.issuer.down = False
    house.issuer.card(YUAN).pin = WRONG_PIN
    house.issuer.spend(KIOSK, 14000, f"Refund to {KIOSK}")
    await house.passes(hours=7)
    await alice.says("/balance", "/history", "/alerts", "/cards", "/privacy")
    await alice.says("/bind", YUAN)  # and is left half-finished


def spellings(secret: str) -> Iterator[bytes]:
    """Write a secret in every way it might lie about."""
    bare = secret.replace("-", "")
    groups = [bare[i : i + 4] for i in range(0, len(bare), 4)]
    plain = {secret, bare, bare[::-1], bare.lower()}
    if len(bare) > 4:
        plain |= {" ".join(groups), "-".join(groups), bare.removeprefix("6288").removeprefix("77")}
    for text in plain:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            yield raw
            if len(text) > 4:
                yield raw.hex().encode()
                yield raw.hex().upper().encode()
                # Whatever stands before it, three shifts cover every way base64 can fall.
                for shift in range(3):
                    yield base64.b64encode(b"\0" * shift + raw)[4:-4].rstrip(b"=")


def found_in(folder: Path) -> set[tuple[str, str]]:
    """Search every file for every secret in every spelling."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {(file.name, raw) for file in files for raw in held_by(file.read_bytes())}


def held_by(content: bytes) -> Iterator[str]:
    """Find numbers in any spelling, words that are sealed, and PINs as a value would stand."""
    for number in NUMBERS:
        yield from (repr(raw) for raw in spellings(number) if len(raw) >= 8 and raw in content)
    yield from (word for word in (LABEL, "Noodle", "Refund to") if word.encode() in content)
    # Four digits by themselves may stand in ciphertext by chance.
    for pin in (PANDA_PIN, WRONG_PIN):
        quoted = (f'"{pin}"', f"'{pin}'", f"pin{pin}")
        yield from (text for text in quoted if text.encode() in content)


def found_in_text(log: str) -> set[tuple[str, str]]:
    """Search the log the same way; here even four digits by themselves are too much."""
    words = set(log.replace('"', " ").replace("'", " ").replace(",", " ").split())
    pins = {pin for pin in (PANDA_PIN, WRONG_PIN) if pin in words}
    return {("log", what) for what in pins | set(held_by(log.encode()))}
