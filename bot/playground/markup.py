"""Text in HTML as Telegram reads it.

Follows `parse_html` of tdlib/td (td/telegram/MessageEntity.cpp), the code
that Telegram's own server runs. Offsets and lengths count UTF-16 code units.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from bot.playground.refusals import Refusal, bad_request

Entity = dict[str, Any]

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"\s*(?P<name>[^\s=>/\"']*)\s*(?P<equal>=?)\s*")
_LITERAL = re.compile(
    r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<token>[a-zA-Z0-9.-]*)(?=[\s>]|$)"
)
_CLOSING = re.compile(r"\s*>")
_MENTION = re.compile(r"tg:(?://)?user/?\?id=([0-9]{1,16})", re.IGNORECASE)
LONGEST_REFERENCE = 10
"""Characters of a numeric reference, from which on it is left as it stands."""


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text takes, which is how entities are measured."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    start: int


class _Reader:
    """One pass over one text in HTML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.plain: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.text):
            begin = self.text.find("<", self.at)
            end = len(self.text) if begin < 0 else begin
            self._take(_decode(self.text[self.at : end]))
            self.at = end
            if begin >= 0:
                (self._end_tag if self.text.startswith("</", begin) else self._start_tag)(begin)
        if self.open:
            tag = self.open[-1].tag
            raise _cannot(f'Can\'t find end tag corresponding to start tag "{tag}"')
        self.entities.sort(key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.plain), self.entities

    def _take(self, text: str) -> None:
        if text:
            self.plain.append(text)
            self.length += utf16_length(text)

    def _byte(self, position: int) -> int:
        return len(self.text[:position].encode())

    def _start_tag(self, begin: int) -> None:
        name = _NAME.match(self.text, begin + 1)
        assert name is not None
        self.at = name.end()
        tag = name[0].lower()
        if self.at == len(self.text):
            raise _cannot(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in TAGS:
            at = self._byte(begin)
            raise _cannot(f'Unsupported start tag "{tag}" at byte offset {at}')
        argument = self._attributes(tag, begin)
        if tag == "span" and argument != "spoiler":
            at = self._byte(begin)
            raise _cannot(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        self.open.append(_Open(tag, argument, self.length, len(self.plain)))

    def _attributes(self, tag: str, begin: int) -> str:
        argument = ""
        while not (closing := _CLOSING.match(self.text, self.at)):
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument
        self.at = closing.end()
        return argument

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        found = _ATTRIBUTE.match(self.text, self.at)
        assert found is not None
        if not found["name"]:
            at = self._byte(begin)
            raise _cannot(f'Empty attribute name in the tag "{tag}" at byte offset {at}')
        if found.end() == len(self.text):
            raise _cannot(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
        self.at = found.end()
        if not found["equal"]:
            return found["name"], ""
        literal = _LITERAL.match(self.text, self.at)
        if not literal:
            if self.text[self.at] in "'\"":
                raise _cannot(f"Unclosed start tag at byte offset {self._byte(begin)}")
            raise _cannot(f"Unexpected end of name token at byte offset {self._byte(self.at)}")
        self.at = literal.end()
        if self.at == len(self.text):
            raise _cannot(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if literal["token"] is not None:
            return found["name"], literal["token"].lower()
        return found["name"], _decode(literal["double"] or literal["single"] or "")

    def _end_tag(self, begin: int) -> None:
        at = self._byte(begin)
        if not self.open:
            raise _cannot(f"Unexpected end tag at byte offset {at}")
        name = _NAME.match(self.text, begin + 2)
        assert name is not None
        closing = _CLOSING.match(self.text, name.end())
        if not closing:
            raise _cannot(f"Unclosed end tag at byte offset {at}")
        self.at = closing.end()
        opened = self.open.pop()
        found = name[0].lower()
        if found not in {"", opened.tag}:
            raise _cannot(
                f"Unmatched end tag at byte offset {at}, "
                f'expected "</{opened.tag}>", found "</{found}>"'
            )
        if self.length > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: Entity = {
            "type": TAGS[opened.tag],
            "offset": opened.offset,
            "length": self.length - opened.offset,
        }
        if opened.tag == "a":
            target = _target(opened.argument or "".join(self.plain[opened.start :]))
            if target is None:
                return
            entity |= target
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag in {"code", "pre"} and self._joined(opened, entity):
            return
        self.entities.append(entity)

    def _joined(self, opened: _Open, entity: Entity) -> bool:
        """Join code in a certain language and `pre` around the same text into one entity."""
        other = {"code": "pre", "pre": "code"}[opened.tag]
        last = self.entities[-1] if self.entities else {}
        same = {"type": other, "offset": entity["offset"], "length": entity["length"]}.items()
        language = opened.argument or last.get("language")
        if language and same <= last.items():
            last |= {"type": "pre", "language": language}
            return True
        if opened.argument:
            entity["language"] = opened.argument
        return False


def _argument(tag: str, name: str, value: str) -> str:
    match tag, name:
        case "a", "href":
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", "expandable":
            return "expandable"
    return ""


def _cannot(words: str) -> Refusal:
    return bad_request(f"can't parse entities: {words}")


def _decode(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return NAMED.get(name, found[0])
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if len(found[0].rstrip(";")) >= LONGEST_REFERENCE or not 0 < code < sys.maxunicode:
        return found[0]
    if 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - half of a surrogate pair
        raise _cannot(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code)


def _target(text: str) -> Entity | None:
    """Make what is different about a link: where it leads, or whom it names."""
    text = text.strip()
    if person := _MENTION.match(text):
        return {"type": "text_mention", "user": {"id": int(person[1])}}
    if re.match(r"(https?|tg|ftp|tonsite)://", text, re.IGNORECASE):
        return {"url": text if "/" in text.partition("://")[2] else text + "/"}
    return {"url": f"http://{text}/"} if re.fullmatch(r"[\w.-]+\.\w{2,}", text) else None


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Read text in HTML; `Refusal` "can't parse entities" where Telegram refuses it."""
    if "<" not in text and "&" not in text:
        return text, []
    plain, entities = _Reader(text).read()
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return plain, entities
