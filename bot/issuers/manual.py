"""An issuer that nobody can ask: the person says what is on the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.issuers.contract import Reading
from bot.issuers.declared import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.issuers.format.issuer import ManualDeclaration


class ManualIssuer(Declared):
    """A card of any shop without an API, kept by its holder."""

    def __init__(self, slug: str, declaration: ManualDeclaration) -> None:
        super().__init__(slug, declaration)
        self.remind_days = declaration.remind_days

    async def read(self, values: Mapping[str, str], *, history: bool = False) -> Reading:  # noqa: ARG002
        """Nobody answers: there is no balance in this reading."""
        return Reading(balance=None)

    async def check(self) -> None:
        """There is nothing that could be out of reach."""
