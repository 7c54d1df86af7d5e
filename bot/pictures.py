"""Pictures and PDFs that people send: the barcodes on them, within bounds, never kept on disk.

Blocking work goes to one thread of its own: PDFium bears no second one, and large pictures are in
memory one at a time.
"""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot import barcodes
from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.Image import Image

    from storage import Barcode

T = TypeVar("T")

PAGES: Final = 6
"""Of a PDF, from its first; gift cards that are printed at home have one or two."""

LARGEST: Final = barcodes.LARGEST_READ
"""In pixels."""

PAGE_SIDE: Final = 2200
"""In pixels: an A4 page at 190 dots per inch."""

MOST_CODES: Final = 12
"""More than that in one picture are a sheet of labels, not a card."""

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

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

_LANE: Final = ThreadPoolExecutor(1, "pictures")


class Unreadable(ValueError):  # noqa: N818 - what somebody sent, not a fault
    """What was sent cannot be looked at; `reason` is a marked sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def aside(work: Callable[[bytes], T], content: bytes) -> T:
    """Do something with a picture while other chats go on."""
    return await asyncio.get_running_loop().run_in_executor(_LANE, work, content)


def codes_in(content: bytes) -> list[Barcode]:
    """Read the barcodes of a picture or of a PDF's first pages, each once. `Unreadable`."""
    found: dict[Barcode, None] = {}
    for picture in pictures_in(content):
        found |= dict.fromkeys(_codes_on(picture))
        if len(found) >= MOST_CODES:
            break
    return list(found)[:MOST_CODES]


def pictures_in(content: bytes) -> Iterator[bytes]:
    """Give the picture itself, or each of a PDF's first pages as one. `Unreadable`."""
    if b"%PDF-" in content[:1024]:
        yield from _pages(content)
        return
    # Looking at a picture takes a library that the start need not wait for.
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > LARGEST:
                raise Unreadable(TOO_LARGE)
    except Image.DecompressionBombError:
        raise Unreadable(TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(NO_PICTURE) from None
    yield content


def _pages(content: bytes) -> Iterator[bytes]:
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    try:
        document = pypdfium2.PdfDocument(content)
        try:
            for place in range(min(len(document), PAGES)):
                page = document[place]
                scale = min(4.0, PAGE_SIDE / max(1.0, *page.get_size()))
                yield _raw(page.render(scale=scale, grayscale=True).to_pil())
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise Unreadable(ENCRYPTED if locked else NO_PICTURE) from None


def _codes_on(content: bytes) -> list[Barcode]:
    try:
        if found := barcodes.read(content):
            return found
        again = (barcodes.read(clearer) for clearer in _clearer(content))
        return next((codes for codes in again if codes), [])
    except (ValueError, MemoryError):
        raise Unreadable(NO_PICTURE) from None


def _clearer(content: bytes) -> Iterator[bytes]:
    """Give the picture as it may be read after all: stretched, sharpened, larger, turned."""
    from PIL import Image, ImageFilter, ImageOps  # noqa: PLC0415 - as above

    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        opened.draft("L", (2400, 2400))
        grey: Any = ImageOps.exif_transpose(opened).convert("L")
    grey.thumbnail((2400, 2400))
    grey = ImageOps.autocontrast(grey, cutoff=1)
    yield _raw(grey)
    sharp = grey.filter(ImageFilter.UnsharpMask(radius=2, percent=200))
    yield _raw(sharp)
    if max(grey.size) <= 1600:  # noqa: PLR2004 - in pixels
        yield _raw(sharp.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC))
    yield _raw(grey.filter(ImageFilter.MedianFilter(3)))
    for angle in (12, -12, 25, -25):
        yield _raw(grey.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255))


def _raw(picture: Image) -> bytes:
    kept = io.BytesIO()
    picture.convert("L").save(kept, "PPM")
    return kept.getvalue()
