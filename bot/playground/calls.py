"""Every call is checked against the published API: each name, each type, what must be there.

Stricter than Telegram in one thing: a parameter or field that does not exist is refused here,
while Telegram ignores it, because in a bot it is a typing mistake that nobody would ever see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from bot.playground.published import Field, load
from bot.playground.refusals import Refusal, bad_request
from bot.playground.shapes import SCALARS, Check, Types, Upload, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What the server says when these are missing differs from its general sentence.
EMPTY = {
    ("sendMessage", "text"): "message text is empty",
    ("sendMessage", "chat_id"): "chat_id is empty",
    ("sendPhoto", "photo"): "there is no photo in the request",
    ("sendDocument", "document"): "there is no document in the request",
}


# How the server calls the types that it does not call by their names.
SPOKEN = {
    "InlineKeyboardButton": "inline keyboard button",
    "KeyboardButton": "keyboard button",
    "InlineKeyboardMarkup": "reply markup",
}


class Call(NamedTuple):
    """A well-formed call of the bot."""

    method: str
    params: dict[str, Any]


_WHOLE = re.compile(r"-?[0-9]{1,19}")
_YES = {"true": True, "True": True, "1": True, "yes": True}
_NO = {"false": False, "False": False, "0": False, "no": False}


def _from_text(check: Check, kinds: list[str]) -> Check:
    """Widen a check to what arrives in a form: everything is text, objects are JSON in text."""
    if kinds == ["String"]:
        return check
    number, text = "Integer" in kinds, "String" in kinds
    boolean, json = "Boolean" in kinds, not text and not SCALARS.keys() & set(kinds)

    def read(value: object) -> object:
        if type(value) is not str:
            return check(value)
        if number and _WHOLE.fullmatch(value):
            return int(value)
        if boolean and value in _YES | _NO:
            return _YES.get(value, False)
        if json or (not text and value[:1] in {"{", "["}):
            try:
                return check(orjson.loads(value))
            except orjson.JSONDecodeError:
                raise Wrong("JSON object") from None
        return check(value)

    return read


class Method:
    """The parameters of one method."""

    def __init__(self, name: str, fields: Mapping[str, Field], types: Types) -> None:
        self.name = name
        self._checks = {
            param: _from_text(types.check(field["types"]), field["types"])
            for param, field in fields.items()
        }
        self._required = tuple(param for param, field in fields.items() if field.get("required"))

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """Turn what arrived into values of the published types; `Refusal` 400 if that fails.

        Files may come under any name, referred to by `attach://name`.
        """
        checks = self._checks
        values: dict[str, Any] = {}
        for name, value in given.items():
            check = checks.get(name)
            if check is None:
                if type(value) is Upload:
                    continue
                raise bad_request(f'unknown parameter "{name}"')
            if value is None or (value == "" and name not in self._required):
                continue
            if type(value) is str and value.startswith("attach://"):
                value = given.get(value.removeprefix("attach://"), value)  # noqa: PLW2901
            try:
                values[name] = check(value)
            except Wrong as wrong:
                raise _refusal(name, wrong) from None
            if name == "media":
                _attach(values[name], given)
        for name in self._required:
            if name not in values:
                raise self._missing(name)
        return values

    def _missing(self, name: str) -> Refusal:
        special = EMPTY.get((self.name, name))
        return bad_request(special or f'parameter "{name}" is required')


def _attach(media: dict[str, Any], given: dict[str, Any]) -> None:
    """Put the file that came with the call in the place of its `attach://name`."""
    upload = given.get(media["media"].removeprefix("attach://"))
    if type(upload) is Upload:
        media["media"] = upload


def _refusal(name: str, wrong: Wrong) -> Refusal:
    words = str(wrong)
    if words.startswith("must be"):
        return bad_request(f'parameter "{name}" {words}')
    if words == "JSON object":
        what = "reply keyboard markup" if name == "reply_markup" else name
        return bad_request(f"can't parse {what} JSON object")
    what = SPOKEN.get(wrong.inside or "", wrong.inside or name)
    return bad_request(f"can't parse {what}: {words}")


def methods(names: Iterable[str]) -> dict[str, Method]:
    """Make the checks of the methods named, by their name in lower case."""
    published = load()
    types = Types(published)
    return {name.lower(): Method(name, published["methods"][name], types) for name in names}
