"""On which line of a TOML file each key stands, which `tomllib` does not say."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Keys = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and places in arrays, from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*([\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*""", re.ASCII)
_PLAIN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^\s,\]}#]+"
    r"|[^\s,\]}#]+",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Keys, int]:
    """Find the line of every key, table and element. `text` is TOML that `tomllib` has read."""
    scan = _Scan(text)
    scan.document()
    return scan.lines


def line_of(lines: Mapping[Keys, int], keys: Keys) -> int | None:
    """Give the line of a key, or of the innermost table around it; None for the whole file."""
    return next(
        (lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in lines),
        None,
    )


class _Scan:
    def __init__(self, text: str) -> None:
        self.lines: dict[Keys, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._last: dict[Keys, int] = {}  # of each array of tables, the place of its newest

    def document(self) -> None:
        table: Keys = ()
        while self._more():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)

    def _more(self) -> bool:
        self._skip()
        return self._at < len(self._text)

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _take(self, mark: str) -> bool:
        self._skip()
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) if found else 0
        return found

    def _note(self, keys: Keys) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(keys, self._line)

    def _header(self) -> Keys:
        many = self._take("[[")
        if not many:
            self._take("[")
        table: Keys = ()
        names = self._names()
        for name in names[:-1]:
            table = (*table, name)
            table = (*table, self._last[table]) if table in self._last else table
        table = (*table, names[-1])
        self._note(table)
        if many:
            self._last[table] = self._last.get(table, -1) + 1
            table = (*table, self._last[table])
            self._note(table)
        self._take("]]" if many else "]")
        return table

    def _names(self) -> list[str]:
        names: list[str] = []
        while not names or self._take("."):
            found = _KEY.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
            name = found[1]
            names.append(tomllib.loads(f"x = {name}")["x"] if name[0] in "\"'" else name)
        return names

    def _assignment(self, table: Keys) -> None:
        for name in self._names():
            table = (*table, name)
            self._note(table)
        self._take("=")
        self._value(table)

    def _value(self, keys: Keys) -> None:
        if self._take("["):
            place = 0
            while not self._take("]"):
                self._note((*keys, place))
                self._value((*keys, place))
                self._take(",")
                place += 1
        elif self._take("{"):
            while not self._take("}"):
                self._assignment(keys)
                self._take(",")
        else:
            self._skip()
            found = _PLAIN.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
