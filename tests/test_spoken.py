"""What people write where a command would do is found; what they write otherwise is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features import discover
from bot.spoken import HEARS, LONGEST, Wish, _sentences, is_thanks, meant

SAID = {
    "付 120": Wish("pay", "120"),
    "能付120吗？": Wish("pay", "120"),
    "付得起120吗": Wish("pay", "120"),
    "120够吗": Wish("pay", "120"),
    "星巴克够付120吗": Wish("pay", "120 星巴克"),
    "can I pay $30?": Wish("pay", "$30"),
    "do I have enough for 30": Wish("pay", "30"),
    "花了12块": Wish("spent", "12块"),
    "昨天在星巴克花了12块": Wish("spent", "12块 星巴克 昨天"),
    "我昨天花了十二块": Wish("spent", "十二块 昨天"),
    "I spent 5 on my coffee card": Wish("spent", "5 coffee card"),
    "星巴克充值¥50": Wish("topup", "¥50 星巴克"),
    "退款20": Wish("refund", "20"),
    "星巴克还剩50": Wish("set", "50 星巴克"),
    "星巴克还有多少": Wish("balance", "星巴克"),
    "帮我查一下星巴克卡里的余额": Wish("balance", "星巴克"),
    "余额": Wish("balance"),
    "我有哪些卡": Wish("balance"),
    "how much is left on my coffee card": Wish("balance", "coffee card"),
    "What’s the balance of my coffee card?": Wish("balance", "coffee card"),
    "my cards": Wish("balance"),
    "show my coffee card": Wish("show", "coffee card"),
    "熊猫卡条码": Wish("show", "熊猫卡"),
    "卡过期了吗": Wish("expiring"),
    "星巴克什么时候到期": Wish("expiring", "星巴克"),
    "when does my coffee card expire?": Wish("expiring", "coffee card"),
    "分享给老婆": Wish("share"),
    "把星巴克共享给小红": Wish("share", "星巴克"),
    "share my coffee card with my wife": Wish("share", "coffee card"),
    "备份": Wish("export"),
    "怎么导出": Wish("export"),
    "back up my cards": Wish("export"),
    "付款失败": Wish("support", "付款失败"),
    "星巴克卡刷不了": Wish("support", "星巴克卡刷不了"),
    "余额查不到": Wish("support", "余额查不到"),
    "查询失败": Wish("support", "查询失败"),
    "记录不见了": Wish("support", "记录不见了"),
    "少了50块": Wish("support", "少了50块"),
    "My payment was declined!": Wish("support", "My payment was declined"),
    "can't check my balance": Wish("support", "can't check my balance"),
    "I was charged twice": Wish("support", "I was charged twice"),
    "history is missing": Wish("support", "history is missing"),
    "转人工": Wish("support"),
    "这个月花了多少钱": Wish("insights"),
    "你能做什么": Wish("help"),
    "星巴克低于20块提醒我": Wish("alerts", "星巴克 20块"),
    "warn me when my coffee card is below 20": Wish("alerts", "coffee card 20"),
    "把星巴克归档": Wish("archive", "星巴克"),
    "rename my gym card": Wish("cards", "gym card"),
    "hi": Wish("start"),
    "算了": Wish("cancel"),
}

NOT_SAID = (
    "【瑞幸】您的支付失败，请重新支付",
    "您尾号2001的卡支付失败",
    "Panda Card payment declined 12.00",
    "星巴克",
    "牛奶",
    "120",
    "明年3月",
    "我爱你",
    "I love coffee",
    "Coffee card",
    "【万家超市】您尾号1234的卡12月1日09:01消费20.00元，余额30.00元。",
    "谢谢",
)


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_is_found(text: str) -> None:
    assert meant(text) == SAID[text]


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_is_no_wish_is_left_alone(text: str) -> None:
    assert meant(text) is None


def test_every_sentence_stands_for_a_command_that_there_is() -> None:
    commands = discover().commands
    assert {command for command, _ in _sentences()} <= commands.keys()


def test_conversations_that_hear_wishes_are_there() -> None:
    assert discover().dialogues.keys() >= HEARS


def test_where_words_are_awaited_they_stand_for_themselves() -> None:
    assert meant("备份", "rename") is None
    assert meant("备份", "paying") == Wish("export")
    assert meant("花了12块", "paying") == Wish("spent", "12块")
    assert meant("付12块", "paying") is None
    assert meant("花了12块", "spend") is None


def test_thanks_are_told_from_wishes() -> None:
    assert is_thanks("谢谢！")
    assert is_thanks("Thanks a lot")
    assert not is_thanks("谢谢你的咖啡")


@given(st.text(alphabet="付花余额的卡里还有剩多少我昨天在12.块 showmy", max_size=LONGEST))
@settings(max_examples=50, deadline=200)
def test_nothing_that_is_typed_takes_long(text: str) -> None:
    assert meant(text) is None or meant(text) == meant(f" {text} ")
