"""What a lock is made of: passcodes, six digits, recovery codes, phone numbers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import struct
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from bot import lock, passcodes, phones, second_step
from bot.passcodes import EASY, LENGTH, OWN_NUMBER, RECOMMENDED, Cost, Passcodes, weakness
from tests.house import CHEAP

if TYPE_CHECKING:
    from pathlib import Path

RFC_KEY = b"12345678901234567890"
# RFC 6238, appendix B, SHA1: eight digits, of which apps show the last six.
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
moments = st.integers(0, 2**36).map(lambda s: datetime.fromtimestamp(s, UTC))
keys = st.binary(min_size=second_step.KEY_BYTES, max_size=second_step.KEY_BYTES)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def by_the_book(key: bytes, step: int) -> str:
    """RFC 4226, section 5.3, word for word."""
    digest = hmac.digest(key, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[19] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_digits_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert second_step.code_of(RFC_KEY, at(seconds)) == code[-6:]
    assert second_step.step_of(RFC_KEY, code[-6:], at(seconds)) == seconds // 30


@given(keys, moments)
def test_the_digits_are_those_of_another_program_too(key: bytes, moment: datetime) -> None:
    step = int(moment.timestamp()) // 30
    assert second_step.code_of(key, moment) == by_the_book(key, step)


def test_the_digits_are_those_that_oathtool_shows() -> None:
    oathtool = shutil.which("oathtool")
    if oathtool is None:
        pytest.skip("this machine has no oathtool")
    for seconds in VECTORS:
        shown = subprocess.run(  # noqa: S603 - our own words
            [oathtool, "--totp", "--now", f"@{seconds}", RFC_KEY.hex()],
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stdout.strip() == second_step.code_of(RFC_KEY, at(seconds))


@given(keys, moments.filter(lambda moment: moment.timestamp() > 300), st.integers(-5, 5))
def test_a_code_counts_one_step_early_and_one_step_late_and_no_more(
    key: bytes, moment: datetime, steps: int
) -> None:
    code = second_step.code_of(key, moment + timedelta(seconds=30 * steps))
    near = {by_the_book(key, int(moment.timestamp()) // 30 + by) for by in (-1, 0, 1)}
    assert (second_step.step_of(key, code, moment) is not None) == (code in near)
    if abs(steps) <= 1:
        assert code in near


@given(st.text(max_size=12))
def test_whatever_is_typed_is_six_digits_or_is_not(text: str) -> None:
    digits = second_step.digits_of(text)
    assert digits is None or (len(digits) == 6 and digits.isascii() and digits.isdigit())
    code = second_step.normal_code(text)
    assert code is None or (len(code) == 10 and code.isascii() and code.isalnum())


def test_digits_may_be_grouped_or_of_full_width() -> None:
    assert second_step.digits_of(" 123 456 ") == "123456"
    assert second_step.digits_of("１２３４５６") == "123456"
    assert second_step.digits_of("1234567") is None
    assert second_step.digits_of("١٢٣٤٥٦") is None


def test_a_key_is_written_as_apps_take_it() -> None:
    key = second_step.new_key()
    groups = second_step.spelled(key).split()
    assert {len(group) for group in groups} == {4}
    assert base64.b32decode("".join(groups)) == key


def test_the_picture_is_a_png_that_says_the_key() -> None:
    key = second_step.new_key()
    drawn = []

    def note(uri: str, **how: Any) -> segno.QRCode:
        drawn.append(uri)
        return made(uri, **how)

    made = segno.make_qr
    with mock.patch.object(segno, "make_qr", note):
        png = second_step.picture(key, "@kabao_bot")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    secret = second_step.spelled(key).replace(" ", "")
    uri = (
        "otpauth://totp/Kabao:%40kabao_bot?digits=6&secret="
        f"{secret}&algorithm=SHA1&issuer=Kabao&period=30"
    )
    assert drawn == [uri]


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="this machine has no zbarimg")
def test_another_program_reads_the_picture(tmp_path: Path) -> None:
    key = second_step.new_key()
    (tmp_path / "key.png").write_bytes(second_step.picture(key, "@kabao_bot"))
    read = subprocess.run(  # noqa: S603 - our own picture
        ["zbarimg", "--quiet", "--raw", str(tmp_path / "key.png")],  # noqa: S607 - wherever it is
        capture_output=True,
        check=True,
    )
    secret = second_step.spelled(key).replace(" ", "")
    assert read.stdout.decode().startswith("otpauth://totp/Kabao:%40kabao_bot?")
    assert f"secret={secret}&" in read.stdout.decode()


def test_recovery_codes_are_many_different_and_read_however_they_are_typed() -> None:
    codes = second_step.new_codes()
    assert len(set(codes)) == second_step.CODES == 10
    for code in codes:
        shown = second_step.written(code)
        for typed in (shown, shown.upper(), code, shown.replace("-", " – "), f" {shown} "):
            assert second_step.normal_code(typed) == code
    assert second_step.normal_code("OIL00-00000") == "0110000000"
    assert second_step.normal_code("abcd") is None
    assert second_step.normal_code("abcde-fghi!") is None


def test_every_letter_of_a_recovery_code_is_as_likely_as_another() -> None:
    letters = Counter("".join("".join(second_step.new_codes()) for _ in range(320)))
    assert len(letters) == 32
    assert max(letters.values()) < 2 * min(letters.values())


GUESSED_FIRST = (
    "0000 1111 aaaa 1212 121212 123123 1234 4321 12345678 7890 0987 2468 8642 abcd dcba 1990 2026 "
    "19900131 31011990 01311990 5201314 password PASSWORD Woaini qwerty １２３４ ００００"
)


@pytest.mark.parametrize("typed", GUESSED_FIRST.split())
def test_what_everybody_guesses_first_is_no_passcode(typed: str) -> None:
    assert weakness(passcodes.normal(typed)) == EASY


@pytest.mark.parametrize(
    "typed",
    ["8305", "7419", "73915", "1984a", "19901399", "correct horse", "猫在窗边", "🐈🐈‍⬛🍜🍵"],
)
def test_what_nobody_guesses_first_is_one(typed: str) -> None:
    assert weakness(passcodes.normal(typed)) is None


def test_a_passcode_has_four_to_sixty_four_characters() -> None:
    assert weakness("830") == LENGTH
    assert weakness("8305" * 16 + "7") == LENGTH
    assert weakness(passcodes.normal("ab" + "ﷺ")) != LENGTH  # counted as it is compared
    assert weakness("83" * 31 + "05") is None


def test_a_piece_of_ones_own_number_is_no_passcode() -> None:
    assert weakness("7295", ["6288000000017295"]) == OWN_NUMBER
    assert weakness("7295", ["6288000000001001", "72"]) is None


@given(st.text(max_size=70))
def test_every_text_is_a_passcode_or_is_refused_with_a_reason(text: str) -> None:
    assert weakness(passcodes.normal(text)) in {None, EASY, LENGTH}


async def test_a_passcode_is_told_from_every_other_at_the_cost_that_rfc_9106_recommends() -> None:
    real = Passcodes()
    assert Cost(passes=3, kibibytes=65536, lanes=4) == RECOMMENDED
    phc, again = await asyncio.gather(real.hashed("猫在窗边"), real.hashed("猫在窗边"))
    assert phc.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    salt, tag = (base64.b64decode(part + "==") for part in phc.split("$")[-2:])
    assert (len(salt), len(tag)) == (16, 32)
    assert phc != again
    assert await real.matches("猫在窗边", phc)
    assert not await real.matches("猫在窗外", phc)
    assert not real.outdated(phc)
    assert real.outdated(await Passcodes(CHEAP).hashed("8305"))


async def test_passcodes_of_many_people_at_once_are_all_looked_at() -> None:
    lanes = Cost(passes=1, kibibytes=1024, lanes=4)
    bots = [Passcodes(lanes), Passcodes(lanes)]
    phc = await bots[0].hashed("8305")
    tries = [bot.matches(typed, phc) for bot in bots for typed in ("8305", "7419") * 10]
    async with asyncio.timeout(60):
        assert await asyncio.gather(*tries) == [True, False] * 20


def test_wrong_tries_are_free_then_slow_then_closed_for_a_day() -> None:
    waits = [lock.wait_after(failures) for failures in range(1, 13)]
    assert waits[:2] == [timedelta(0)] * 2
    assert waits[2:5] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=5)]
    assert waits == sorted(waits)
    assert waits[8] < timedelta(days=1)
    assert waits[9:] == [timedelta(days=1)] * 3


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800001234", "+86 *** **** 1234"),
        ("8613800001234", "+86 *** **** 1234"),
        ("+12025550123", "+1 *** **** 0123"),
        ("+79161234567", "+7 *** **** 4567"),
        ("+852 5123 4567", "+852 *** **** 4567"),
    ],
)
def test_a_phone_number_is_shown_by_its_country_and_last_digits(number: str, shown: str) -> None:
    assert phones.masked(phones.normal(number)) == shown


def test_one_number_is_one_however_a_client_writes_it() -> None:
    assert phones.normal("+86 138-0000-1234") == phones.normal("8613800001234") == "+8613800001234"
