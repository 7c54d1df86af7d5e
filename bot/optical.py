"""Print read off pictures, line by line, by the optional package and the model in it.

Blocking, a second or so a picture: only a process of its own (`bot/loupe.py`) does it.
"""

from __future__ import annotations

import time
from functools import cache
from math import hypot
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bot import pictures
from bot.printed import holds_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    Point = tuple[float, float]
    Quad = tuple[Point, Point, Point, Point]

LEAST_SURE: Final = 0.6
FEWEST_DIGITS: Final = 3
"""Of a line that is read once more: it may be a PIN."""

LARGEST_SIDE: Final = 2000
SMALL_SIDE: Final = 900
"""In pixels: the package reads no better above the one; below the other, better if larger."""

LINE_HEIGHT: Final = 64
PATIENCE: Final = 8.0
"""Seconds of computing after which nothing is read once more."""

GLARE: Final = 0.12
"""How much brighter than the rest, of 1, light that shines back makes a part of a line."""
WHITE: Final = 0.93
"""A ground on which no glare can be told from it."""


class Line(NamedTuple):
    """A printed line: as it was read at first, and once more each from the same place made clear.

    `glare`: light shines back from a part of it, so that characters may be missing.
    """

    text: str
    again: Sequence[str] = ()
    glare: bool = False


class _Row(NamedTuple):
    """A line's place, and what was read there; its corners clockwise from where it begins."""

    quad: Quad
    text: str
    pieces: int = 1


@cache
def _engine() -> Any:
    # It takes a second and 100 MB (500 at work), so only whoever switched it on pays for it.
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]  # noqa: PLC0415

    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


def read(content: bytes) -> list[Line]:
    """Read the lines of a picture or of a PDF's first pages, from above. `pictures.Unreadable`."""
    until = time.process_time() + PATIENCE
    lines: list[Line] = []
    for seen in pictures.pictures_in(content, "RGB", LARGEST_SIDE):
        rows = _rows(seen)
        if not any(holds_number(row.text) for row in rows):
            clearer = _clearer(seen)
            found = _rows(clearer)
            if any(holds_number(row.text) for row in found):
                lines += [_line(clearer, row, until) for row in found]
                continue
        lines += [_line(seen, row, until) for row in rows]
    return lines


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _clearer(seen: Image) -> Image:
    """Take the light off a picture, and make a small one larger."""
    from PIL.Image import Resampling  # noqa: PLC0415 - as above

    even = pictures.evened(seen.convert("L"), 0.1).convert("RGB")
    if max(even.size) > SMALL_SIDE:
        return even
    return even.resize((even.width * 2, even.height * 2), Resampling.BICUBIC)


def _rows(seen: Image) -> list[_Row]:
    """Find the lines; pieces that stand behind one another are one."""
    found, _ = _engine()(_pixels(seen))
    rows = [
        _Row(_upright([(float(x), float(y)) for x, y in corners]), text)
        for corners, text, sure in found or ()
        if float(sure) >= LEAST_SURE
    ]
    return list(_joined(rows))


def _pixels(picture: Image) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    return np.asarray(picture.convert("RGB"))[..., ::-1].copy()


def _upright(corners: Sequence[Point]) -> Quad:
    """Begin with the corner from which the longer side leads on, as the package reads it."""
    a, b, c, d = corners
    return (b, c, d, a) if _length(a, d) >= 1.5 * _length(a, b) else (a, b, c, d)


def _length(one: Point, other: Point) -> float:
    return hypot(other[0] - one[0], other[1] - one[1])


def _joined(rows: list[_Row]) -> Iterator[_Row]:
    left = sorted(rows, key=lambda row: (min(y for _, y in row.quad), row.quad[0][0]))
    while left:
        row = left.pop(0)
        while True:
            behind = next((one for one in left if _follows(row, one)), None)
            before = next((one for one in left if _follows(one, row)), None)
            if (other := behind or before) is None:
                break
            left.remove(other)
            first, then = (row, other) if behind else (other, row)
            quad = (first.quad[0], then.quad[1], then.quad[2], first.quad[3])
            row = _Row(quad, f"{first.text} {then.text}", first.pieces + then.pieces)
        yield row


def _follows(row: _Row, other: _Row) -> bool:
    """Tell whether another piece begins where a row ends, as high and about in its direction."""
    a, b, c, d = row.quad
    high, wide = (_length(a, d) + _length(b, c)) / 2, max(1.0, _length(a, b))
    if not 0.6 < _length(other.quad[0], other.quad[3]) / max(high, 1.0) < 1.6:  # noqa: PLR2004
        return False
    along = ((b[0] - a[0]) / wide, (b[1] - a[1]) / wide)
    end = ((b[0] + c[0]) / 2, (b[1] + c[1]) / 2)
    start = [(p + q) / 2 for p, q in zip(other.quad[0], other.quad[3], strict=True)]
    gap = (start[0] - end[0], start[1] - end[1])
    onward = gap[0] * along[0] + gap[1] * along[1]
    aside = gap[1] * along[0] - gap[0] * along[1]
    return -0.5 * high < onward < 1.8 * high and abs(aside) < 0.4 * high


def _line(seen: Image, row: _Row, until: float) -> Line:
    if _digits(row.text) < FEWEST_DIGITS or time.process_time() > until:
        return Line(row.text)
    from PIL import ImageOps  # noqa: PLC0415 - as above

    grey = _cut(seen.convert("L"), row.quad, LINE_HEIGHT)
    again = [
        _read_again(ImageOps.autocontrast(pictures.evened(grey, 0.05), cutoff=1)),
        _read_again(_cut(seen, row.quad, LINE_HEIGHT // 2)),
    ]
    return Line(row.text, again, _has_glare(_cut(seen.convert("L"), _longer(row.quad), 48)))


def _read_again(cut: Image) -> str:
    found, _ = _engine()(_pixels(cut), use_det=False, use_cls=True, use_rec=True)
    return str(found[0][0]) if found and float(found[0][1]) >= LEAST_SURE else ""


def _cut(seen: Image, quad: Quad, height: int, margin: float = 0.08) -> Image:
    """Cut a line out, upright, with a margin in parts of its height."""
    from PIL.Image import Resampling, Transform  # noqa: PLC0415 - as above

    a, b, c, d = quad
    high, wide = max(1.0, _length(a, d)), max(1.0, _length(a, b))
    x, y = (
        ((b[0] - a[0]) / wide, (b[1] - a[1]) / wide),
        ((d[0] - a[0]) / high, (d[1] - a[1]) / high),
    )
    away = margin * high
    corners = [
        value
        for (px, py), onward, down in ((a, -1, -1), (d, -1, 1), (c, 1, 1), (b, 1, -1))
        for value in (
            px + away * (onward * x[0] + down * y[0]),
            py + away * (onward * x[1] + down * y[1]),
        )
    ]
    size = (max(8, int((wide + 2 * away) * height / (high + 2 * away))), height)
    return seen.transform(size, Transform.QUAD, corners, Resampling.BICUBIC)


def _longer(quad: Quad) -> Quad:
    """Take in what stands beside a line, twice its height to each side."""
    a, b, c, d = quad
    part = 2 * _length(a, d) / max(1.0, _length(a, b))
    x, y = (b[0] - a[0]) * part, (b[1] - a[1]) * part
    ends = (c[0] - d[0]) * part, (c[1] - d[1]) * part
    return (
        (a[0] - x, a[1] - y),
        (b[0] + x, b[1] + y),
        (c[0] + ends[0], c[1] + ends[1]),
        (d[0] - ends[0], d[1] - ends[1]),
    )


def _has_glare(grey: Image) -> bool:
    """Tell whether a part of a line, a character wide or more, is nearly white and the rest not."""
    import numpy as np  # noqa: PLC0415 - as above

    ground = np.percentile(np.asarray(grey, np.float32), 75, axis=0) / 255
    usual = float(np.median(ground))
    least = max(0.88, usual + min(GLARE, (1 - usual) * 0.7))
    return usual < WHITE and int(np.count_nonzero(ground > least)) >= grey.height // 2
