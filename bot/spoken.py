"""What people write where a command would do: "星巴克还有多少", "show my coffee card", "备份".

Only whole sentences count, so that a card's name, a shop's message or a note is taken for none.
Each stands for a command with the words behind it; the command says what is missing. The sentences
are in `<code>.phrases` beside the languages' catalogues; people may speak any of the languages.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from bot.languages import CATALOGUES

LONGEST: Final = 60
"""In characters; what is longer tells a story."""

AMOUNTS: Final = frozenset({"pay", "spent", "topup", "refund", "set"})
"""Commands that an amount stands behind."""

HEARS: Final = frozenset(
    {"paying", "spend", "set", "threshold", "quiet", "quick", "expiry", "leads", "support"}
    | {"forwarded", "timezone"}
)
"""The conversations that await an amount, a day, hours, a place or a card, and no words."""

_NUMERALS: Final = "零一二两三四五六七八九十百千万半"
_SUM: Final = rf"(?=[¥$€£]?\s?\d|[{_NUMERALS}]+[块元点])"
"""Here an amount begins."""

_PIECES: Final = {
    "{rest}": rf"(?P<what>{_SUM}.+)",
    "{sum}": rf"(?P<what>{_SUM}[¥$€£]?\s?[\d.,{_NUMERALS}块元点毛角]+(?: ?[a-z]{{3}}(?![a-z]))?)",
    "{any}": r"(?P<card>[^\d,.:;?!。]{0,20}?)",
    "{name}": r"(?:(?P<card>[^\d¥$€£,.:;?!。]{1,20}?)(?:卡?[里上])?的?)",
    "{card}": r"(?P<card>.{1,30}?)",
    "{day}": r"(?:今天|(?P<day>昨天|前天))",
    "{when}": r"(?:什么时候|啥时候|何时|哪天|几号|多久)",
    "{my}": r"(?:(?:my|the|our) )?",
    "{said}": r"(?P<what>(?:·?\d{4}\s?)?(?:(?!您|尾号)[^\d【\[:,。]){0,16}?(?:",
    "{end}": r")\D{0,16})",
}
"""Around a trouble stands what its holder says; an issuer's message says whose, when, how much."""

_OPENING: Final = re.compile(r"\((?!\?)")
_POLITE: Final = re.compile(
    r"(?:(?:请问|请|麻烦你?|帮我|给我|我想要?|我要|我需要|怎么样?|如何|怎样|能不能|可不可以"
    r"|please\s|(?:can|could|would) you\s|i(?: want| would like|.?d like| need) to\s"
    r"|how (?:do|can) i\s|how to\s|let me\s|let.s\s)\s*)+",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(
    r"(?:[\s?？!！。.~～…]|吗|呢|吧|啊|呀|么|嘛|,? please)+$", re.IGNORECASE
)  # fmt: skip
_THANKS: Final = re.compile(
    r"谢谢你?|谢啦|多谢|感谢|辛苦了|谢了|thanks?(?: you)?(?: a lot| so much)?|thx", re.IGNORECASE
)


class Wish(NamedTuple):
    """A command and what stands behind it."""

    command: str
    args: str = ""


def meant(text: str, awaited: str | None = None) -> Wish | None:
    """Find the command a sentence stands for; None where it stands for none.

    `awaited` is the kind of the conversation it was said in: where words are awaited it stands for
    itself, and where an amount or a day is, amounts do.
    """
    if len(text) > LONGEST or "\n" in text or (awaited and awaited not in HEARS):
        return None
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    whole = _ENDS.sub("", plain)
    asked = _POLITE.match(whole)
    for said in (whole[asked.end() :] if asked else "", whole):
        for command, pattern in _sentences():
            if said and (found := pattern.fullmatch(said)):
                itself = command == "pay" if awaited == "paying" else command in AMOUNTS
                return None if awaited and itself else Wish(command, _behind(found, command))
    return None


def is_thanks(text: str) -> bool:
    """Say whether somebody only says thank you."""
    return _THANKS.fullmatch(_ENDS.sub("", " ".join(text.split()))) is not None


def _behind(found: re.Match[str], command: str) -> str:
    """Put the amount, the card and the day in the order in which commands read them best."""
    groups = found.groupdict()
    order = ("what", "card", "day") if command in AMOUNTS else ("card", "what")
    said = (groups.get(name) or groups.get(f"{name}2") for name in order)
    return " ".join(word.strip() for word in said if word)


@lru_cache(maxsize=1)
def _sentences() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Read all languages' sentences, when the first is said."""
    found, command = [], ""
    for path in sorted(CATALOGUES.glob("*.phrases")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                command = line.strip("[]")
            elif line and not line.startswith("#"):
                found.append((command, _compiled(line)))
    return tuple(found)


def _compiled(line: str) -> re.Pattern[str]:
    pattern = _OPENING.sub("(?:", line)
    for name, piece in _PIECES.items():
        pattern = pattern.replace(name, piece, 1)
    # A day may stand before or behind who spent.
    pattern = pattern.replace("{day}", _PIECES["{day}"].replace("<day>", "<day2>"))
    return re.compile(pattern, re.IGNORECASE)
