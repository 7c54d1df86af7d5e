"""The parts of a message, each found by a small RE2 pattern: amounts and what they are, the card.

RE2 needs time linear in the text whatever the pattern, so no text can make it hang.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import re2

from bot.forwarded import words
from bot.forwarded.said import MARKS, Sum

if TYPE_CHECKING:
    from collections.abc import Iterator

Role = Literal["ignored", "balance", "refunded", "added", "spent", "amount", "bare"]

LONGEST = 4096
"""As long as a Telegram message can be."""

BEFORE, AFTER = 48, 24
"""How far from an amount the word may stand that says what it is."""

_MARK = "|".join(re2.escape(mark) for mark in sorted(MARKS, key=len, reverse=True))
_NUMBER = (
    r"\d+,\d{2}\b|\d{1,3}(?:,\d{3})+(?:\.\d{1,3})?|\d{1,3}(?:\.\d{3})+,\d{2}|\d+(?:\.\d{1,3})?"
)
_SUM = re2.compile(
    rf"(?i)(?P<sign>[-+−] ?)?(?P<before>(?:{_MARK}) ?:? ?)?(?P<sign2>[-+−] ?)?"
    rf"(?P<number>{_NUMBER})(?P<after> ?\(?(?:{_MARK})\)?)?"
)
_ROLES: tuple[tuple[Role, str], ...] = (
    ("ignored", words.IGNORED),
    ("balance", words.BALANCE),
    ("refunded", words.REFUNDED),
    ("added", words.ADDED),
    ("spent", words.SPENT),
    ("amount", words.AMOUNT),
)
_WORD = re2.compile("(?i)" + "|".join(f"(?P<{role}>{pattern})" for role, pattern in _ROLES))
_OF_CARD = re2.compile(f"(?i){words.OF_CARD}")
_PAID = re2.compile(f"(?i){words.PAID}")
_ENDS = re2.compile(r"[。!?\n]|\. |\.$")
_PAUSES = re2.compile(r"[。!?\n,;、)]|\.(?: |$)")
_CARD = re2.compile(words.CARD)
_NOT_SO = re2.compile(words.NOT_SO)
_DOUBTFUL = re2.compile(words.DOUBTFUL)
_NOT_A_CARD = re2.compile(r"^ ?(?:的|之)?(?:手机|用户|号码|电话|客户|会员生日)")
_MASKED = re2.compile(r"(\d*)(?:[*•·]{2,}|[x×]{3,}|X{3,}|\.{3,}) ?-?(\d{3,6})")
_ACCOUNT = (
    r"(?:卡号?|账户|帐户|账号|\bcard|\baccount|\bacct|\ba/c)"
    r"(?: no\.?| number| balance for)?[ :(为]*"
)
_TAILS = tuple(
    re2.compile(f"(?i){pattern}")
    for pattern in (
        rf"(?:{words.TAIL})(?:为|是|[ :(*x\[【])*([0-9a-z]{{3,6}})",
        r"\bend(?:ing|s|ed)(?: in| with)?:? ?[*x.#]*([0-9a-z]{3,6})\b",
        r"\blast (?:4|four)(?: digits)?(?: are| is|:)? ?([0-9a-z]{4})\b",
        rf"{_ACCOUNT}[*x#.]+ ?-?(\d{{3,6}})",
        rf"{_ACCOUNT}(\d{{4}})\b",
        rf"{_ACCOUNT}((?:\d[ -]?){{8,19}})",
    )
)
_SHORTEST_NUMBER = 8
_GLUED = re2.compile(r"[0-9A-Za-z.]$")
_GOES_ON = re2.compile(r"^(?:\d|[./-]\d)")
_COMMA = re2.compile(r"^,\d")
_CLOCK = re2.compile(r"^ \d{1,2}:\d")
_QUANTITY = re2.compile(r"^(?::\d|[年月日时点分号元折%升米])")


@dataclass(frozen=True, slots=True)
class Part:
    """An amount in a message, and what the words beside it say it is; "bare" with no such word."""

    role: Role
    sum: Sum
    sign: str
    preferred: bool
    """It is named so that another of its role does not count."""

    @property
    def is_something(self) -> bool:
        """Say whether it is more than zero."""
        return any(digit in "123456789" for digit in self.sum.number)


def plain(text: str) -> str:
    """Bring a message to one form: full-width characters folded, blanks single, at most 4096."""
    cut = text[:LONGEST].encode(errors="ignore").decode()
    # A full-width comma ends a clause; an ASCII one may stand in a number.
    cut = cut.replace("，", ";").replace("；", ";")
    folded = unicodedata.normalize("NFKC", cut)[:LONGEST]
    kept = (char for char in folded if char == "\n" or unicodedata.category(char)[0] != "C")
    lines = "".join(kept).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def is_not_so(text: str) -> bool:
    """Say whether a text speaks of what has not happened, or is no issuer's."""
    return _NOT_SO.search(text) is not None


def is_doubtful(text: str) -> bool:
    """Say whether a text may speak of what could be; with a balance in it, it does not."""
    return _DOUBTFUL.search(text) is not None


def names_card(text: str) -> bool:
    """Say whether there is a word for a card or an account."""
    return _CARD.search(text) is not None


def tails(text: str) -> tuple[str, ...]:
    """Find the last characters of the cards that are named."""
    found: dict[str, None] = {}
    for masked in _MASKED.finditer(text):
        if not (len(masked[1]) == 3 and masked[1].startswith("1")):  # noqa: PLR2004 - a mobile phone
            found[masked[2]] = None
    for pattern in _TAILS:
        for named in pattern.finditer(text):
            tail = "".join(char for char in named[1] if char.isalnum()).upper()
            follows = text[named.end() :]
            if not any(char.isdigit() for char in tail) or _NOT_A_CARD.search(follows):
                continue
            if follows[:1].isdigit() or follows.lstrip()[:1] == "*" or _is_quantity(follows):
                continue
            found[tail[-4:] if len(tail) >= _SHORTEST_NUMBER else tail] = None
    return tuple(found)


def amounts(text: str) -> list[Part]:
    """Find every amount there is, with what it is."""
    found = list(_sums(text))
    parts = []
    for place, (start, end, sign, said) in enumerate(found):
        earliest = found[place - 1][1] if place else 0
        latest = found[place + 1][0] if place + 1 < len(found) else len(text)
        before = _last_clause(text[max(earliest, start - BEFORE) : start])
        after = _PAUSES.split(text[end : min(latest, end + AFTER)], 1)[0]
        role, word = _role(before, after)
        preferred = bool((_OF_CARD if role == "balance" else _PAID).search(word))
        parts.append(Part(role, said, sign, preferred))
    return parts


def kinds(text: str) -> set[Role]:
    """List the kinds of movement that are named anywhere."""
    named = {role for found in _WORD.finditer(text) for role in _named(found)}
    return named & {"spent", "added", "refunded"}


def _sums(text: str) -> Iterator[tuple[int, int, str, Sum]]:
    """Find what is an amount: it has a currency's mark, or else two decimals and is no date."""
    for found in _SUM.finditer(text):
        start, end = found.start(), found.end()
        marked = bool(found["before"] or found["after"])
        cents = "." in found["number"][-3:-2]
        if _GLUED.search(text[max(0, start - 1) : start]) and not found["before"]:
            continue
        follows = text[end : end + 8]
        if _GOES_ON.search(follows) or (not cents and _COMMA.search(follows)):
            continue
        if marked or (cents and not _is_quantity(follows) and not _CLOCK.search(follows)):
            sign = (found["sign"] or found["sign2"] or "").strip()
            yield start, end, sign.replace("−", "-"), Sum.of(found[0])


def _is_quantity(follows: str) -> bool:
    """Say whether a number is counted in something that is not money, or is part of a time."""
    return _QUANTITY.search(follows) is not None


def _last_clause(before: str) -> str:
    return str(_ENDS.split(before)[-1])


def _role(before: str, after: str) -> tuple[Role, str]:
    """Find the word that says what an amount is: the nearest before it, else the first after."""
    beside = _WORD.search(after.strip())
    if beside and beside.start() == 0 and beside["ignored"] and beside[0].isascii():
        return "ignored", beside[0]
    words_before = [(role, found[0]) for found in _WORD.finditer(before) for role in _named(found)]
    if words_before:
        role, word = words_before[-1]
        refund = [pair for pair in words_before if pair[0] == "refunded"]
        if refund and role in {"added", "spent", "amount"}:
            role, word = refund[-1]
        return role, word
    for found in _WORD.finditer(after):
        for role in _named(found):
            return role, found[0]
    return "bare", ""


def _named(found: re2._Match[str]) -> list[Role]:
    return [role for role, _ in _ROLES if found[role] is not None]
