"""What a holder is asked for: how it is written, cleaned and checked, in one declaration."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CheckDigit = Literal["luhn", "ean"]
"""ISO/IEC 7812-1, annex B, and GS1 General Specifications, 7.9."""

BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
DASHES = re.compile(r"[-\u2010-\u2015\u2212\ufe58]+")
LONGEST = 200


@dataclass(frozen=True)
class Field:
    """One thing a holder gives: `label`, `hint` by language code, `pattern` of the whole value.

    The pattern is matched against the normalised value. `keep_dashes` is for codes in which a
    dash means something; `case` folds where the issuer does not tell upper from lower.
    """

    name: str
    label: Mapping[str, str]
    pattern: str
    secret: bool = False
    example: str | None = None
    hint: Mapping[str, str] = field(default_factory=dict)
    case: Literal["keep", "upper", "lower"] = "keep"
    keep_dashes: bool = False
    check_digit: CheckDigit | None = None

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def normalise(self, text: str) -> str:
        """Write a value the one way it is stored, compared and sent.

        Full-width characters become ordinary ones; blanks and dashes that only group go.
        """
        plain = BLANK.sub("", unicodedata.normalize("NFKC", text))
        plain = DASHES.sub("-" if self.keep_dashes else "", plain)
        if self.case != "keep":
            plain = plain.upper() if self.case == "upper" else plain.lower()
        return unicodedata.normalize("NFKC", plain)  # dropping a blank can leave letters to join

    def accepts(self, text: str) -> bool:
        """Whether a value, as typed or normalised, has the declared shape."""
        value = self.normalise(text)
        return 0 < len(value) <= LONGEST and self._shape.fullmatch(value) is not None


def looks_like_one_number(text: str) -> bool:
    """Whether pasted text is a number, maybe in groups, rather than a sentence with a number in it.

    Blanks are dropped before a pattern is tried, and "my card 123" must not become "MYCARD123".
    """
    groups = text.split()
    return len(text) <= LONGEST and (
        len(groups) == 1 or all(any(c.isdigit() for c in group) for group in groups)
    )
