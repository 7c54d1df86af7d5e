"""How often barcodes, printed numbers and PINs are read right: 72 cards drawn for the purpose."""

from __future__ import annotations

import asyncio
import io
import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import aiohttp
import matplotlib as mpl
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from bot import barcodes, pictures, printed
from bot.issuers import CATALOG, Issuers
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Iterator

EACH = 6
HARMS = (
    *("plain", "skewed", "turned", "dim", "bright", "scratched"),
    *("blurred", "noisy", "small", "compressed", "skewed, dim", "dim, scratched"),
)
FONTS = ("DejaVuSansMono", "DejaVuSans", "DejaVuSerif", "STIXGeneral", "cmtt10", "DejaVuSans-Bold")
KINDS = ("QRCode", "Code128", "EAN13", "Code39", "PDF417", "DataMatrix")
SIZE = (1280, 820)


@dataclass(frozen=True, slots=True)
class Made:
    """One picture, and the truth about it; with a barcode or without."""

    harm: str
    picture: bytes
    number: str
    pin: str
    code: Barcode | None


@dataclass(slots=True)
class Tally:
    """How many were right, wrong, or not read at all."""

    right: int = 0
    wrong: int = 0
    nothing: int = 0

    def count(self, said: object, truth: object) -> None:
        """Count what was said beside the truth."""
        """Count one picture: what was read of it beside what it shows."""
        if not said:
            self.nothing += 1
        elif said == truth:
            self.right += 1
        else:
            self.wrong += 1

    def __str__(self) -> str:
        return f"{self.right} right, {self.wrong} wrong, {self.nothing} nothing"


def cards(*, coded: bool, each: int = EACH, seed: int = 5) -> Iterator[Made]:
    """Draw the cards: `each` of every harm, in six fonts or six kinds of barcode."""
    chance = random.Random(seed)  # noqa: S311 - pictures, no secrets
    for harm in HARMS:
        for n in range(each):
            number = "".join(chance.choice("0123456789") for _ in range(15))
            number += _check_digit(number)
            pin = f"{chance.randrange(10_000):04}"
            kind, font = KINDS[n % len(KINDS)], FONTS[n % len(FONTS)]
            code = Barcode(kind, _ean(number) if kind == "EAN13" else number) if coded else None
            card = _drawn(number, pin, font, code, chance)
            yield Made(harm, _harmed(card, harm, chance), number, pin, code)


def _check_digit(digits: str) -> str:
    doubled = (int(d) * (2 - n % 2) for n, d in enumerate(digits))
    return str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)  # noqa: PLR2004 - Luhn


def _ean(number: str) -> str:
    digits = number[:12]
    return digits + str(-sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10)


def _drawn(
    number: str, pin: str, font: str, code: Barcode | None, chance: random.Random
) -> Image.Image:
    ground = tuple(chance.randrange(150, 250) for _ in range(3))
    card = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(card)
    for _ in range(4):  # the card's own decoration
        at = (chance.randrange(-200, 1000), chance.randrange(-200, 300))
        shade = tuple(min(255, c + chance.randrange(-25, 25)) for c in ground)
        draw.ellipse((*at, at[0] + 500, at[1] + 400), fill=shade)
    draw.text((60, 40), "GIFT CARD", font=_font("DejaVuSans-Bold", 60), fill=(30, 30, 60))
    if code is not None:
        bars = Image.open(io.BytesIO(barcodes.draw(code, width=760)))
        bars.thumbnail((760, 400))
        card.paste(bars, (60, 150))
    groups = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    draw.text((60, 600), groups, font=_font(font, 58), fill=(20, 20, 20))
    draw.text((60, 710), f"PIN {pin}", font=_font(font, 46), fill=(20, 20, 20))
    table = Image.new("RGB", (SIZE[0] + 200, SIZE[1] + 200), (96, 72, 52))
    table.paste(card, (100, 100))
    return table


def _font(name: str, size: int) -> Any:
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", size)


def _harmed(picture: Image.Image, harms: str, chance: random.Random) -> bytes:
    """Do to a picture what is named, and give it as the JPEG a chat would bring."""
    quality = 85
    for harm in harms.split(", "):
        if harm == "compressed":
            quality = 12
        elif harm == "scratched":
            _scratch(picture, chance)
        elif harm in _CHANGES:
            picture = _CHANGES[harm](picture, chance)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=quality)
    return kept.getvalue()


def _turned(picture: Image.Image, chance: random.Random) -> Image.Image:
    angle = chance.choice((-1, 1)) * chance.uniform(6, 18)
    return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True)


def _dim(picture: Image.Image, chance: random.Random) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(chance.uniform(0.12, 0.3))


def _bright(picture: Image.Image, chance: random.Random) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(chance.uniform(1.3, 1.6))


def _blurred(picture: Image.Image, chance: random.Random) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(chance.uniform(1.5, 3.5)))


def _noisy(picture: Image.Image, chance: random.Random) -> Image.Image:
    noise = Image.effect_noise(picture.size, 90).convert("RGB")
    return Image.blend(picture, noise, chance.uniform(0.2, 0.4))


def _small(picture: Image.Image, chance: random.Random) -> Image.Image:
    del chance
    return picture.resize((picture.width // 3, picture.height // 3))


def _skewed(picture: Image.Image, chance: random.Random) -> Image.Image:
    width, height = picture.size
    near = [chance.randrange(0, 120) for _ in range(8)]
    corners: tuple[int, ...] = (-near[0], -near[1], -near[2], height + near[3])
    corners += (width + near[4], height + near[5], width + near[6], -near[7])
    quad = Image.Transform.QUAD
    return picture.transform(picture.size, quad, corners, Image.Resampling.BICUBIC)


def _scratch(picture: Image.Image, chance: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        at = (chance.randrange(picture.width), chance.randrange(picture.height))
        to = (at[0] + chance.randrange(-300, 300), at[1] + chance.randrange(-300, 300))
        draw.line((at, to), fill=(235, 235, 230), width=chance.choice((1, 2, 3)))


_CHANGES = {
    "skewed": _skewed,
    "turned": _turned,
    "dim": _dim,
    "bright": _bright,
    "blurred": _blurred,
    "noisy": _noisy,
    "small": _small,
}


def measure(issuers: Issuers, each: int = EACH) -> dict[str, Any]:
    """Read all of them; tallies for each harm and over all, and how long one took (ms)."""
    told: dict[str, dict[str, Tally]] = {}
    took: dict[str, list[float]] = {"barcode": [], "printed": []}

    def count(what: str, harm: str, said: object, truth: object) -> None:
        for group in (harm, "all"):
            told.setdefault(what, {}).setdefault(group, Tally()).count(said, truth)

    for made in cards(coded=True, each=each):
        start = time.perf_counter()
        codes = pictures.codes_in(made.picture)
        took["barcode"].append((time.perf_counter() - start) * 1000)
        assert made.code is not None
        count("barcode", made.harm, codes and codes[0].value, made.code.value)
    for made in cards(coded=False, each=each):
        start = time.perf_counter()
        lines = printed.read(made.picture)
        took["printed"].append((time.perf_counter() - start) * 1000)
        numbers, pins = printed.numbers(lines, issuers), printed.pins(lines)
        count("number", made.harm, numbers and numbers[0], made.number)
        count("pin", made.harm, pins and pins[0], made.pin)
    return {"told": told, "took": took}


async def _issuers() -> Issuers:
    async with aiohttp.ClientSession() as http:
        return Issuers.load([CATALOG], {}, http)


def main() -> None:
    """Print what was read."""
    issuers = asyncio.run(_issuers())
    figures = measure(issuers)
    for what, groups in figures["told"].items():
        for group, tally in groups.items():
            print(f"{what:8} {group:16} {tally}")
    for what, ms in figures["took"].items():
        print(f"{what}: median {median(ms):.0f} ms, slowest {max(ms):.0f} ms")


if __name__ == "__main__":
    main()
