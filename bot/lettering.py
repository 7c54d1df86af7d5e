"""How words are written in charts: in the font beside this module alone, whatever people named.

It has every character of GB 2312, so that a machine needs no Chinese font.
"""

# ruff: noqa: PLC0415 - the library takes long to load and is not needed until somebody looks

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Callable

FONT: Final = Path(__file__).parent / "fonts" / "KabaoSans-Regular.otf"
INK: Final = "#24323d"
MISSING: Final = "□"
LONGEST: Final = 28
"""In halves of a Chinese character."""

_LETTERS: Final = frozenset("LN")


def shortened(label: str) -> str:
    """Cut a label that is too long for its place; what stands behind its last dot stays."""
    name, dot, tail = label.rpartition(" ·") if " ·" in label else (label, "", "")
    if width(name) > LONGEST:
        while width(name) >= LONGEST:
            name = name[:-1]
        label = f"{name}…{dot}{tail}"
    return label


def shown(text: str) -> str:
    """Leave out emoji and what cannot be seen, and put a box for a letter the font has not."""
    known = characters()
    kept = [char if ord(char) in known else _instead_of(char) for char in text]
    return " ".join("".join(kept).split())


def width(text: str) -> int:
    """Give how wide a text is, in halves of a Chinese character."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _instead_of(char: str) -> str:
    return MISSING if category(char)[0] in _LETTERS else ""


def write(
    where: Callable[..., Any], x: float, y: float, text: str, *, size: int, **more: Any
) -> None:
    """Write a text where matplotlib is told to; `size` is in points."""
    more = {"color": INK, **more}
    where(x, y, shown(text), fontproperties=font(size), parse_math=False, **more)


@lru_cache(maxsize=8)
def font(size: int) -> Any:
    """Give the font in a size in points."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(FONT), size=size)


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Give the code points the font has."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(FONT)).get_charmap())
