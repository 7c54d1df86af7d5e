"""The values a declaration is made of: words, places, templates, patterns, and their mistakes."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import re2
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from yarl import URL

from bot.issuers.answers import Expression
from bot.issuers.contract import EntryKind
from bot.issuers.placeholders import JsonTemplate, Template
from bot.money import exponent

_MEANINGS = ", ".join((*EntryKind, "skip"))


def _words(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def _english(value: dict[str, str]) -> dict[str, str]:
    if not value.get("en"):
        raise ValueError('expected words in English at least, as { en = "…", zh = "…" }')
    return value


def _template(value: object) -> Template:
    if not isinstance(value, str):
        raise ValueError("expected a text")  # noqa: TRY004 - pydantic reports ValueErrors
    return Template(value)


def _path(template: Template) -> Template:
    if not re.fullmatch(r"/[^\s?#\\]*", template.literal) or not template.text.startswith("/"):
        raise ValueError("expected a path that begins with / and has no query (that goes in query)")
    if any(segment in (".", "..") for segment in template.text.split("/")):
        raise ValueError("expected a path without . and .. segments")
    return template


def _expression(value: object) -> Expression:
    if not isinstance(value, str):
        raise ValueError("expected a JMESPath expression in a text")  # noqa: TRY004
    return Expression(value)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"expected a regular expression ({error})") from None
    return value


def _currency(value: str) -> str:
    exponent(value)
    return value


@cache
def _zones() -> frozenset[str]:
    """Name every time zone; finding them walks through hundreds of files."""
    return frozenset(available_timezones())


def _zone(value: object) -> ZoneInfo:
    if not isinstance(value, str) or value not in _zones():
        raise ValueError('expected a time zone such as "Asia/Shanghai"')
    return ZoneInfo(value)


def _meaning(value: str) -> str:
    kind = value[1:] if value[:1] in ("+", "-") else value
    if value != "skip" and kind not in set(EntryKind):
        raise ValueError(f"expected one of {_MEANINGS}, or one of those after + or -")
    return value


def _header_names(value: dict[str, Template]) -> dict[str, Template]:
    for name in value:
        if not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ValueError(f"expected a header's name, found {name!r}")
    return value


def _linear(value: str) -> str:
    try:
        re2.compile(value)
    except re2.error as error:
        raise ValueError(f"expected a regular expression of RE2 ({error})") from None
    return value


def _page(value: str) -> str:
    url = URL(value)
    if url.scheme != "https" or not url.host:
        raise ValueError("expected an address that begins with https://")
    return value


_TEXT = WithJsonSchema({"type": "string"})
_PLACE = WithJsonSchema({"type": "string", "format": "jmespath"})
_WORDS = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["en"],
                "additionalProperties": {"type": "string"},
            },
        ]
    }
)

Words = Annotated[dict[str, str], BeforeValidator(_words), AfterValidator(_english), _WORDS]
Place = Annotated[Expression, PlainValidator(_expression), _PLACE]
Text = Annotated[Template, PlainValidator(_template), _TEXT]
Headers = Annotated[dict[str, Text], AfterValidator(_header_names)]
Path = Annotated[Template, PlainValidator(_template), AfterValidator(_path), _TEXT]
Body = Annotated[JsonTemplate, PlainValidator(JsonTemplate), WithJsonSchema({})]
LinearPattern = Annotated[str, AfterValidator(_linear)]
WebPage = Annotated[str, AfterValidator(_page)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Currency = Annotated[str, AfterValidator(_currency)]
Category = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), _TEXT]
EntryMeaning = Annotated[str, AfterValidator(_meaning)]
