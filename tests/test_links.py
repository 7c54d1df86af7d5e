"""Links that pretend to be an issuer's page are told from the issuer's own and from all others."""

from __future__ import annotations

import pytest

from bot.links import Why, suspicious

PAGES = ("https://card.starbucks.com.cn/balance", "https://shop.decathlon.de/", "https://kfc.com/x")


@pytest.mark.parametrize(
    "text",
    [
        "https://card.starbucks.com.cn/login?next=1",
        "look at starbucks.com.cn",
        "https://www.starbucks.com.cn:443/",
        "https://www.decathlon.de/",
        "decathlon.de",
        "http://evil.com.cn/",  # of the same registry, and nothing like it
        "https://example.de/decathlon",
        "star.com and bucks.com",
        "https://kfc.evil.example/",  # too short a name to compare others with
        "I paid 12.50 at the shop. Fine.",
        "",
    ],
)
def test_an_issuers_own_page_and_pages_unlike_it_are_let_be(text: str) -> None:
    assert suspicious(text, PAGES) is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://card.starbucks.com.cn/", "card.starbucks.com.cn"),
        ("https://starbucks.example/", "starbucks.example"),
        ("win at Starbucks-Cards.top!", "starbucks-cards.top"),
        ("https://starbuck5.example", "starbuck5.example"),
        ("https://starbuks.example", "starbuks.example"),
        ("https://starbuccks.example", "starbuccks.example"),
        ("https://starbvcks.example", "starbvcks.example"),
        ("https://tarbucks.example", "tarbucks.example"),
        ("https://xtarbucks.example", "xtarbucks.example"),
        ("https://starbuck.example", "starbuck.example"),
        ("https://card.starbucks.com.cn@evil.example/", "evil.example"),
        ("https://decathlon.com.co/", "decathlon.com.co"),
        ("decathlon.de, then dec4thlon.example", "dec4thlon.example"),
    ],
)
def test_one_that_pretends_or_is_unsafe_is_named(text: str, host: str) -> None:
    found = suspicious(text, PAGES)
    assert found == (host, Why.OPEN if text.startswith("http:") else Why.ALIKE)


def test_two_letters_off_is_another_word() -> None:
    for host in ("starducxs", "starbu", "tarbuck", "starbuccckss"):
        assert suspicious(f"https://{host}.example", PAGES) is None


def test_without_pages_nothing_can_be_pretended() -> None:
    assert suspicious("https://starbucks.example", ()) is None
    assert suspicious("https://starbucks.example", ("",)) is None
