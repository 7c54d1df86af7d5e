"""Issuers' files: which there are, and what one of them declares."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.issuers.format.issuer import HttpDeclaration, ManualDeclaration
from bot.issuers.lines import lines_of
from bot.issuers.mistakes import mistakes, syntax
from bot.issuers.schema import CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CATALOG = Path(__file__).with_name("catalog")
"""The issuers that come with Kabao."""

Declared = HttpDeclaration | ManualDeclaration

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_KINDS: Mapping[str, type[HttpDeclaration | ManualDeclaration]] = {
    "http": HttpDeclaration,
    "manual": ManualDeclaration,
}
_CHOICE = re.compile(r"\{secret:([A-Z][A-Z0-9_]*)\}")


class IssuerFileError(Exception):
    """An issuer's file cannot be used: its name, the key, what was expected and what is there.

    One line for each mistake.
    """


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it lies there: any change of it changes this."""

    path: Path
    changed: int  # nanoseconds
    size: int
    inode: int


def look(folders: Iterable[Path]) -> dict[str, Found]:
    """List the files by the slug they give; a later folder's file replaces one of its name.

    A folder that is not there has none.
    """
    found: dict[str, Found] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                there = path.stat()
            except FileNotFoundError:
                continue
            except OSError:  # reading it will say why
                found[path.stem] = Found(path, 0, 0, 0)
                continue
            found[path.stem] = Found(path, there.st_mtime_ns, there.st_size, there.st_ino)
    return found


def read_file(path: Path, secrets: Mapping[str, str]) -> tuple[Declared, tuple[str, ...]]:
    """Read one issuer's file, and the names of the secrets that it lacks.

    `IssuerFileError` with every mistake in it, one a line.
    """
    return read_text(path, text_of(path), secrets)


def text_of(path: Path) -> str:
    """Give what is written in a file. `IssuerFileError` if it is none, or cannot name an issuer."""
    if not _SLUG.fullmatch(path.stem):
        raise IssuerFileError(f"{path}: expected a name of a-z, 0-9 and - (it names the issuer)")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise IssuerFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise IssuerFileError(f"{path}: expected text in UTF-8 ({error.reason})") from None


def read_text(
    path: Path, text: str, secrets: Mapping[str, str]
) -> tuple[Declared, tuple[str, ...]]:
    """Read what is written in an issuer's file. `IssuerFileError` with every mistake in it."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise IssuerFileError(syntax(path, error)) from None
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise IssuerFileError(_kind(path, text, data))
    defaults = data.get("defaults")
    known = {**(defaults if isinstance(defaults, dict) else {}), **secrets}
    settled, unset = _settled(data, known)
    try:
        declared = _KINDS[kind].model_validate(settled)
    except ValidationError as error:
        raise IssuerFileError("\n".join(mistakes(path, text, data, error))) from None
    used = declared.secrets() if isinstance(declared, HttpDeclaration) else frozenset()
    return declared, tuple(sorted({n for n in used if not known.get(n)} | unset))


def _kind(path: Path, text: str, data: Mapping[str, Any]) -> str:
    expected = 'kind: expected "http" or "manual"'
    if "kind" not in data:
        return f"{path}: {expected}, but not there"
    line = lines_of(text)["kind",]
    return f"{path}, line {line}: {expected}; found {data['kind']!r}"


def _settled(data: dict[str, Any], known: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
    """Put the operator's values in where a file leaves a choice to them, such as a currency.

    A choice that was not made is a valid one for the time being: the issuer is off.
    """
    unset: set[str] = set()

    def settle(node: object, key: str) -> object:
        if isinstance(node, dict):
            return {k: settle(v, k) for k, v in node.items()}
        if isinstance(node, list):
            return [settle(v, key) for v in node]
        chosen = _CHOICE.fullmatch(node) if key in CHOICES and isinstance(node, str) else None
        if chosen is None:
            return node
        if not known.get(chosen[1]):
            unset.add(chosen[1])
        return known.get(chosen[1]) or CHOICES[key]

    return {key: settle(value, key) for key, value in data.items()}, unset
