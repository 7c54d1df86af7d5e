"""Requests and answers as an operator may see them: secrets and a card's values struck out."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_TEXT = 160
MOST_ELEMENTS = 3
SHORT = 6
"""A value shorter than this is struck out as a whole word only: it may be part of any number."""

_PRIVATE_KEY = re.compile(
    r"token|secret|passw|session|signature|authorization|cookie|credential|jwt|api[_-]?key"
    r"|^sign$|^sid$",
    re.IGNORECASE,
)
_PRIVATE_HEADER = re.compile(r"auth|cookie|token|secret|signature|session|key", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]* (?=\S)")
_GROUPS = re.compile(r"[ -]")
LONGEST_GROUPED = 64
_MARK = re.compile(r"‹[^›]*›")
_PAIR = re.compile(r"([^?&=\s]+)=([^&\s]+)")
_HIDDEN = "‹hidden›"


class Struck:
    """Strikes values out of texts; `values` are what to write instead of each, by value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._marks = {spelt: f"‹{name}›" for value, name in values.items() for spelt in _of(value)}
        longest_first = sorted(self._marks, key=len, reverse=True)
        grouped = {value: name for value, name in values.items() if _may_be_grouped(value)}
        self._marks |= {value.casefold(): f"‹{name}›" for value, name in grouped.items()}
        spelt = [*map(_bounded, longest_first), *map(_grouped, grouped)]
        self._pattern = re.compile("|".join(spelt) or r"(?!)")

    def text(self, text: str) -> str:
        """Strike the values out, however a request spells them or an answer groups them."""

        def mark(found: re.Match[str]) -> str:
            plain = _GROUPS.sub("", found[0]).casefold()
            return self._marks.get(found[0]) or self._marks[plain]

        return self._pattern.sub(mark, text)

    def pairs(self, text: str) -> str:
        """Write an address or a form; what its parameters' names give away as secret is hidden."""

        def shown(pair: re.Match[str]) -> str:
            hide = _PRIVATE_KEY.search(pair[1]) and not _MARK.fullmatch(pair[2])
            return f"{pair[1]}={_HIDDEN}" if hide else pair[0]

        return _PAIR.sub(shown, self.text(text))

    def header(self, name: str, value: str) -> str:
        """Write a header; one that carries credentials is hidden but for its scheme."""
        struck = self.text(value)
        if not _PRIVATE_HEADER.search(name):
            return f"{name}: {cut(struck)}"
        scheme = _SCHEME.match(struck) if name.lower() == "authorization" else None
        first = scheme[0] if scheme else ""
        return f"{name}: {struck if _MARK.fullmatch(struck[len(first) :]) else first + _HIDDEN}"

    def body(self, body: bytes) -> str:
        """Write a body: JSON over several lines, anything else by its beginning."""
        text = body.decode(errors="replace")
        try:
            data = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        except (ValueError, RecursionError):
            return cut(self.pairs(" ".join(text.split())))
        return "\n".join(self._lines(data, ""))

    def value(self, value: object) -> str:
        """Write one value of an answer."""
        return cut(" ".join(line.strip() for line in self._lines(value, "")))

    def _lines(self, node: Any, indent: str) -> Iterator[str]:
        inner = f"{indent}  "
        if isinstance(node, dict) and node:
            yield "{"
            left = len(node)
            for key, value in node.items():
                left -= 1
                name = json.dumps(self.text(str(key)), ensure_ascii=False)
                first, *rest = self._lines(self._unless_private(str(key), value), inner)
                yield from _ended([f"{inner}{name}: {first}", *rest], more=left > 0)
            yield f"{indent}}}"
        elif isinstance(node, list) and node:
            yield "["
            for place, value in enumerate(node[:MOST_ELEMENTS], 1):
                first, *rest = self._lines(value, inner)
                yield from _ended([f"{inner}{first}", *rest], more=place < len(node))
            if len(node) > MOST_ELEMENTS:
                yield f"{inner}… {len(node) - MOST_ELEMENTS} more"
            yield f"{indent}]"
        else:
            yield self._plain(node)

    def _unless_private(self, key: str, value: Any) -> Any:
        private = _PRIVATE_KEY.search(key) and isinstance(value, str) and value
        return _HIDDEN if private and not _MARK.fullmatch(self.text(value)) else value

    def _plain(self, node: Any) -> str:
        if isinstance(node, str):
            return json.dumps(cut(self.text(node)), ensure_ascii=False)
        if isinstance(node, Decimal | int) and not isinstance(node, bool):
            return self.text(str(node))
        return json.dumps(node)


def _ended(lines: list[str], *, more: bool) -> list[str]:
    return [*lines[:-1], lines[-1] + ("," if more else "")]


def cut(text: str) -> str:
    """Shorten a long text, and say by how much."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} more)"


def _of(value: str) -> Iterator[str]:
    """Spell a value as it stands in texts, addresses, JSON and basic credentials."""
    if value:
        yield value
        yield quote(value, safe="")
        yield quote_plus(value)
        yield json.dumps(value)[1:-1]
        yield base64.b64encode(value.encode()).decode()


def _may_be_grouped(value: str) -> bool:
    return value.isalnum() and SHORT <= len(value) <= LONGEST_GROUPED


def _grouped(value: str) -> str:
    """Fit a number in groups, as on the card, and in another case."""
    return f"(?i:{'[ -]?'.join(map(re.escape, value))})"


def _bounded(value: str) -> str:
    spelt = re.escape(value)
    return spelt if len(value) >= SHORT else rf"(?<![A-Za-z0-9]){spelt}(?![A-Za-z0-9])"
