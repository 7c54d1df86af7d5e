"""A chart is read on a phone, in Chinese too, and written in the font that comes with it alone."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from PIL import Image

from bot.charts import (
    COLOURS,
    PAPER,
    Bar,
    Line,
    Picture,
    drawn,
    figure_of,
    round_amounts,
    unpacked,
)
from bot.lettering import FONT, INK, MISSING, shown
from bot.lettering import shortened as cut

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
STEPS = [(NOW - timedelta(days=60 - 5 * n), 300.0 - 20 * n) for n in range(12)]


def picture(title: str = "我的卡 · 人民币", lines: int = 3) -> Picture:
    return Picture(
        title,
        "余额变化",
        [
            Line(f"咖啡卡 ·100{n}", [(at, left - 30 * n) for at, left in STEPS])
            for n in range(lines)
        ],
        "每月消费",
        [Bar(f"{month}月", 100.0 * month, f"¥{month}00.00") for month in (9, 10, 11)],
        "各卡消费",
        [Bar("龘咖啡卡🍵 ·1001", 432, "¥432.00"), Bar("熊猫礼品卡 ·1002", 20, "¥20.00")],
        NOW,
        [(NOW - timedelta(days=30), "10月25日")],
        [(amount, f"¥{amount:,.0f}") for amount in round_amounts(280)],
    )


@pytest.mark.filterwarnings("error")
def test_it_is_as_wide_as_a_phone_and_light() -> None:
    png = Image.open(io.BytesIO(drawn(picture())))
    assert png.format == "PNG"
    assert png.width == 1080
    assert 1080 < png.height < 2400
    assert png.convert("RGB").getpixel((5, 5)) == tuple(bytes.fromhex(PAPER[1:]))


@pytest.mark.filterwarnings("error")
def test_every_character_drawn_is_in_the_font_that_comes_with_it() -> None:
    figure = figure_of(picture())
    figure.draw_without_rendering()
    written = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert {"我的卡 · 人民币", "余额变化", "每月消费", "咖啡卡 ·1001", "10月25日", "¥200"} <= {
        text.get_text() for text in written
    }
    for text in written:
        assert text.get_fontproperties().get_file() == str(FONT), text
        assert shown(text.get_text()) == text.get_text()


def test_emoji_are_left_out_and_a_letter_the_font_lacks_becomes_a_box_that_it_has() -> None:
    assert shown("龘卡🍵") == f"{MISSING}卡"
    assert shown("☕️ Tea 🧋🇨🇳👨‍👩‍👧 card ·1001") == "Tea card ·1001"
    assert shown("🎁 ·1001") == "·1001"
    assert shown("\u2068Tea\u2069") == "Tea"
    assert shown(MISSING) == MISSING
    gb2312 = bytes([0xB0, 0xA1]).decode("gb2312") + "卡余额消费充值微信支付宝"
    assert shown(gb2312) == gb2312
    assert shown("¥€£$₩ “Café” … – ·") == "¥€£$₩ “Café” … – ·"


def test_every_han_character_of_gb_2312_can_be_written() -> None:
    han = "".join(
        bytes([row, cell]).decode("gb2312", errors="ignore")
        for row in range(0xB0, 0xF8)
        for cell in range(0xA1, 0xFF)
    )
    assert len(han) == 6763
    assert shown(han) == han


def test_it_comes_out_of_json_as_it_went_in() -> None:
    one = picture()
    gap = Line("咖啡卡 ·1009", [(NOW, 1.5), (NOW, None)])
    one = replace(one, balances=[*one.balances, gap])
    assert unpacked(orjson.dumps(one)) == replace(
        one,
        amounts=[list(mark) for mark in one.amounts],  # type: ignore[misc]
    )


@given(st.floats(1e-3, 1e12))
@settings(max_examples=50)
def test_amounts_beside_lines_are_round_and_few(highest: float) -> None:
    amounts = round_amounts(highest)
    assert amounts[0] == 0
    assert 3 <= len(amounts) <= 5 + 1
    assert highest * 0.5 < amounts[-1] <= highest * 1.000001
    assert f"{amounts[1]:.2e}"[:4] in {"1.00", "2.00", "2.50", "5.00"}
    assert round_amounts(0) == [0]


@given(st.integers(1, 10**9))
@settings(max_examples=50)
def test_what_is_counted_has_no_halves_beside_it(highest: int) -> None:
    amounts = round_amounts(highest, whole=True)
    assert all(amount == int(amount) for amount in amounts)
    assert len(amounts) <= 5 + 1
    assert highest < 2 or len(amounts) > 1


def test_a_long_name_is_cut_and_keeps_its_last_digits() -> None:
    assert cut("很长" * 20 + " ·1001").endswith("… ·1001")
    assert cut("Tea ·1001") == "Tea ·1001"
    assert cut("Panda Gift Card ·1001") == "Panda Gift Card ·1001"
    assert len(cut("x" * 100)) < 40


def test_text_that_looks_like_a_formula_is_left_alone() -> None:
    figure = figure_of(picture(title="$x_1$ · $\\frac$"))
    figure.draw_without_rendering()


def test_an_unknown_balance_is_a_gap_and_not_zero() -> None:
    def coloured(steps: list[tuple[datetime, float | None]]) -> int:
        one = picture(lines=0)
        drawn = Picture(
            **{
                **{name: getattr(one, name) for name in one.__slots__},
                "balances": [Line("咖啡卡 ·1001", steps)],
                "months": [],
                "cards": [],
            }
        )
        figure = figure_of(drawn)
        (line, *_) = figure.axes[0].get_lines()
        return sum(isnan(value) for value in line.get_ydata())  # type: ignore[arg-type,union-attr]

    known: list[tuple[datetime, float | None]] = list(STEPS)
    assert coloured(known) == 0
    assert coloured([(at, None if 3 < n < 7 else left) for n, (at, left) in enumerate(known)]) == 3


def test_what_is_owed_is_drawn_below_zero() -> None:
    steps = [(NOW - timedelta(days=3), 20.0), (NOW - timedelta(days=1), -15.0)]
    one = replace(picture(), balances=[Line("☕️ 咖啡卡 ·1001", steps), Line("🎁 ·1002", steps)])
    axes = figure_of(one).axes[0]
    assert axes.get_ylim()[0] < -15
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["咖啡卡 ·1001", "·1002"]


def test_inks_can_be_told_from_the_paper() -> None:
    def luminance(colour: str) -> float:
        parts = [part / 255 for part in bytes.fromhex(colour[1:])]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    paper = luminance(PAPER) + 0.05
    assert paper / (luminance(INK) + 0.05) > 7
    for colour in COLOURS:
        assert paper / (luminance(colour) + 0.05) > 2.2, colour
    assert len(set(COLOURS)) == len(COLOURS)


def test_the_library_is_not_loaded_before_somebody_looks() -> None:
    code = (
        "import sys, bot.app, bot.features as f; f.discover(); "
        "print([m for m in ('matplotlib', 'numpy', 'PIL') if m in sys.modules])"
    )
    told = subprocess.run(  # noqa: S603 - our own line
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
