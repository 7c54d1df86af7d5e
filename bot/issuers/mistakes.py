"""Mistakes in an issuer's file, told with the line, what was expected and what is there."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bot.issuers.lines import Keys, line_of, lines_of
from bot.issuers.schema import every_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SYNTAX = re.compile(r"(?P<said>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)")
_WHERE = re.compile(r"(?P<where>[a-z_]+(?:\.[a-z_]+)*): (?P<said>.*)", re.DOTALL)
_PLACEHOLDER = re.compile(r"(?:found|value of) (\{[^{}]+\})")
_PLAINER = (
    (re.compile(r"^Value error, "), ""),
    (re.compile(r"^Input should be a valid string"), "expected a text"),
    (re.compile(r"^Input should be (?:a valid )?"), "expected "),
    (re.compile(r"^expected (?=integer|list|number)"), "expected a "),
    (re.compile(r"^expected a integer.*"), "expected a whole number"),
    (re.compile(r"^String should match pattern "), "expected a text that fits "),
    (re.compile(r"^List should have at least (\d+) items? .*"), r"expected \1 at least"),
    (re.compile(r"^Dictionary should have at least (\d+) items? .*"), r"expected \1 at least"),
)
_KINDS = {
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "list_type": "expected a list",
}


def syntax(path: Path, error: Exception) -> str:
    """Tell why a file is no TOML."""
    said = _SYNTAX.fullmatch(str(error))
    if said is None:
        return f"{path}: {error}"
    where = f"{path}, line {said['line']}" if said["line"] else f"{path}, at its end"
    told = said["said"].replace("Cannot overwrite a value", "this key is there already")
    return f"{where}: {told[0].lower()}{told[1:]}"


def sentence(path: Path, text: str, said: str) -> str:
    """Tell what is wrong with a file as a whole; `said` may begin with the key it is about."""
    named = _WHERE.fullmatch(said)
    keys: Keys = tuple(named["where"].split(".")) if named else ()
    line = line_of(lines_of(text), keys)
    if placeholder := _PLACEHOLDER.search(said):
        line = _first(text, placeholder[1], line or 1) or line
    return f"{path}, line {line}: {said}" if line else f"{path}: {said}"


def mistakes(path: Path, text: str, data: Mapping[str, Any], error: ValidationError) -> list[str]:
    """Tell every mistake in a file, one a line, in the order of the file."""
    lines = lines_of(text)
    told: dict[Keys, list[str]] = {}
    for mistake in error.errors(include_url=False):
        told.setdefault(_keys(data, mistake), []).append(_said(mistake))
    found: list[tuple[int, str]] = []
    for keys, said in told.items():
        if not keys:
            found.extend((0, sentence(path, text, one)) for one in said)
            continue
        line = line_of(lines, keys)
        where = f"{path}, line {line}" if line else str(path)
        found.append((line or 0, f"{where}: {_name(keys)}: {' or '.join(_short(said))}"))
    return [one for _, one in sorted(found, key=lambda one: one[0])]


def _keys(data: object, mistake: ErrorDetails) -> Keys:
    """Keep of a mistake's place what stands in the file: pydantic names branches of unions too."""
    kept: list[str | int] = []
    node = data
    last = len(mistake["loc"]) - 1
    for at, key in enumerate(mistake["loc"]):
        if isinstance(node, dict) and key in node:
            node = node[str(key)]
        elif isinstance(node, list) and isinstance(key, int) and key < len(node):
            node = node[key]
        elif at < last or mistake["type"] != "missing":
            continue
        kept.append(key)
    return tuple(kept)


def _said(mistake: ErrorDetails) -> str:
    kind, found = mistake["type"], mistake["input"]
    if kind == "missing":
        return "expected, but not there"
    if kind == "extra_forbidden":
        return f"no key of this table is called so{_meant(str(mistake['loc'][-1]))}"
    if kind.startswith("union_tag"):
        expected = mistake.get("ctx", {}).get("expected_tags", "")
        tags = expected.replace("'", "") or "one of those there are"
        there = found.get("kind") if isinstance(found, dict) else found
        return f"expected its kind to be one of {tags}; found {there!r}"
    said = _KINDS.get(kind) or mistake["msg"]
    for pattern, plainer in _PLAINER:
        said = pattern.sub(plainer, said) or said
    shown = isinstance(found, str | int | float | bool) and "found" not in said
    return f"{said}; found {found!r}" if shown else said


def _short(said: list[str]) -> Iterable[str]:
    """Say once what was found where several things would have done."""
    unique = list(dict.fromkeys(said))
    first, *rest = unique
    head, found, _ = first.partition("; found ")
    if not rest or not found or not all(one.endswith(first[len(head) :]) for one in rest):
        return unique
    ending = first[len(head) :]
    others = [one.removesuffix(ending).removeprefix("expected ") for one in rest]
    return [head, *others[:-1], others[-1] + ending]


def _name(keys: Keys) -> str:
    """Write a place as a person counts: `errors#2.status` is in the second `[[errors]]`."""
    name = ""
    for key in keys:
        name += f"#{key + 1}" if isinstance(key, int) else f".{key}" if name else key
    return name


def _meant(name: str) -> str:
    close = get_close_matches(name, every_key(), n=1)
    return f", did you mean {close[0]}?" if close else ""


def _first(text: str, words: str, start: int) -> int | None:
    lines = text.splitlines()
    return next((n for n in range(start, len(lines) + 1) if words in lines[n - 1]), None)
