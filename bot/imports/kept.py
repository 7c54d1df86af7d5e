"""What was found, as JSON and back: in a conversation, and in Kabao's own export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.imports.found import Found
from storage import Barcode, Card, Entry, Reading, Whole

_NAMES: dict[str, Any] = {one.__name__: one for one in (Barcode, Card, Entry, Reading, datetime)}


@cache
def wholes() -> TypeAdapter[Whole]:
    """Give what writes and checks a card with everything that belongs to it."""
    return _resolved(TypeAdapter(Whole))


@cache
def _founds() -> TypeAdapter[Found]:
    return _resolved(TypeAdapter(Found))


def _resolved(adapter: TypeAdapter[Any]) -> TypeAdapter[Any]:
    """Tell pydantic the names that the store's records only know when types are checked."""
    adapter.rebuild(force=True, _types_namespace={**_NAMES, "Mapping": Mapping})
    return adapter


def as_json(found: Found) -> Any:
    """Give what can be written as JSON."""
    return _founds().dump_python(found, mode="json")


def from_json(data: Any) -> Found:
    """Give back what `as_json` gave."""
    return _founds().validate_python(data)
