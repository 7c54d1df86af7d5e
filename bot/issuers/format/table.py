"""What every table of an issuer's file has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from bot.issuers.placeholders import JsonTemplate, Template

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table(BaseModel):
    """A table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def names(self) -> frozenset[str]:
        """Every placeholder in it, and in the tables it holds."""
        return frozenset(_names(getattr(self, field) for field in type(self).model_fields))


def _names(values: Iterator[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Template | JsonTemplate):
            yield from value.names
        elif isinstance(value, Table):
            yield from value.names()
        elif isinstance(value, dict):
            yield from _names(iter(value.values()))
        elif isinstance(value, list):
            yield from _names(iter(value))
