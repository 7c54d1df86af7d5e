"""How a message looks in a terminal."""

from __future__ import annotations

import itertools
import unicodedata
from typing import Any

from prompt_toolkit.utils import get_cwidth

from bot.playground.sight import Button, buttons

Fragment = tuple[str, str]
"""A style of prompt_toolkit and text."""

STYLES = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "code": "ansicyan",
    "pre": "ansicyan",
    "text_link": "underline",
    "text_mention": "underline",
    "url": "underline",
    "bot_command": "ansiblue",
}
BUTTON = "ansiyellow"
HIDDEN = "▒"


def clean(text: str) -> str:
    """Take out what would move the cursor or turn the writing round: a message is only text."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if (char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs"})
        or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        else char
        for char in text
    )


def body(message: dict[str, Any]) -> list[Fragment]:
    """Render a message's text or caption by its entities; what is hidden stays hidden."""
    text = message.get("text", message.get("caption", ""))
    entities = message.get("entities", message.get("caption_entities", []))
    units = text.encode("utf-16-le")
    cuts = {0, len(units) // 2}
    for entity in entities:
        cuts |= {entity["offset"], entity["offset"] + entity["length"]}
    marks = sorted(cuts)
    fragments: list[Fragment] = []
    for start, end in itertools.pairwise(marks):
        piece = units[2 * start : 2 * end].decode("utf-16-le", "replace")
        inside = [one for one in entities if one["offset"] <= start < one["offset"] + one["length"]]
        fragments += _piece(clean(piece), inside, end)
    return fragments


def _piece(text: str, entities: list[dict[str, Any]], end: int) -> list[Fragment]:
    kinds = [entity["type"] for entity in entities]
    if "spoiler" in kinds:
        text = "".join(HIDDEN * get_cwidth(char) if char != "\n" else char for char in text)
    style = " ".join(dict.fromkeys(STYLES[kind] for kind in kinds if kind in STYLES))
    links = [
        ("", f" ({clean(entity['url'])})")
        for entity in entities
        if entity["type"] == "text_link" and entity["offset"] + entity["length"] == end
    ]
    return [(style, text), *links]


def keyboard(message: dict[str, Any]) -> list[list[Fragment]]:
    """Render the buttons, a line for each row, with the numbers to press them by."""
    rows: dict[int, list[Fragment]] = {}
    for button in buttons(message):
        line = rows.setdefault(button.row, [])
        line += [("", " ")] if line else []
        line.append((BUTTON, f"[{button.number} {clean(_label(button))}]"))
    return list(rows.values())


def _label(button: Button) -> str:
    if button.url is not None:
        return f"{button.label} → {button.url}"
    if button.copies is not None:
        return f"{button.label} ⧉ {button.copies}"
    return button.label


def lines(fragments: list[Fragment]) -> list[list[Fragment]]:
    """Break at the line ends."""
    broken: list[list[Fragment]] = [[]]
    for style, text in fragments:
        first, *rest = text.split("\n")
        broken[-1].append((style, first))
        broken += [[(style, piece)] for piece in rest]
    return broken


def paragraph(who: str, style: str, content: list[list[Fragment]]) -> list[Fragment]:
    """Put a speaker before the first line and indent the others to where it began."""
    indent = " " * (get_cwidth(who) + 2)
    written: list[Fragment] = [(style, clean(who)), ("", ": ")]
    for number, line in enumerate(content):
        if number and any(text for _, text in line):
            written.append(("", indent))
        written += line
        written.append(("", "\n"))
    return written


def plain(fragments: list[Fragment]) -> str:
    """Leave the styles out."""
    return "".join(text for _, text in fragments)
