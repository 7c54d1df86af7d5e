"""Cards drawn for the purpose, as photos that a chat would bring; the truth is known of each."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from bench import harms
from bot import barcodes, lettering
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.harms import Box

EACH: Final = 6
EASY: Final = (
    *("plain", "skewed", "turned", "dim", "bright", "scratched"),
    *("blurred", "noisy", "small", "compressed", "skewed, dim", "dim, scratched"),
)
HARD: Final = (
    *("in perspective", "in uneven light", "under glare", "scratched off", "embossed", "busy"),
    *("in blocks", "shaken", "tiny", "on its side", "curved", "unnamed", "crumpled"),
    *("in perspective, in uneven light", "embossed, under glare", "curved, in blocks"),
)
OF_PRINT_ALONE: Final = frozenset({"scratched off", "embossed", "unnamed"})
"""These change nothing about a barcode."""

LEVELS: Final = {"easy": EASY, "hard": HARD}
FONTS: Final = (
    *("DejaVuSansMono", "DejaVuSans", "DejaVuSerif"),
    *("STIXGeneral", "cmtt10", "DejaVuSans-Bold"),
)
KINDS: Final = ("QRCode", "Code128", "EAN13", "Code39", "PDF417", "DataMatrix")
SIZE: Final = (1280, 820)
GROUPS: Final = ((4, 4, 4, 4), (16,), (4, 4, 4, 4), (6, 10), (4, 4, 4, 4, 3), (4, 4, 4, 4))
NUMBER_WORDS: Final = ("卡号：", "Card No. ", "", "", "NO.", "卡号 ")
PIN_WORDS: Final = ("PIN ", "密码：", "PIN: ", "卡密 ", "Security code ", "Code: ")
BESIDES: Final = (
    ("有效期至 2028-12-31", "面值 ¥200"),
    ("VALID THRU 12/28", "$50.00"),
    ("客服电话 400-820-1234", "刮开涂层前请确认"),
    ("Questions? 1-800-555-0142", "Not redeemable for cash"),
)
"""What else is printed on cards; some of it looks like a number or a PIN."""


@dataclass(frozen=True, slots=True)
class Made:
    """One picture, and the truth about it; with a barcode or without."""

    level: str
    harm: str
    picture: bytes
    number: str
    pin: str
    code: Barcode | None


@dataclass(slots=True)
class Drawing:
    """A card while it is drawn: where its number, its PIN and its barcode are."""

    card: Image.Image
    ground: tuple[int, ...]
    marks: dict[str, Box]


def cards(level: str, *, coded: bool, each: int = EACH, seed: int = 5) -> Iterator[Made]:
    """Draw the cards of a level: `each` of every harm, in six fonts or six kinds of barcode."""
    chance = random.Random(f"{level}{seed}")  # noqa: S311 - pictures, no secrets
    for harm in LEVELS[level]:
        if coded and harm in OF_PRINT_ALONE:
            continue
        for n in range(each):
            hard = level == "hard"
            groups = GROUPS[n % len(GROUPS)] if hard else GROUPS[0]
            number = _numbered(chance, sum(groups))
            pin = "".join(chance.choices("0123456789", k=(4, 6, 8)[n % 3] if hard else 4))
            code = _code(number, n) if coded else None
            if hard:
                drawing = _lifelike(number, groups, pin, code, harm, n, chance)
            else:
                drawing = _plain(number, pin, FONTS[n % len(FONTS)], code, chance)
            photo = harms.done(drawing.card, harm, drawing.marks, chance)
            yield Made(level, harm, photo, number, pin, code)


def _numbered(chance: random.Random, length: int) -> str:
    digits = "".join(chance.choices("0123456789", k=length - 1))
    doubled = (int(d) * (2 - n % 2) for n, d in enumerate(reversed(digits)))
    return digits + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)  # noqa: PLR2004 - Luhn


def _code(number: str, n: int) -> Barcode:
    kind = KINDS[n % len(KINDS)]
    if kind != "EAN13":
        return Barcode(kind, number)
    digits = number[:12]
    check = -sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits)) % 10
    return Barcode(kind, digits + str(check))


def _ground(chance: random.Random) -> tuple[Image.Image, tuple[int, ...]]:
    ground = tuple(chance.randrange(150, 250) for _ in range(3))
    card = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(card)
    for _ in range(4):  # the card's own decoration
        at = (chance.randrange(-200, 1000), chance.randrange(-200, 300))
        shade = tuple(min(255, c + chance.randrange(-25, 25)) for c in ground)
        draw.ellipse((*at, at[0] + 500, at[1] + 400), fill=shade)
    return card, ground


def _plain(
    number: str, pin: str, font: str, code: Barcode | None, chance: random.Random
) -> Drawing:
    card, ground = _ground(chance)
    draw = ImageDraw.Draw(card)
    draw.text((60, 40), "GIFT CARD", font=_font("DejaVuSans-Bold", 60), fill=(30, 30, 60))
    marks = _coded(card, code, (60, 150))
    groups = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    draw.text((60, 600), groups, font=_font(font, 58), fill=(20, 20, 20))
    draw.text((60, 710), f"PIN {pin}", font=_font(font, 46), fill=(20, 20, 20))
    return Drawing(_on_a_table(card), ground, marks)


def _lifelike(
    number: str,
    groups: tuple[int, ...],
    pin: str,
    code: Barcode | None,
    harm: str,
    n: int,
    chance: random.Random,
) -> Drawing:
    """Draw a card as shops print them: words in two languages, other digits beside the number."""
    card, ground = _ground(chance)
    if "busy" in harm:
        harms.clutter(card, chance)
    ink = tuple(chance.randrange(10, 70) for _ in range(3))
    draw = ImageDraw.Draw(card)
    draw.text((60, 40), chance.choice(("礼品卡", "GIFT CARD", "购物卡")), ink, _words(64))
    first, second = chance.choice(BESIDES)
    draw.text((820, 50), second, ink, _words(34))
    draw.text((820, 110), first, ink, _words(28))
    marks = _coded(card, code, (60, 170))
    face = FONTS[n % len(FONTS)]
    at, parts = 0, []
    for length in groups:
        parts.append(number[at : at + length])
        at += length
    word = NUMBER_WORDS[n % len(NUMBER_WORDS)]
    raised = "embossed" in harm
    _line(card, (60, 590), word, " ".join(parts), face, 54, ink, ground, marks, "number", raised)
    word = "" if "unnamed" in harm and n % 2 else PIN_WORDS[n % len(PIN_WORDS)]
    at_pin = (760, 715) if "unnamed" in harm and n % 2 else (60, 700)
    _line(card, at_pin, word, pin, face, 48, ink, ground, marks, "pin", False)
    if "unnamed" in harm and not n % 2:  # the word stands above, by itself
        draw = ImageDraw.Draw(card)
        box = marks["pin"]
        draw.rectangle((58, box[1] - 6, box[0] - 2, box[3] + 6), fill=ground)
        draw.text((box[0], box[1] - 44), word.strip(" :："), ink, _words(26))
    return Drawing(_on_a_table(card), ground, {name: _moved(box) for name, box in marks.items()})


def _line(
    card: Image.Image,
    at: tuple[int, int],
    word: str,
    text: str,
    face: str,
    size: int,
    ink: tuple[int, ...],
    ground: tuple[int, ...],
    marks: dict[str, Box],
    name: str,
    raised: bool,
) -> None:
    """Write a word and what belongs to it, flat or raised in the card's own colour."""
    draw = ImageDraw.Draw(card)
    draw.text(at, word, ink, _words(size * 3 // 4))
    x = at[0] + int(draw.textlength(word, _words(size * 3 // 4)))
    font = _font(face, size)
    box = draw.textbbox((x, at[1]), text, font)
    marks[name] = (int(box[0]), int(box[1]), int(box[2]), int(box[3]))
    if not raised:
        draw.text((x, at[1]), text, ink, font)
        return
    shape = Image.new("L", card.size, 0)
    ImageDraw.Draw(shape).text((x, at[1]), text, 255, font)
    for shift, shade in ((-2, 60), (2, -85)):  # light from the upper left
        edge = ImageChops.subtract(ImageChops.offset(shape, shift, shift), shape)
        edge = edge.filter(ImageFilter.GaussianBlur(0.8))
        colour = tuple(max(0, min(255, c + shade)) for c in ground)
        card.paste(colour, (0, 0), edge)


def _coded(card: Image.Image, code: Barcode | None, at: tuple[int, int]) -> dict[str, Box]:
    if code is None:
        return {}
    bars = Image.open(io.BytesIO(barcodes.draw(code, width=760)))
    bars.thumbnail((760, 400))
    card.paste(bars, at)
    return {"code": (at[0], at[1], at[0] + bars.width, at[1] + bars.height)}


def _on_a_table(card: Image.Image) -> Image.Image:
    table = Image.new("RGB", (SIZE[0] + 200, SIZE[1] + 200), (96, 72, 52))
    table.paste(card, (100, 100))
    return table


def _moved(box: Box) -> Box:
    return (box[0] + 100, box[1] + 100, box[2] + 100, box[3] + 100)


def _words(size: int) -> Any:
    return ImageFont.truetype(lettering.FONT, size)


def _font(name: str, size: int) -> Any:
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", size)
