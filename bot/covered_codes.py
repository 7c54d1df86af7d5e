"""A picture with its barcodes painted over, for eyes that are not to pay with them.

Blocking, and by libraries that a made file may hang: `bot/loupe.py` has it done.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final

from bot import pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    Point = tuple[float, float]

ROUNDS: Final = 12
"""Of a linear code a few rows are found at a time, and what is left of its bars is read again."""

PAINT: Final = (128, 128, 128)
AROUND: Final = 1.15
BESIDE: Final = 0.35
"""Of a code's length above and below it, of its height beside it: there its number is printed."""

QUALITY: Final = 88


def cover(content: bytes) -> tuple[int, bytes | None]:
    """Paint over every barcode: how many were found, and the picture as a JPEG.

    The picture is None where there is no code, or one that can be read still. `Unreadable` if it
    cannot be looked at.
    """
    picture = next(pictures.pictures_in(content, "RGB", pictures.USUAL_SIDE))
    picture.thumbnail((pictures.USUAL_SIDE, pictures.USUAL_SIDE))  # a PDF's page is not bounded yet
    values: set[str] = set()
    for _ in range(ROUNDS):
        found = list(_found(picture))
        if not found:
            break
        for text, corners in found:
            values.add(text)
            _paint(picture, corners)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=QUALITY)
    left = pictures.codes_in(kept.getvalue())
    values |= {code.value for code in left}
    return len(values), None if left or not values else kept.getvalue()


def _found(picture: Image) -> Iterator[tuple[str, list[Point]]]:
    """Give what each code says, and the corners of it and what is above and below it."""
    import zxingcpp  # noqa: PLC0415 - as in `bot.barcodes`
    from PIL import ImageOps  # noqa: PLC0415

    grey = picture.convert("L")
    for look in (grey, ImageOps.invert(grey), pictures.evened(grey)):
        for one in zxingcpp.read_barcodes(look, try_invert=False):
            if one.valid:
                yield one.text, _corners(one)


def _corners(one: Any) -> list[Point]:
    at = one.position
    named = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    corners = [(float(point.x), float(point.y)) for point in named]
    (ax, ay), (bx, by), _, (dx, dy) = corners
    length, height = math.dist((ax, ay), (bx, by)) or 1.0, math.dist((ax, ay), (dx, dy))
    along = ((bx - ax) / length, (by - ay) / length)
    turned = (dx - ax) * -along[1] + (dy - ay) * along[0] < 0
    wide, high = BESIDE * height, (-1 if turned else 1) * BESIDE * length
    x, y = (sum(each) / 4 for each in zip(*corners, strict=True))
    return [
        (
            x + (px - x) * AROUND + sideways * wide * along[0] - down * high * along[1],
            y + (py - y) * AROUND + sideways * wide * along[1] + down * high * along[0],
        )
        for (px, py), sideways, down in zip(corners, (-1, 1, 1, -1), (-1, -1, 1, 1), strict=True)
    ]


def _paint(picture: Image, corners: list[Point]) -> None:
    from PIL import ImageDraw  # noqa: PLC0415 - as above

    ImageDraw.Draw(picture).polygon(corners, fill=PAINT)
