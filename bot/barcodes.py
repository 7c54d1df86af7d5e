"""What a card shows at the till: barcodes and QR codes drawn and read, by zxing-cpp.

Blocking, a few milliseconds each: called in a thread. The value goes into no error's text.
"""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot.languages import mark
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

WIDEST: Final = 1000
"""In pixels: a phone shows it whole and Telegram takes it as it is."""

LINEAR_MARGIN: Final = 12
MATRIX_MARGIN: Final = 5
"""In modules, white: the standards ask for up to 10 and 4, and the chat around it may be dark."""

LARGEST_MODULE: Final = 16
LONGEST: Final = 2000
"""A QR code holds up to 2,953 bytes; no card's comes near."""

GS1: Final = "GS1"
"""Stands for the character set of a code that holds GS1 fields, such as (01)09501101530003."""

_ASCII: Final = re.compile(r"[ -~]+")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of barcode: how people call it, whether it is a square, and what it can hold.

    `reason` says what it can hold, in English and marked.
    """

    name: str
    square: bool
    holds: re.Pattern[str]
    reason: str


def _digits(name: str, count: str, reason: str) -> Format:
    return Format(name, square=False, holds=re.compile(rf"[0-9]{{{count}}}"), reason=reason)


_ANYTHING: Final = mark("It can hold up to 2,000 characters; this does not fit.")
_FULL: Final = re.compile(r"(?s).+")
_GTIN: Final = re.compile(r"(?:\(01\))?[0-9]{14}")
_GS1_DIGITS: Final = mark("It holds the 14 digits of a GTIN, with or without (01) before them.")

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "QRCode": Format("QR", square=True, holds=_FULL, reason=_ANYTHING),
        "Code128": Format(
            "Code 128",
            square=False,
            holds=re.compile(r"[\x00-\xff]{1,80}"),
            reason=mark("It holds up to 80 letters and digits without Chinese; a QR code can."),
        ),
        "EAN13": _digits("EAN-13", "13", mark("It has exactly 13 digits.")),
        "EAN8": _digits("EAN-8", "8", mark("It has exactly 8 digits.")),
        "UPCA": _digits("UPC-A", "12", mark("It has exactly 12 digits.")),
        "UPCE": _digits("UPC-E", "8}|[0-9]{13", mark("It has exactly 8 digits.")),
        "ITF": Format(
            "ITF",
            square=False,
            holds=re.compile(r"(?:[0-9]{2}){1,40}"),
            reason=mark("It holds an even number of digits and nothing else."),
        ),
        "Code39": Format(
            "Code 39",
            square=False,
            holds=re.compile(r"[0-9A-Z\-. $/+%]{1,40}"),
            reason=mark("It holds digits, capital letters and - . $ / + % only."),
        ),
        "Code39Ext": Format(
            "Code 39 Extended",
            square=False,
            holds=re.compile(r"[\x00-\x7f]{1,40}"),
            reason=mark("It holds up to 40 plain letters, digits and signs."),
        ),
        "Code93": Format(
            "Code 93",
            square=False,
            holds=re.compile(r"[\x00-\x7f]{1,40}"),
            reason=mark("It holds up to 40 plain letters, digits and signs."),
        ),
        "Codabar": Format(
            "Codabar",
            square=False,
            holds=re.compile(r"[A-Da-d][0-9\-$:/.+]{1,58}[A-Da-d]"),
            reason=mark(
                "It begins and ends with A, B, C or D and has digits and - $ : / . + inside."
            ),
        ),
        "PDF417": Format("PDF417", square=False, holds=_FULL, reason=_ANYTHING),
        "Aztec": Format("Aztec", square=True, holds=_FULL, reason=_ANYTHING),
        "DataMatrix": Format("Data Matrix", square=True, holds=_FULL, reason=_ANYTHING),
        "MaxiCode": Format("MaxiCode", square=True, holds=_FULL, reason=_ANYTHING),
        "DataBarOmni": Format("DataBar", square=False, holds=_GTIN, reason=_GS1_DIGITS),
        "DataBarLtd": Format("DataBar Limited", square=False, holds=_GTIN, reason=_GS1_DIGITS),
        "DataBarExp": Format(
            "DataBar Expanded",
            square=False,
            holds=re.compile(r"(?:\([0-9]{2,4}\)[!-~]+)+"),
            reason=mark("It holds fields such as (01)09501101530003(10)AB1."),
        ),
    }
)
"""Every kind that can be kept, by zxing-cpp's own name for it; the usual ones first."""

_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in FORMATS}
    | {re.sub(r"[^a-z0-9]", "", one.name.lower()): name for name, one in FORMATS.items()}
    | {
        "azteccode": "Aztec",
        "barcode": "Code128",
        "code39std": "Code39",
        "ean": "EAN13",
        "interleaved2of5": "ITF",
        "isbn": "EAN13",
        "isbn13": "EAN13",
        "itf14": "ITF",
        "rss14": "DataBarOmni",
        "rssexpanded": "DataBarExp",
        "qrcodemodel2": "QRCode",
        "pkbarcodeformatqr": "QRCode",
        "pkbarcodeformatpdf417": "PDF417",
        "pkbarcodeformataztec": "Aztec",
        "pkbarcodeformatcode128": "Code128",
        "upc": "UPCA",
    }
)
_WEAK: Final = {"Codabar": 9, "Code39": 4, "EAN8": 8, "ITF": 10, "UPCE": 13}
"""Up to how many characters a part of another code is taken for one of these now and then."""

_CHECKED: Final = frozenset({"EAN13", "EAN8", "UPCA", "UPCE"})
_BAD_CHECK_DIGIT: Final = mark("Its last digit, which checks the others, does not fit: a typo?")
_UNKNOWN: Final = mark("I do not know this kind of barcode.")


class Unfit(ValueError):  # noqa: N818 - what somebody typed, not a fault
    """A value that a kind of barcode cannot hold; `reason` is a marked sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def format_named(spelling: str) -> str | None:
    """Find a kind by any program's name for it: EAN_13, PKBarcodeFormatQR, "qr"; else None."""
    return _SPELLINGS.get(re.sub(r"[^a-z0-9]", "", spelling.lower()))


def check(barcode: Barcode) -> None:
    """See that a barcode can be drawn. `Unfit` says why it cannot."""
    _created(barcode)


def guess(value: str) -> str:
    """Name the kind that a value is most likely printed as where nobody has said."""
    for kind in ("EAN13", "Code128"):
        one = FORMATS[kind]
        if one.holds.fullmatch(value) and len(value) <= 24:  # noqa: PLR2004 - wider is hard to scan
            with suppress(Unfit):
                check(Barcode(kind, value))
                return kind
    return "QRCode"


def draw(barcode: Barcode, beneath: str = "", width: int = WIDEST) -> bytes:
    """Draw a barcode as PNG, black on white with its quiet zone, on whole pixels.

    It is at most `width` pixels wide, if it can be. `beneath` is written below it if it is ASCII.
    `Unfit` if it cannot be drawn.
    """
    # Drawing takes a library that the start need not wait for.
    from PIL import Image, ImageOps  # noqa: PLC0415

    square = FORMATS[barcode.format].square
    margin = MATRIX_MARGIN if square else LINEAR_MARGIN
    made = _created(barcode)
    rows, columns = made.to_image(scale=1, add_quiet_zones=False).shape
    scale = max(2, min(width // (columns + 2 * margin), LARGEST_MODULE))
    if square:
        scale = max(2, min(scale, width * 2 // 3 // (rows + 2 * margin)))
    if barcode.format == "MaxiCode":  # its dots are no modules
        scale = 4
    drawn = made.to_image(scale=scale, add_quiet_zones=False)
    size = (drawn.shape[1], drawn.shape[0])
    bars = Image.frombuffer("L", size, bytes(memoryview(drawn)), "raw", "L", 0, 1)
    picture = ImageOps.expand(bars, border=margin * scale, fill=255)
    if _ASCII.fullmatch(beneath) and barcode.format != "MaxiCode":
        picture = _captioned(picture, beneath, margin * scale)
    kept = io.BytesIO()
    picture.convert("1", dither=Image.Dither.NONE).save(kept, "PNG", compress_level=6)
    return kept.getvalue()


def read(picture: Image, *, negative: bool = True) -> list[Barcode]:
    """Read every barcode in a grey picture, however turned; each once, those further up first.

    `negative`: also those that are light on dark.
    """
    # Reading takes libraries that the start need not wait for.
    import zxingcpp  # noqa: PLC0415
    from PIL import ImageOps  # noqa: PLC0415

    # By itself the library looks at the negative only where it found nothing else.
    found = list(zxingcpp.read_barcodes(picture, try_invert=False))
    if negative:
        found += zxingcpp.read_barcodes(ImageOps.invert(picture), try_invert=False)
    found.sort(key=lambda one: (one.position.top_left.y, one.position.top_left.x))
    codes = (code for one in found if one.valid and (code := _as_kept(one)))
    return list(dict.fromkeys(codes))


def is_doubtful(code: Barcode) -> bool:
    """Say whether what was read may be stripes of something else: it checks little of itself."""
    return len(code.value) <= _WEAK.get(code.format, 0)


def _as_kept(found: Any) -> Barcode | None:
    name = found.format.name
    kind = name if name in FORMATS else format_named(name) or format_named(found.symbology.name)
    text = found.text
    if kind is None or not text or len(text) > LONGEST:
        return None
    if found.content_type.name == "GS1":
        return Barcode(kind, text, GS1)
    if text.isascii():
        return Barcode(kind, text)
    for encoding in ("UTF-8", "ISO-8859-1"):
        try:
            return Barcode(kind, found.bytes.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    return Barcode(kind, text)


def _created(barcode: Barcode) -> Any:
    import zxingcpp  # noqa: PLC0415 - as above

    kind, value = FORMATS.get(barcode.format), barcode.value
    if kind is None:
        raise Unfit(_UNKNOWN)
    fields = barcode.encoding == GS1
    if not value or len(value) > LONGEST or not (fields or kind.holds.fullmatch(value)):
        raise Unfit(kind.reason)
    extra = {"gs1": True} if fields and not barcode.format.startswith("DataBar") else {}
    # The very bytes, where those the library would choose may differ from the card's.
    content = value.encode() if barcode.encoding == "UTF-8" and not value.isascii() else value
    try:
        return zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat[barcode.format], **extra)
    except ValueError:
        # The library's own words hold parts of the value.
        reason = _BAD_CHECK_DIGIT if barcode.format in _CHECKED else kind.reason
        raise Unfit(reason) from None


def _captioned(picture: Image, text: str, room: int) -> Image:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - as above

    size = 48
    font = ImageFont.load_default(size)
    while size > 16 and font.getlength(text) > picture.width - 16:  # noqa: PLR2004 - in pixels
        size -= 4
        font = ImageFont.load_default(size)
    if font.getlength(text) > picture.width - 16:
        return picture
    whole = Image.new("L", (picture.width, picture.height + size + 8), 255)
    whole.paste(picture, (0, 0))
    at = (picture.width // 2, picture.height - min(room // 2, room - 12) + size // 2)
    ImageDraw.Draw(whole).text(at, text, fill=0, font=font, anchor="mm")
    return whole
