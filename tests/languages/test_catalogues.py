"""A language is complete, or this names the lines that are missing."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.languages import CATALOGUES

KEYWORDS = {"say": None, "plain": None, "mark": None, "plural": (1, 2)}
TAG = re.compile(r"</?[a-z][^>]*>")
COMMAND = re.compile(r"(?<![\w<])/[a-z]+\b")
"""As Telegram finds it: one that a letter touches, and a Chinese character is one, is no link."""

Said = str | tuple[str, ...]


def said_in_the_code() -> set[Said]:
    root = Path(bot.__file__).parent
    found = extract_from_dir(root, [("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as lines:
        return read_po(lines)


def texts(told: str | Sequence[str] | None) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told or ())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def tags(text: str) -> Counter[str]:
    return Counter(TAG.findall(text))


def commands(text: str) -> set[str]:
    return set(COMMAND.findall(text))


def faults(message: Message) -> list[str]:
    said, told = texts(message.id), texts(message.string)
    wanted = set().union(*(placeholders(text) for text in said))
    return [
        f"{complaint}: {said[0]!r} -> {text!r}"
        for text in told
        for complaint, wrong in [
            ("not translated", not text.strip()),
            ("marked fuzzy", message.fuzzy),
            ("placeholders differ", placeholders(text) != wanted),
            ("tags differ", tags(text) != tags(said[-1])),
            ("commands differ", commands(text) != commands(said[-1])),
            ("ends otherwise", text.endswith("\n") != said[-1].endswith("\n")),
        ]
        if wrong
    ]


every_catalogue = pytest.mark.parametrize(
    "path", sorted(CATALOGUES.glob("*.po")), ids=lambda path: path.stem
)


@every_catalogue
def test_every_sentence_in_the_code_is_in_the_catalogue(path: Path) -> None:
    known = {message.id for message in catalogue(path) if message.id}
    assert sorted(map(str, said_in_the_code() - known)) == []


@every_catalogue
def test_no_catalogue_keeps_a_sentence_nobody_says(path: Path) -> None:
    messages = catalogue(path)
    known = {message.id for message in messages if message.id}
    assert sorted(map(str, known - said_in_the_code())) == []
    assert not messages.obsolete


@every_catalogue
def test_every_sentence_is_translated_with_its_placeholders_and_tags(path: Path) -> None:
    messages = catalogue(path)
    told = [message for message in messages if message.id]
    assert [fault for message in told for fault in faults(message)] == []
    assert {len(texts(message.string)) for message in told if message.pluralizable} <= {
        messages.num_plurals
    }


def test_a_faulty_translation_would_be_named() -> None:
    wrong = Message("<b>{n}</b> left", "剩下 {m}", flags=["fuzzy"])
    assert [fault.split(":")[0] for fault in faults(wrong)] == [
        "marked fuzzy",
        "placeholders differ",
        "tags differ",
    ]
    assert faults(Message("Send /bind.", "发送/bind。")) == [
        "commands differ: 'Send /bind.' -> '发送/bind。'"
    ]
    assert faults(Message("{n} left", ""))[0] == "not translated: '{n} left' -> ''"
