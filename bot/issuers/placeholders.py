"""Texts with `{number}`, `{secret:NAME}` and `{step:key}` in them, filled safely.

A value is encoded for the place where it stands (path, query, header, JSON, form), so that none can
add a parameter, leave its path segment, end a header or close a JSON string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(
    r"\{\{|\}\}|\{((?:secret:[A-Z][A-Z0-9_]*)|(?!secret:)(?:[a-z][a-z0-9_]*:)?[a-z][a-z0-9_]*)\}"
)
_HEADER = re.compile(r"[\x20-\x7e]+")

Value = str | int
"""What a placeholder stands for; a number was kept from an answer."""

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class Unsayable(ValueError):  # noqa: N818 - the request's shape forbids it, nothing broke
    """A value that cannot stand where the declaration puts it. `name` says which, not what."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the value of {{{name}}} cannot stand in the request")
        self.name = name


class Template:
    """A text with placeholders; `{{` and `}}` are braces. `ValueError` for a broken one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[tuple[str, str | None]] = []
        start = 0
        for found in _TOKEN.finditer(text):
            self._literal(text[start : found.start()])
            name = found.group(1)
            self._parts.append((found.group()[0], None) if name is None else ("", name))
            start = found.end()
        self._literal(text[start:])

    def _literal(self, text: str) -> None:
        if "{" in text or "}" in text:
            raise ValueError(
                f"a placeholder is written {{number}}, {{secret:NAME}} or {{step:key}},"
                f" a brace is doubled; found {text!r}"
            )
        if text:
            self._parts.append((text, None))

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it: `number`, `secret:NAME`, `step:key`."""
        return frozenset(name for _, name in self._parts if name is not None)

    @property
    def literal(self) -> str:
        """What it says without its placeholders."""
        return "".join(text for text, _ in self._parts)

    @property
    def alone(self) -> str | None:
        """The placeholder that is all of it, if it is one."""
        return self._parts[0][1] if len(self._parts) == 1 else None

    def fill(self, values: Mapping[str, Value], encode: Callable[[str], str]) -> str:
        """Put the values in, each through `encode`. `Unsayable` for one that cannot be said."""
        return "".join(
            text if name is None else _encoded(name, values.get(name, ""), encode)
            for text, name in self._parts
        )

    def path(self, values: Mapping[str, Value]) -> str:
        """Fill a URL's path: a value stays inside its segment."""
        filled = self.fill(values, in_url)
        if any(segment in (".", "..") for segment in filled.split("/")):
            raise Unsayable(next(iter(sorted(self.names)), ""))
        return filled

    def address(self, values: Mapping[str, Value]) -> str:
        """Fill a server's address: what it begins with is a URL of the operator's, as it is."""
        leading = self._parts[0][1] if self._parts else None
        if leading is None:
            return self.fill(values, in_url)
        rest = Template(self.text.removeprefix(f"{{{leading}}}"))
        return str(values[leading]).strip().rstrip("/") + rest.fill(values, in_url)


def _encoded(name: str, value: Value, encode: Callable[[str], str]) -> str:
    if value == "":  # an empty code would ask for every card there is
        raise Unsayable(name)
    try:
        return encode(str(value))
    except ValueError:
        raise Unsayable(name) from None


def in_url(value: str) -> str:
    """Encode for one path segment, or one name or value of a query."""
    return quote(value, safe="")


def in_header(value: str) -> str:
    """Let only visible ASCII and blanks into a header."""
    if not _HEADER.fullmatch(value):
        raise ValueError("not a header's characters")
    return value


def verbatim(value: str) -> str:
    """Leave a value as it is, for a string that is serialised afterwards."""
    value.encode()  # UTF-8 does not have half of a surrogate pair
    return value


class JsonTemplate:
    """A JSON document whose strings are templates; keys and shape are fixed.

    A placeholder that is all of a string gives a number where a number was kept.
    """

    def __init__(self, document: Json) -> None:
        self._document = document
        self._names: set[str] = set()
        self._templates: dict[str, Template] = {}
        self._collect(document)

    def _collect(self, node: Json) -> None:
        if isinstance(node, str):
            template = self._templates.setdefault(node, Template(node))
            self._names |= template.names
        elif isinstance(node, dict | list):
            for child in node.values() if isinstance(node, dict) else node:
                self._collect(child)
        elif not isinstance(node, int | float | None):  # TOML has times, JSON has not
            what = type(node).__name__
            raise ValueError(f"expected what JSON can say, found a {what}")  # noqa: TRY004

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in its strings."""
        return frozenset(self._names)

    @property
    def is_table(self) -> bool:
        """Whether it is an object, with keys."""
        return isinstance(self._document, dict)

    def fill(self, values: Mapping[str, Value]) -> Json:
        """Give the document with its strings filled."""
        return self._filled(self._document, values)

    def _filled(self, node: Json, values: Mapping[str, Value]) -> Json:
        if isinstance(node, str):
            template = self._templates[node]
            alone = None if template.alone is None else values.get(template.alone)
            return alone if isinstance(alone, int) else template.fill(values, verbatim)
        if isinstance(node, dict):
            return {key: self._filled(child, values) for key, child in node.items()}
        if isinstance(node, list):
            return [self._filled(child, values) for child in node]
        return node
