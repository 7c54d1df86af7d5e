"""The published Bot API as data: which parameters a method takes, of which types.

`bot_api.json` holds what the playground speaks and the types reached from there. It is cut out
of the whole by `trim`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NotRequired, TypedDict

DATA = Path(__file__).with_name("bot_api.json")


class Field(TypedDict):
    """A parameter of a method or a field of an object.

    `types` are alternatives ("Integer", "Array of MessageEntity"); `value` the only one allowed.
    """

    types: list[str]
    required: NotRequired[bool]
    value: NotRequired[str]


class Published(TypedDict):
    """`methods` and `types` by name; `unions` name the types that may stand for another."""

    version: str
    methods: dict[str, dict[str, Field]]
    types: dict[str, dict[str, Field]]
    unions: dict[str, list[str]]


def load() -> Published:
    """Read the data that comes with the playground."""
    published: Published = json.loads(DATA.read_text("utf-8"))
    return published


def element(kind: str) -> str:
    """Name what an array holds, however deep: "Array of Array of X" holds X."""
    return kind.rpartition("Array of ")[2]
