"""The issuers there are: one TOML file each, from several folders, the later folder winning."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.issuers.format.issuer import HttpDeclaration, ManualDeclaration
from bot.issuers.http import HttpIssuer
from bot.issuers.manual import ManualIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import aiohttp

    from bot.issuers.contract import Issuer

CATALOG = Path(__file__).with_name("catalog")
"""The issuers that come with Kabao."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_KINDS: Mapping[str, type[HttpDeclaration | ManualDeclaration]] = {
    "http": HttpDeclaration,
    "manual": ManualDeclaration,
}


_CHOICE = re.compile(r"\{secret:([A-Z][A-Z0-9_]*)\}")
_CHOICES = {"currency": "XXX", "amount_format": "decimal", "timezone": "UTC"}
"""What a file may leave to the operator besides texts, and what stands there until they chose."""

LEAST_DIGITS = 8
LEAST_CODE = 10
_AMOUNT = re.compile(r"[\d\s,.]*\d[.,]\d{1,3}")


class IssuerFileError(Exception):
    """An issuer's file cannot be used: its name, the key, what was expected and what is there."""


def _now() -> datetime:
    return datetime.now(UTC)


class Issuers:
    """The issuers that are on, in the order they are offered.

    `off` has the others: slug to the names of the operator's secrets that are not set.
    """

    def __init__(
        self, issuers: Iterable[Issuer], off: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        # Those that ask an API are the more specific ones, and come first.
        self._issuers = {i.slug: i for i in sorted(issuers, key=lambda i: (not i.asks_api, i.slug))}
        self.off: Mapping[str, tuple[str, ...]] = off or {}

    @classmethod
    def load(
        cls,
        folders: Sequence[Path],
        secrets: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime] = _now,
    ) -> Issuers:
        """Read every `*.toml` of the folders; a later folder's file replaces one of its name.

        `secrets` are the operator's, by name (`PRETIX_TOKEN`); an issuer that lacks one is off.
        `IssuerFileError` for the first file that cannot be used.
        """
        issuers: list[Issuer] = []
        off: dict[str, tuple[str, ...]] = {}
        for slug, path in _files(folders).items():
            declared, missing = read_file(path, secrets)
            if isinstance(declared, ManualDeclaration):
                issuers.append(ManualIssuer(slug, declared))
                continue
            if missing:
                off[slug] = missing
                continue
            try:
                known = {**declared.defaults, **{n: v for n, v in secrets.items() if v}}
                issuers.append(HttpIssuer(slug, declared, known, http, clock))
            except ValueError as error:
                raise IssuerFileError(f"{path}: {error}") from None
        return cls(issuers, off)

    def get(self, slug: str) -> Issuer | None:
        """Look an issuer up by its slug; None if it is gone or off."""
        return self._issuers.get(slug)

    def all(self) -> list[Issuer]:
        """Every issuer that is on."""
        return list(self._issuers.values())

    def looks_like_a_number(self, text: str) -> bool:
        """Tell whether a text nobody asked a number for is one all the same.

        Such a text holds a secret wherever it was typed. An amount or a name is not taken for one.
        """
        digits = sum(character.isdigit() for character in text)
        if not digits or _AMOUNT.fullmatch(text.strip()):
            return False
        found = self.proposals(text)
        known = len(text) >= LEAST_CODE and any(issuer.asks_api for issuer in found)
        return known or (digits >= LEAST_DIGITS and bool(found))

    def proposals(self, pasted: str) -> list[Issuer]:
        """Propose issuers for a pasted number, the likeliest first; none for a sentence."""
        return [issuer for issuer in self._issuers.values() if issuer.recognises(pasted)]


def _files(folders: Sequence[Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise IssuerFileError(f"{folder}: expected a folder of issuers' files")
        for path in sorted(folder.glob("*.toml")):
            if not _SLUG.fullmatch(path.stem):
                raise IssuerFileError(
                    f"{path}: expected a name of a-z, 0-9 and - (it names the issuer)"
                )
            files[path.stem] = path
    return files


def read_file(
    path: Path, secrets: Mapping[str, str]
) -> tuple[HttpDeclaration | ManualDeclaration, tuple[str, ...]]:
    """Read one issuer's file, and the names of the secrets that it lacks.

    `IssuerFileError` with every mistake in it, one a line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise IssuerFileError(f"{path}: {error}") from None
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise IssuerFileError(f'{path}: kind: expected "http" or "manual", found {kind!r}')
    defaults = data.get("defaults")
    known = {**(defaults if isinstance(defaults, dict) else {}), **secrets}
    settled, unset = _settled(data, known)
    try:
        declared = _KINDS[kind].model_validate(settled)
    except ValidationError as error:
        raise IssuerFileError("\n".join(_mistakes(path, text, error))) from None
    used = declared.secrets() if isinstance(declared, HttpDeclaration) else frozenset()
    return declared, tuple(sorted({n for n in used if not known.get(n)} | unset))


def _settled(
    data: dict[str, object], known: Mapping[str, str]
) -> tuple[dict[str, object], set[str]]:
    """Put the operator's values in where a file leaves a choice to them, such as a currency.

    A choice that was not made is a valid one for the time being: the issuer is off.
    """
    unset: set[str] = set()

    def settle(node: object, key: str) -> object:
        if isinstance(node, dict):
            return {k: settle(v, k) for k, v in node.items()}
        if isinstance(node, list):
            return [settle(v, key) for v in node]
        chosen = _CHOICE.fullmatch(node) if key in _CHOICES and isinstance(node, str) else None
        if chosen is None:
            return node
        if not known.get(chosen[1]):
            unset.add(chosen[1])
        return known.get(chosen[1]) or _CHOICES[key]

    return {key: settle(value, key) for key, value in data.items()}, unset


def _mistakes(path: Path, text: str, error: ValidationError) -> Iterable[str]:
    for mistake in error.errors(include_url=False):
        keys = [str(key) for key in mistake["loc"]]
        line = _line(text, keys)
        where = f"{path}, line {line}" if line else str(path)
        message = mistake["msg"].removeprefix("Value error, ")
        found = mistake["input"]
        if mistake["type"] == "missing":
            message = "expected, but not there"
        elif mistake["type"] == "extra_forbidden":
            message = "no key of this table is called so"
        elif isinstance(found, str | int | float | bool) and "found" not in message:
            message = f"{message}; found {found!r}"
        yield f"{where}: {'.'.join(keys) or 'the file'}: {message}"


def _line(text: str, keys: Sequence[str]) -> int | None:
    """Find the line of a key, or of the innermost table around it; None if neither is found."""
    table = ""
    best: tuple[int, int] = (0, 0)  # how many of the keys fit, on which line
    wanted = [key for key in keys if not key.isdecimal()]
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.fullmatch(r"\s*\[\[?\s*([\w.\"-]+)\s*\]\]?\s*(#.*)?", line):
            table = header[1]
            name = table
        elif assigned := re.match(r"\s*([\w.\"-]+)\s*=", line):
            name = f"{table}.{assigned[1]}" if table else assigned[1]
        else:
            continue
        path = name.replace('"', "").split(".")
        if path == wanted[: len(path)] and len(path) > best[0]:
            best = (len(path), number)
    return best[1] or None
