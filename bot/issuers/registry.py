"""The issuers there are: one TOML file each, from several folders, the later folder winning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.issuers.contract import Issuer

CATALOG = Path(__file__).with_name("catalog")
"""The issuers that come with Kabao."""


class IssuerFileError(Exception):
    """An issuer's file cannot be used: its name, the key, what was expected and what is there."""


class Issuers:
    """The issuers that are on, in the order they are offered; `off`: slug to the secrets it lacks."""

    def __init__(
        self, issuers: Iterable[Issuer], off: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        # Those that ask an API are the more specific ones, and come first.
        self._issuers = {i.slug: i for i in sorted(issuers, key=lambda i: (not i.asks_api, i.slug))}
        self.off: Mapping[str, tuple[str, ...]] = off or {}

    def get(self, slug: str) -> Issuer | None:
        """Look an issuer up by its slug; None if it is gone or off."""
        return self._issuers.get(slug)

    def all(self) -> list[Issuer]:
        """Every issuer that is on."""
        return list(self._issuers.values())

    def proposals(self, pasted: str) -> list[Issuer]:
        """The issuers a pasted number may belong to, likeliest first; empty for a sentence."""
        return [issuer for issuer in self._issuers.values() if issuer.recognises(pasted)]
