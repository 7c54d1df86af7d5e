"""The published Bot API as data: which parameters a method takes, of which types.

`bot_api.json` holds what the playground speaks and the types reached from there. It is cut out
of the machine-readable Bot API (https://github.com/PaulSonOfLars/telegram-bot-api-spec, made
from https://core.telegram.org/bots/api) by

    python -m bot.playground.published api.json >bot/playground/bot_api.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


def trim(full: Mapping[str, Any], methods: Iterable[str]) -> Published:
    """Cut out the methods named and every type reached from them, without the descriptions."""
    kept: Published = {"version": full["version"], "methods": {}, "types": {}, "unions": {}}
    for name in sorted(methods):
        kept["methods"][name] = _fields(full["methods"][name])
    waiting = [kind for fields in kept["methods"].values() for kind in _kinds(fields)]
    while waiting:
        name = waiting.pop()
        described = full["types"].get(name)
        if described is None or name in kept["types"] or name in kept["unions"]:
            continue
        if "subtypes" in described:
            kept["unions"][name] = described["subtypes"]
            waiting += described["subtypes"]
        else:
            kept["types"][name] = _fields(described)
            waiting += _kinds(kept["types"][name])
    kept["types"] = dict(sorted(kept["types"].items()))
    return kept


def _fields(described: Mapping[str, Any]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for given in described.get("fields", ()):
        field = fields[given["name"]] = Field(types=given["types"])
        if given["required"]:
            field["required"] = True
        only = re.fullmatch(r"Scope type, must be (\w+)", given["description"])
        if only:
            field["value"] = only[1]
    return fields


def _kinds(fields: Mapping[str, Field]) -> Iterator[str]:
    return (element(kind) for field in fields.values() for kind in field["types"])


def dump(published: Published) -> str:
    """Write it down, one field a line, so that a change of the API reads well in a diff."""
    text = json.dumps(published, indent=1)
    return re.sub(
        r'\{\s+("types": [^}]+?)\s+\}',
        lambda field: "{" + re.sub(r"\s+", " ", field[1]) + "}",
        text,
    )


if __name__ == "__main__":
    from bot.playground.methods import METHODS

    sys.stdout.write(dump(trim(json.loads(Path(sys.argv[1]).read_text("utf-8")), METHODS)) + "\n")
