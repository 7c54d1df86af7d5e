"""Pictures and PDFs that people send: the barcodes on them, within bounds, never kept on disk.

Blocking, up to seconds, and by libraries that a made file may hang or break: only a process of its
own (`bot/loupe.py`) looks at what somebody sent.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Final

from bot import barcodes
from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from storage import Barcode

PAGES: Final = 6
"""Of a PDF, from its first; gift cards that are printed at home have one or two."""

LARGEST: Final = 50_000_000
"""In pixels."""

PAGE_SIDE: Final = 2200
"""In pixels: an A4 page at 190 dots per inch."""

USUAL_SIDE: Final = 2400
"""In pixels, of a photo that is looked at in several ways."""

LARGEST_SIDE: Final = 3200
"""In pixels, of a picture that is made larger to be read."""

PAPER: Final = 160
"""How bright is what has no print on it, once the light was taken off."""

MOST_CODES: Final = 12
"""More than that in one picture are a sheet of labels, not a card."""

PATIENCE: Final = 4.0
"""Seconds of computing after which no other way of looking is begun."""

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "HEIF")

NO_PICTURE: Final = mark(
    "I cannot open this as a picture or PDF. Send a photo, a screenshot or a PDF of the card, or "
    "type its number."
)
TOO_LARGE: Final = mark(
    "This picture is larger than I can look at. Send it as a photo, or cut it to the card."
)
ENCRYPTED: Final = mark(
    "This PDF opens only with a password. Open it yourself and send me a screenshot of the card."
)


class Unreadable(ValueError):  # noqa: N818 - what somebody sent, not a fault
    """What was sent cannot be looked at; `reason` is a marked sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def codes_in(content: bytes) -> list[Barcode]:
    """Read the barcodes of a picture or of a PDF's first pages, each once. `Unreadable`."""
    found: dict[Barcode, None] = {}
    until = time.process_time() + PATIENCE
    for picture in pictures_in(content, "L"):
        found |= dict.fromkeys(_codes_on(picture, until))
        if len(found) >= MOST_CODES:
            break
    return list(found)[:MOST_CODES]


def pictures_in(content: bytes, mode: str, side: int | None = None) -> Iterator[Image]:
    """Give the picture itself, upright, or each of a PDF's first pages. `Unreadable`.

    `mode` is "L" for grey or "RGB"; at most `side` pixels wide and high, if that is given.
    """
    try:
        if b"%PDF-" in content[:1024]:
            yield from (page.convert(mode) for page in _pages(content))
        else:
            yield _picture(content, mode, side)
    except MemoryError:
        raise Unreadable(TOO_LARGE) from None


def _picture(content: bytes, mode: str, side: int | None) -> Image:
    # Looking at a picture takes libraries that the start need not wait for.
    import pi_heif  # type: ignore[import-untyped]  # noqa: PLC0415
    from PIL import Image, ImageOps  # noqa: PLC0415

    pi_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > LARGEST:
                raise Unreadable(TOO_LARGE)
            opened.draft(None, (USUAL_SIDE, USUAL_SIDE))  # a JPEG is made smaller as it is opened
            if side is not None:
                opened.thumbnail((side, side))
            picture: Image.Image = opened
            if "A" in opened.getbands() or "transparency" in opened.info:
                clear = ImageOps.exif_transpose(opened).convert("RGBA")
                picture = Image.new("RGBA", clear.size, "white")
                picture.alpha_composite(clear)
            # A large one is in memory few times, and not in colours if these are not wanted.
            return ImageOps.exif_transpose(picture.convert(mode))
    except Image.DecompressionBombError:
        raise Unreadable(TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(NO_PICTURE) from None


def _pages(content: bytes) -> Iterator[Image]:
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    try:
        document = pypdfium2.PdfDocument(content)
        try:
            for place in range(min(len(document), PAGES)):
                page = document[place]
                scale = min(4.0, PAGE_SIDE / max(1.0, *page.get_size()))
                yield page.render(scale=scale, grayscale=True).to_pil()
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise Unreadable(ENCRYPTED if locked else NO_PICTURE) from None


def _codes_on(grey: Image, until: float) -> list[Barcode]:
    """Look in one way after the other, while there is time, until something is read for sure."""
    doubtful: list[Barcode] = []
    for found in _looks(grey):
        if sure := [code for code in found if not barcodes.is_doubtful(code)]:
            return sure
        doubtful = doubtful or found
        if time.process_time() > until:
            break
    return doubtful


def _looks(grey: Image) -> Iterator[list[Barcode]]:
    """Look in the ways that read the most of the hard pictures in `bench/photos.py`, best first."""
    from PIL.Image import Resampling  # noqa: PLC0415 - as above

    usual = grey
    if max(grey.size) > USUAL_SIDE:
        usual = grey.copy()
        usual.thumbnail((USUAL_SIDE, USUAL_SIDE))
    yield barcodes.read(usual)
    if usual is not grey:
        yield barcodes.read(grey, negative=False)
    even = evened(usual)
    yield barcodes.read(even)
    for times in (2, 3):
        size = (even.width * times, even.height * times)
        if max(size) <= LARGEST_SIDE:
            larger = even.resize(size, Resampling.BICUBIC)
            yield barcodes.read(larger, negative=False)
    for angle in (45, 30, -30):
        turned = even.rotate(angle, Resampling.BICUBIC, expand=True, fillcolor=PAPER)
        yield barcodes.read(turned, negative=False)


def evened(grey: Image, part: float = 0.04) -> Image:
    """Take light and shadow off a grey picture: what is as bright as its surroundings is `PAPER`.

    The surroundings are `part` of the picture's longer side wide to each side.
    """
    import numpy as np  # noqa: PLC0415 - as above
    from PIL import Image, ImageFilter  # noqa: PLC0415 - as above

    around = grey.filter(ImageFilter.BoxBlur(max(1, max(grey.size) * part)))
    ratio = np.asarray(grey, np.float32) / (np.asarray(around, np.float32) + 4)
    return Image.fromarray(np.clip(ratio * PAPER, 0, 255).astype(np.uint8))
