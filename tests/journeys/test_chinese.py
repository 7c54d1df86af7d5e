"""The main journey in Chinese 主要流程，用中文走一遍."""

from __future__ import annotations

import re

from tests.house import BLOCKED, KIOSK, PIN, YEN, YUAN, Guest, House

ENGLISH = re.compile(r"[A-Za-z]{3,}")
NOT_ENGLISH = re.compile(
    r"Asia/Shanghai|/[a-z]+|Kabao|Telegram|PIN|USD|CNY|Noodle House|Tea Corner|Bookshop|Bakery"
    r"|Cinema|Card bought|Shop|English"
)


def english_in(guest: Guest) -> list[str]:
    """Find English words in what stands in the chat, buttons and notices included."""
    shown = [message for message in guest.person.chat if message.by_bot]
    texts = [message.text + " ".join(message.labels) for message in shown]
    words = " ".join([*texts, *guest.person.notices])
    return ENGLISH.findall(NOT_ENGLISH.sub(" ", words))


async def test_xiaoming_binds_asks_and_reads_history(house: House, ming: Guest) -> None:
    greeting = await ming.says("/start")
    assert "卡包" in greeting.text
    await ming.presses(1)
    await ming.presses("熊猫礼品卡")
    asked = await ming.says(YUAN)
    assert "密码" in asked.text
    bound = await ming.says(PIN)
    assert "熊猫礼品卡 ·1001  ¥200.00  余额充足" in bound.text
    await house.passes(minutes=3)
    house.issuer.spend(YUAN, 16500, "面馆")
    await ming.says("/balance")
    assert ming.sees("¥35.00  余额不足")
    history = await ming.says("/history")
    assert "-¥165.00  面馆" in history.text
    assert "余额 ¥35.00" in history.text
    assert english_in(ming) == []


async def test_an_issuer_that_fails_leaves_the_old_balance_with_the_reason(
    house: House, ming: Guest
) -> None:
    await ming.binds(KIOSK)
    await house.passes(minutes=5)
    house.issuer.down = True
    panel = await ming.says("/balance")
    assert "¥161.50" in panel.text
    assert "5分钟前" in panel.text.replace(" ", "")
    assert "⚠️ 小店卡" in panel.text
    assert english_in(ming) == []


async def test_a_card_is_found_by_its_name_or_last_digits(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.presses("改名")
    await ming.says("麦当劳")
    for words in ("/balance 麦当劳", "/balance 2001", "麦当劳", "2001"):
        assert "麦当劳 ·2001" in (await ming.says(words)).text
    assert english_in(ming) == []


async def test_every_command_is_answered_in_chinese_to_the_last_word(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.binds(BLOCKED, PIN)
    for command in ("/help", "/cards", "/alerts", "/privacy", "/timezone", "/cancel", "/language"):
        await ming.says(command)
    await ming.says("你好", "/cards")
    await ming.presses(3)
    await ming.presses(1)
    await ming.presses(1)
    await ming.forges("nonsense")
    await ming.says("/forget")
    await ming.presses(2)
    assert english_in(ming) == []


async def test_an_amount_that_can_mean_two_things_is_asked_and_spoken_amounts_are_read(
    ming: Guest,
) -> None:
    await ming.says("/bind", "AB-778899001", "理发店", "1,234")
    assert "¥1,234.00" in ming.newest.text
    kept = await ming.says("38块5")
    assert "¥38.50" in kept.text
    assert english_in(ming) == []


async def test_yen_are_told_apart_from_yuan(ming: Guest) -> None:
    assert "JP¥12,000 " in (await ming.binds(YEN, PIN)).text.replace("\N{NO-BREAK SPACE}", " ")


async def test_xiaoming_is_forgotten(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.says("/forget")
    await ming.presses(1)
    assert "还没有卡" in (await ming.says("/balance")).text
    assert english_in(ming) == []


async def test_buttons_can_be_typed(ming: Guest) -> None:
    await ming.says("/bind", "小店卡", KIOSK)
    assert "流水" in (await ming.says("流水")).text
    await ming.says("/forget")
    assert "小店卡 ·2001" in (await ming.says("/balance 小店")).text
    await ming.says("改名")
    assert "已取消" in (await ming.says("取消")).text
