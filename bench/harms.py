"""What happens to a card, and to the photo of it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    Box = tuple[int, int, int, int]
    Harm = Callable[[Image.Image, random.Random], Image.Image]

USUAL_QUALITY: Final = 85
QUALITIES: Final = {"compressed": 12, "in blocks": 9}


def done(
    picture: Image.Image, harms: str, marks: Mapping[str, Box], chance: random.Random
) -> bytes:
    """Do to a picture what is named, and give it as the JPEG a chat would bring.

    `marks` says where the barcode, the number and the PIN are, for what befalls just these.
    """
    quality = USUAL_QUALITY
    for harm in harms.split(", "):
        quality = QUALITIES.get(harm, quality)
        if harm == "under glare":
            for box in marks.values():
                picture = _glare(picture, box, chance)
        elif harm == "scratched off":
            _residue(picture, marks["pin"], chance)
        elif harm in _CHANGES:
            picture = _CHANGES[harm](picture, chance)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=quality)
    return kept.getvalue()


def clutter(card: Image.Image, chance: random.Random) -> None:
    """Print a card all over with a pattern: stripes, leaves, letters."""
    draw = ImageDraw.Draw(card, "RGBA")
    for _ in range(130):
        x, y = chance.randrange(card.width), chance.randrange(card.height)
        shade = (*(chance.randrange(256) for _ in range(3)), chance.randrange(40, 110))
        size = chance.randrange(20, 140)
        match chance.randrange(3):
            case 0:
                draw.ellipse((x, y, x + size, y + size // 2), fill=shade)
            case 1:
                to = (x + chance.randrange(-400, 400), y + chance.randrange(-300, 300))
                draw.line((x, y, *to), fill=shade, width=chance.randrange(2, 9))
            case _:
                draw.rectangle((x, y, x + size, y + size // 3), fill=shade)


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


def _scratched(picture: Image.Image, chance: random.Random) -> Image.Image:
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        at = (chance.randrange(picture.width), chance.randrange(picture.height))
        to = (at[0] + chance.randrange(-300, 300), at[1] + chance.randrange(-300, 300))
        draw.line((at, to), fill=(235, 235, 230), width=chance.choice((1, 2, 3)))
    return picture


def _in_perspective(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Look at it from the side: the far edge is 35 to 55 % shorter, and all of it is turned."""
    width, height = picture.size
    far = chance.uniform(0.17, 0.28)
    inset = far * (height if (sideways := chance.random() < 0.5) else width)  # noqa: PLR2004
    if sideways:  # one of the shorter sides is far away
        to = [(0.0, 0.0), (width * 0.8, inset), (width * 0.8, height - inset), (0.0, height)]
    else:
        to = [
            (inset, height * 0.25),
            (width - inset, height * 0.25),
            (width, height),
            (0.0, height),
        ]
    if chance.random() < 0.5:  # noqa: PLR2004
        to = [(width - x, y) for x, y in (to[1], to[0], to[3], to[2])]
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    rows = []
    for (x, y), (u, v) in zip(to, corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    known = [value for corner in corners for value in corner]
    found = np.linalg.solve(np.array(rows, float), np.array(known, float))
    way = Image.Transform.PERSPECTIVE
    seen = picture.transform(picture.size, way, list(found), Image.Resampling.BICUBIC)
    return seen.rotate(chance.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)


def _lit(picture: Image.Image, light: Any) -> Image.Image:
    shade = np.clip(np.asarray(picture, float) * light, 0, 255)
    return Image.fromarray(shade.astype(np.uint8))


def _in_uneven_light(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Hold it beside a lamp, in a hand's shadow: warm, from nearly dark to bright."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width]
    angle = chance.uniform(0, 2 * math.pi)
    along = (x - picture.width / 2) * math.cos(angle) + (y - picture.height / 2) * math.sin(angle)
    light = 0.5 + 0.42 * np.tanh(along / picture.width * 4)
    edge = chance.uniform(0.25, 0.75) * picture.width
    light = np.where(x - 0.4 * y < edge, light, light * 0.45)
    return _lit(picture, light[..., None] * np.array([1.0, 0.86, 0.62]))


def _glare(picture: Image.Image, box: Box, chance: random.Random) -> Image.Image:
    """Let a lamp shine back from just there, a few characters wide and nearly white."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width]
    at = chance.uniform(box[0], box[2])
    wide, high = chance.uniform(60, 130), chance.uniform(40, 90)
    far = ((x - at) / wide) ** 2 + ((y - (box[1] + box[3]) / 2) / high) ** 2
    glow = chance.uniform(0.7, 0.93) * np.exp(-(far**2))
    lit = np.asarray(picture, float) * (1 - glow[..., None]) + 255 * glow[..., None]
    return Image.fromarray(lit.astype(np.uint8))


def _residue(picture: Image.Image, box: Box, chance: random.Random) -> None:
    """Leave what was scratched off badly: grey crumbs and strips over a part of the characters."""
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = box[0] - 20, box[1] - 12, box[2] + 20, box[3] + 12
    for edge in ((left - 60, top, left, bottom), (right, top, right + 60, bottom)):
        draw.rectangle(edge, fill=(150, 150, 152))
    for _ in range(60):
        x, y = chance.uniform(left, right), chance.uniform(top, bottom)
        size = abs(chance.gauss(0, 5)) + 1
        grey = chance.randrange(130, 175)
        draw.ellipse((x - size, y - size * 0.7, x + size, y + size * 0.7), fill=(grey, grey, grey))
    for _ in range(5):
        x, y = chance.uniform(left, right), chance.uniform(top, bottom)
        to = (x + chance.uniform(-90, 90), y + chance.uniform(-14, 14))
        draw.line((x, y, *to), fill=(160, 160, 163), width=chance.randrange(2, 8))


def _shaken(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Move the camera by a few pixels while it looks."""
    angle, length = chance.uniform(0, math.pi), chance.uniform(7, 13)
    steps = 12
    seen = np.zeros((picture.height, picture.width, 3))
    for step in range(steps):
        by = length * (step / (steps - 1) - 0.5)
        way = (1, 0, by * math.cos(angle), 0, 1, by * math.sin(angle))
        moved = picture.transform(
            picture.size, Image.Transform.AFFINE, way, Image.Resampling.BILINEAR
        )
        seen += np.asarray(moved, float) / steps
    return Image.fromarray(seen.astype(np.uint8))


def _tiny(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Make it a thumbnail: characters 10 to 13 pixels high."""
    part = chance.uniform(4.0, 5.0)
    return picture.resize((int(picture.width / part), int(picture.height / part)))


def _on_its_side(picture: Image.Image, chance: random.Random) -> Image.Image:
    angle = chance.choice((90, 180, 270, 45, 225, 150)) + chance.uniform(-8, 8)
    return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(96, 72, 52))


def _displaced(picture: Image.Image, dx: Any, dy: Any) -> Image.Image:
    """Take each pixel from `dx`, `dy` farther, bilinear."""
    content = np.asarray(picture, float)
    height, width = content.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = np.clip(x + dx, 0, width - 1.001), np.clip(y + dy, 0, height - 1.001)
    left, top = u.astype(int), v.astype(int)
    right, below = (u - left)[..., None], (v - top)[..., None]
    upper = content[top, left] * (1 - right) + content[top, left + 1] * right
    lower = content[top + 1, left] * (1 - right) + content[top + 1, left + 1] * right
    return Image.fromarray((upper * (1 - below) + lower * below).astype(np.uint8))


def _curved(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Bend it, as paper round a cup: lines become arcs, and its sides get dark and narrow."""
    _, x = np.mgrid[0 : picture.height, 0 : picture.width].astype(float)
    across = (x - picture.width / 2) / (picture.width / 2)
    arc = chance.choice((-1, 1)) * chance.uniform(50, 90) * (1 - across**2)
    narrow = 0.16 * picture.width / 2 * (np.arcsin(across * 0.97) / 1.3 - across)
    bent = _displaced(picture, narrow, arc)
    return _lit(bent, (1 - 0.6 * across**4)[..., None])


def _crumpled(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Fold a printed page in several places: lines break a little, and each facet has its shade."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width].astype(float)
    dx, dy, light = np.zeros_like(x), np.zeros_like(x), np.ones_like(x)
    for _ in range(7):
        angle = chance.uniform(0, math.pi)
        away = (x - chance.uniform(0, picture.width)) * math.cos(angle)
        away += (y - chance.uniform(0, picture.height)) * math.sin(angle)
        bend = chance.uniform(-0.05, 0.05) * np.abs(away)
        dx += bend * math.cos(angle)
        dy += bend * math.sin(angle)
        light *= 1 + chance.uniform(-0.22, 0.22) * np.tanh(away / 30)
        light *= 1 - 0.35 * np.exp(-((away / 4) ** 2))
    return _lit(_displaced(picture, dx, dy), light[..., None])


_CHANGES: Final[Mapping[str, Harm]] = {
    "skewed": _skewed,
    "turned": _turned,
    "dim": _dim,
    "bright": _bright,
    "scratched": _scratched,
    "blurred": _blurred,
    "noisy": _noisy,
    "small": _small,
    "in perspective": _in_perspective,
    "in uneven light": _in_uneven_light,
    "shaken": _shaken,
    "tiny": _tiny,
    "on its side": _on_its_side,
    "curved": _curved,
    "crumpled": _crumpled,
}
