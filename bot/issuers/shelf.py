"""The folders of issuers' files as they are, and what has changed in them since the last look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.issuers.files import Declared, Found, IssuerFileError, look, read_text, text_of
from bot.issuers.format.issuer import ManualDeclaration
from bot.issuers.http import HttpIssuer
from bot.issuers.manual import ManualIssuer
from bot.issuers.mistakes import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import aiohttp

    from bot.issuers.contract import Issuer


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an issuer's file.

    A `broken` one leaves what was there before, if anything was; `said` are its mistakes, one a
    line. `mended`: it was broken and is not any more. `issuer` is None where it is off for want of
    the secrets named in `missing`, gone or broken. A slug with a / at its end is a whole folder.
    """

    slug: str
    what: Literal["new", "changed", "gone", "broken", "mended"]
    said: str = ""
    issuer: Issuer | None = None
    missing: tuple[str, ...] = ()


class Shelf:
    """Makes issuers of the files in some folders, given the operator's `secrets` by name."""

    def __init__(
        self,
        folders: Sequence[Path],
        secrets: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime],
    ) -> None:
        self._folders = folders
        self._secrets = secrets
        self._http = http
        self._clock = clock
        self._seen: set[Path] = set()
        self._there: dict[str, Found] = {}
        self._made: dict[str, tuple[str, Change]] = {}  # what was last taken in, and of what text
        self._broken: set[str] = set()

    def changes(self) -> Iterator[Change]:
        """Say what has changed since the last look. A file is read only if it was touched.

        A folder that was there and is not is no reason to drop its issuers: it may be a disk that
        comes back.
        """
        here = {folder for folder in self._folders if folder.is_dir()}
        lost = self._seen - here
        for folder in sorted(lost):
            if f"{folder}/" not in self._broken:
                self._broken.add(f"{folder}/")
                yield Change(f"{folder}/", "broken", f"{folder}: this folder is gone")
        if lost:
            return
        for folder in sorted(here):
            if f"{folder}/" in self._broken:
                self._broken.discard(f"{folder}/")
                yield Change(f"{folder}/", "mended")
        self._seen = here
        before, self._there = self._there, look(self._folders)
        for slug in sorted(before.keys() - self._there.keys()):
            self._made.pop(slug, None)
            self._broken.discard(slug)
            yield Change(slug, "gone")
        for slug, found in self._there.items():
            if before.get(slug) != found:
                yield from self._taken_in(slug, found.path)

    def _taken_in(self, slug: str, path: Path) -> Iterator[Change]:
        text, old = "", self._made.get(slug)
        try:
            text = text_of(path)
            same = old is not None and old[0] == text  # touched, or as before it broke
            change = old[1] if old is not None and same else self._read(slug, path, text)
        except IssuerFileError as error:
            self._broken.add(slug)
            yield Change(slug, "broken", str(error))
            return
        self._made[slug] = (text, change)
        if slug in self._broken:
            self._broken.discard(slug)
            yield Change(slug, "mended", "", change.issuer, change.missing)
        elif old is None or old[1] is not change:
            what: Literal["changed", "new"] = "changed" if old else "new"
            yield Change(slug, what, "", change.issuer, change.missing)

    def _read(self, slug: str, path: Path, text: str) -> Change:
        declared, missing = read_text(path, text, self._secrets)
        if missing:
            return Change(slug, "new", "", None, missing)
        try:
            issuer = made(path, declared, self._secrets, self._http, self._clock)
        except ValueError as error:
            raise IssuerFileError(sentence(path, text, str(error))) from None
        return Change(slug, "new", "", issuer)


def made(
    path: Path,
    declared: Declared,
    secrets: Mapping[str, str],
    http: aiohttp.ClientSession,
    clock: Callable[[], datetime],
) -> Issuer:
    """Make the issuer that a file declares. `ValueError` for a secret that cannot be used so."""
    if isinstance(declared, ManualDeclaration):
        return ManualIssuer(path.stem, declared)
    known = {**declared.defaults, **{name: value for name, value in secrets.items() if value}}
    return HttpIssuer(path.stem, declared, known, http, clock)
