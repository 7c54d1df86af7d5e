"""The text of a message as it will be shown: marked up, trimmed, links and commands found.

Follows `find_entities` and `fix_formatted_text` of tdlib/td (td/telegram/MessageEntity.cpp).
Offsets and lengths count UTF-16 code units.
"""

from __future__ import annotations

import re

from bot.playground.markup import Entity, parse_html, utf16_length
from bot.playground.refusals import bad_request

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)\]，。；：！？）])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.]*\w)"
    r"|(?<![\w/<>])(?P<bot_command>/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?)(?![\w/<>])"
    r"|(?<![\w])(?P<mention>@[a-zA-Z0-9_]{4,32})\b"
    r"|(?<![\w])(?P<hashtag>\#\w*[^\W\d]\w*)"
)
_MARKS = re.compile("[/@#]")


def find_entities(text: str) -> list[Entity]:
    """Find the commands, links, mentions, addresses and hashtags nobody marked."""
    if not _MARKS.search(text):
        return []
    return [
        {
            "type": found.lastgroup,
            "offset": utf16_length(text[: found.start()]),
            "length": utf16_length(found[0]),
        }
        for found in _FOUND.finditer(text)
    ]


def formatted(
    text: str, parse_mode: str | None, entities: list[Entity] | None
) -> tuple[str, list[Entity]]:
    """Give the text as it will be shown, trimmed, with all of its entities in order."""
    if parse_mode is None:
        given = list(entities or ())
    elif parse_mode.lower() == "html":
        text, given = parse_html(text)
    else:
        raise bad_request("unsupported parse_mode")
    text, given = _trim(text, given)
    taken = [(e["offset"], e["offset"] + e["length"]) for e in given if e["type"] in _OPAQUE]
    found = [e for e in find_entities(text) if not _overlaps(e, taken)]
    if not found:
        return text, given
    return text, sorted(given + found, key=lambda e: (e["offset"], -e["length"]))


_OPAQUE = {"code", "pre", "text_link"}


def _overlaps(entity: Entity, taken: list[tuple[int, int]]) -> bool:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return any(start < stop and begin < end for begin, stop in taken)


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    trimmed = text.strip()
    if trimmed == text or not entities:
        return trimmed, entities
    before = utf16_length(text[: len(text) - len(text.lstrip())])
    length = utf16_length(trimmed)
    moved = []
    for entity in entities:
        start = max(entity["offset"] - before, 0)
        end = min(entity["offset"] + entity["length"] - before, length)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return trimmed, moved
