"""What every kind of issuer takes from its file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.issuers.fields import Field, looks_like_one_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.issuers.format.issuer import Declaration


class Declared:
    """The part of an issuer that is the same whether or not somebody can be asked."""

    asks_api = False
    has_history = False
    concurrency = 1
    remind_days: int | None = None

    def __init__(self, slug: str, declaration: Declaration) -> None:
        self.slug = slug
        self.name: Mapping[str, str] = declaration.name
        self.currency = declaration.currency
        self.page = declaration.page
        self.category = declaration.category
        self.messages = tuple(declaration.messages)
        self.fields: tuple[Field, ...] = tuple(table.field() for table in declaration.fields)
        self._recognise = re.compile(declaration.recognise or declaration.fields[0].pattern)

    @property
    def down_since(self) -> datetime | None:
        """Since when it is not asked any more; never, where there is nobody to ask."""
        return None

    def __repr__(self) -> str:
        return f"<issuer {self.slug}>"

    def recognises(self, text: str) -> bool:
        """Whether a pasted text looks like a number of this issuer, one with a mistyped digit too.

        Otherwise such a number would be taken for a card of an issuer that takes any.
        """
        number = self.fields[0]
        return (
            looks_like_one_number(text)
            and number.mistake(text) != "shape"
            and self._recognise.fullmatch(number.normalise(text)) is not None
        )
