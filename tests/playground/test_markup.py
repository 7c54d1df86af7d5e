"""HTML in messages is read as Telegram reads it."""

from __future__ import annotations

import html
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, MessageEntity
from telegram.error import BadRequest

from bot.playground.entities import formatted
from bot.playground.markup import TAGS, parse_html
from bot.playground.refusals import Refusal

if TYPE_CHECKING:
    from bot.playground import Person

texts = st.text(st.characters(codec="utf-8"))


def shown(text: str, entity: dict[str, int]) -> str:
    units = text.encode("utf-16-le")
    end = entity["offset"] + entity["length"]
    return units[2 * entity["offset"] : 2 * end].decode("utf-16-le")


async def test_a_person_sees_what_is_marked_as_it_was_meant(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(
        alice.id,
        '<b>Coffee &amp; 茶🍵</b> <tg-spoiler>1234</tg-spoiler> <a href="https://a.b/?x=1&amp;y">'
        "go</a> <i>a<u>b</u></i>",
        parse_mode="HTML",
    )
    assert sent.text == "Coffee & 茶🍵 1234 go ab"
    assert sent.parse_entities() == {
        MessageEntity("bold", 0, 12): "Coffee & 茶🍵",
        MessageEntity("spoiler", 13, 4): "1234",
        MessageEntity("text_link", 18, 2, url="https://a.b/?x=1&y"): "go",
        MessageEntity("italic", 21, 2): "ab",
        MessageEntity("underline", 22, 1): "b",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("é<b>x</i>", 'Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'),
        ("a <script>", 'Unsupported start tag "script" at byte offset 2'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b x=", 'Unclosed start tag "b" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ('<a href="x"', "Unclosed start tag at byte offset 0"),
        ("<b x", 'Unclosed start tag "b" at byte offset 0'),
        ("<b />", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ("<b>x</I>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        (
            "&#xd83d;",
            (
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            ),
        ),
        ("<a href=&>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ],
)
def test_what_telegram_cannot_read_is_refused_in_its_words(text: str, complaint: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_html(text)
    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


async def test_a_client_is_told_where_it_went_wrong(bot: Bot, alice: Person) -> None:
    with pytest.raises(BadRequest, match="Can't parse entities: unsupported start tag"):
        await bot.send_message(alice.id, "<x>", parse_mode="HTML")


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("<b></b>x", []),
        ("&lt;&#38;&#x4f59;&nbsp;&", []),
        ('<pre><code class="language-py">x</code></pre>', [("pre", 0, 1, "py")]),
        ("<pre>x</pre>", [("pre", 0, 1, None)]),
        ('<code class="language-py"><pre>x</pre></code>', [("pre", 0, 1, "py")]),
        ("<pre><code>x</code></pre>", [("code", 0, 1, None), ("pre", 0, 1, None)]),
        ("<i>x</>", [("italic", 0, 1, None)]),
        ("<a>a.bc</a>", [("text_link", 0, 4, None)]),
        ("&#1114111;&#00000065;", []),
        ('<code class="language-py">x</code>', [("code", 0, 1, None)]),
        ('<span class="tg-spoiler">x</span>', [("spoiler", 0, 1, None)]),
        ("<blockquote>x</blockquote>", [("blockquote", 0, 1, None)]),
        ("<blockquote expandable>x</blockquote>", [("expandable_blockquote", 0, 1, None)]),
        ("<B>x</b>", [("bold", 0, 1, None)]),
        ("<a href='nowhere'>x</a>", []),
    ],
)
def test_tags_and_references_in_all_their_forms(
    text: str, entities: list[tuple[str, int, int, str | None]]
) -> None:
    _, found = parse_html(text)
    assert [(e["type"], e["offset"], e["length"], e.get("language")) for e in found] == entities


@given(texts)
def test_escaped_text_comes_through_unchanged(text: str) -> None:
    assert parse_html(html.escape(text)) == (text, [])


@given(st.lists(st.tuples(texts, st.sampled_from(sorted(TAGS.keys() - {"a", "span"})), texts)))
def test_entities_cover_what_stood_between_the_tags(parts: list[tuple[str, str, str]]) -> None:
    written = "".join(f"{html.escape(a)}<{tag}>{html.escape(b)}</{tag}>" for a, tag, b in parts)
    text, entities = parse_html(written)
    assert text == "".join(a + b for a, _, b in parts)
    inside = [(TAGS[tag], b) for _, tag, b in parts if b]
    assert [(e["type"], shown(text, e)) for e in entities] == inside


@given(st.text("<>/&;=\"' abx#1"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Refusal):
        plain, entities = parse_html(text)
        assert all(shown(plain, entity) for entity in entities)


@given(texts, texts)
def test_trimming_keeps_entities_on_their_words(before: str, inside: str) -> None:
    text, entities = formatted(
        f" \n{html.escape(before)}<b>x{html.escape(inside)}</b>\n ", "HTML", None
    )
    (bold,) = [entity for entity in entities if entity["type"] == "bold"]
    assert shown(text, bold) == f"x{inside}".rstrip()


def test_commands_links_and_names_are_found_unmarked() -> None:
    text, entities = formatted(
        "余/no /yes@kabao_demo_bot, https://a.b/c. me@a.bc @someone #余额 x/y", None, None
    )
    assert [(entity["type"], shown(text, entity)) for entity in entities] == [
        ("bot_command", "/yes@kabao_demo_bot"),
        ("url", "https://a.b/c"),
        ("email", "me@a.bc"),
        ("mention", "@someone"),
        ("hashtag", "#余额"),
    ]


def test_nothing_is_found_in_code() -> None:
    _, entities = formatted("<code>/start</code>", "HTML", None)
    assert [entity["type"] for entity in entities] == ["code"]


def test_other_markup_is_not_spoken_here() -> None:
    with pytest.raises(Refusal, match="unsupported parse_mode"):
        formatted("*x*", "MarkdownV2", None)
