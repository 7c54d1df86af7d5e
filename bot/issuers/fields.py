"""What a holder is asked for: how it is written, cleaned and checked, in one declaration."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from stdnum import ean, luhn

if TYPE_CHECKING:
    from collections.abc import Mapping

CheckDigit = Literal["luhn", "ean"]
"""ISO/IEC 7812-1, annex B, and GS1 General Specifications, 7.9, of whatever length."""

Mistake = Literal["shape", "check_digit"]

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
        """Whether a value, as typed or normalised, has the declared shape and check digit."""
        return self.mistake(text) is None

    def mistake(self, text: str) -> Mistake | None:
        """Say what is wrong with a value: another shape, or a digit mistyped; None if it is good.

        A value of the right shape whose check digit is wrong is one that was read off a card, with
        a digit misread or two changed round: its holder is told so.
        """
        value = self.normalise(text)
        if not 0 < len(value) <= LONGEST or self._shape.fullmatch(value) is None:
            return "shape"
        if self.check_digit is not None and not _CHECKS[self.check_digit](value):
            return "check_digit"
        return None


def _luhn(value: str) -> bool:
    return value.isascii() and value.isdigit() and luhn.checksum(value) == 0


def _ean(value: str) -> bool:
    """Check the last digit. `ean.is_valid` would insist on 8, 12, 13 or 14: cards have 18 too."""
    digits = value.isascii() and value.isdigit() and len(value) > 1
    return digits and ean.calc_check_digit(value[:-1]) == value[-1]


_CHECKS = {"luhn": _luhn, "ean": _ean}


def looks_like_one_number(text: str) -> bool:
    """Whether pasted text is a number, maybe in groups, rather than a sentence with a number in it.

    Blanks are dropped before a pattern is tried, and "my card 123" must not become "MYCARD123".
    """
    groups = text.split()
    return len(text) <= LONGEST and (
        len(groups) == 1 or all(any(c.isdigit() for c in group) for group in groups)
    )
