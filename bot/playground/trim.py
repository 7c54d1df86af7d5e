"""Cuts the part of the Bot API that the playground speaks out of the whole.

The whole is https://github.com/PaulSonOfLars/telegram-bot-api-spec, which is made from
https://core.telegram.org/bots/api. After a new method or a new version:

    python -m bot.playground.trim api.json >bot/playground/bot_api.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.playground.methods import METHODS
from bot.playground.published import Field, Published, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

UPLOAD = "InputFile"
"""The one type that is not written in JSON."""
_ONLY = re.compile(r"(?:Scope type|Type of the media), must be (\w+)")


def trim(full: Mapping[str, Any], methods: Iterable[str]) -> Published:
    """Cut out the methods named and every type reached from them, without the descriptions."""
    kept: Published = {"version": full["version"], "methods": {}, "types": {}, "unions": {}}
    for name in sorted(methods):
        kept["methods"][name] = _fields(full["methods"][name])
    waiting = [kind for fields in kept["methods"].values() for kind in _kinds(fields)]
    while waiting:
        name = waiting.pop()
        described = full["types"].get(name)
        if described is None or name == UPLOAD or name in kept["types"] or name in kept["unions"]:
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
        only = re.fullmatch(
            r"(?:Scope type|Type of the media), must be (\w+)", given["description"]
        )
        if only:
            field["value"] = only[1]
    return fields


def _kinds(fields: Mapping[str, Field]) -> Iterator[str]:
    return (element(kind) for field in fields.values() for kind in field["types"])


def dump(published: Published) -> str:
    """Write it down, one field a line, so that a change of the API reads well in a diff."""

    def on_one_line(field: re.Match[str]) -> str:
        return re.sub(r"(?<=[\[{])\s+|\s+(?=[\]}])", "", " ".join(field[0].split()))

    return re.sub(r'\{\s+"types": [^}]+\}', on_one_line, json.dumps(published, indent=1))


if __name__ == "__main__":
    sys.stdout.write(dump(trim(json.loads(Path(sys.argv[1]).read_text("utf-8")), METHODS)) + "\n")
