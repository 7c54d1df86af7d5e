"""What people do reaches the bot: at least once, in order, to one poller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, CommandHandler

from bot.playground.webhooks import Webhook

if TYPE_CHECKING:
    from bot.playground import Clock, Person, Telegram


def buttons(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(one, callback_data=one) for one in labels]])


async def test_a_command_arrives_as_one_with_the_persons_language(
    bot: Bot, telegram: Telegram
) -> None:
    ming = telegram.person("小明", language="zh")
    number = await ming.says("/balance 麦当劳")
    (update,) = await bot.get_updates()
    assert update.update_id == number
    assert update.message is not None
    assert update.message.text == "/balance 麦当劳"
    assert update.message.entities == (MessageEntity("bot_command", 0, 8),)
    assert update.message.from_user is not None
    assert update.message.from_user.language_code == "zh"
    assert update.message.from_user.id == ming.id == telegram.person("小明").id


async def test_an_update_comes_again_until_it_is_confirmed(bot: Bot, alice: Person) -> None:
    second = await alice.says("2")
    assert second is not None
    assert len(await bot.get_updates()) == 2
    assert [one.update_id for one in await bot.get_updates(offset=second)] == [second]
    assert await bot.get_updates(offset=second + 1) == ()


async def test_a_confirmed_update_can_be_delivered_again(
    bot: Bot, alice: Person, telegram: Telegram
) -> None:
    number = await alice.says("pay")
    assert number is not None
    await bot.get_updates(offset=number + 1)
    telegram.redeliver(number)
    assert [one.update_id for one in await bot.get_updates(offset=number + 1)] == [number]
    assert await bot.get_updates(offset=number + 1) == ()
    with pytest.raises(LookupError):
        telegram.redeliver(1)


async def test_a_poll_waits_for_what_happens(bot: Bot, alice: Person) -> None:
    (first,) = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=30))
    await asyncio.sleep(0)
    await alice.says("now")
    (update,) = await poll
    assert update.message is not None
    assert update.message.text == "now"


async def test_of_two_pollers_the_older_is_sent_away(bot: Bot, telegram: Telegram) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.next_call("getUpdates")
    other = Bot(telegram.token, base_url=telegram.api_url)
    async with other:
        await other.get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await older


async def test_nothing_can_be_polled_while_a_webhook_is_set(telegram: Telegram, bot: Bot) -> None:
    telegram.world.updates.use(Webhook("https://example.com/"))
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_an_ordinary_application_runs_on_it(telegram: Telegram) -> None:
    async def greet(update: Update, _: object) -> None:
        assert update.message is not None
        await update.message.reply_text(f"Hello {update.message.from_user.first_name}")  # type: ignore[union-attr]

    application = Application.builder().token(telegram.token).base_url(telegram.api_url).build()
    application.add_handler(CommandHandler("start", greet))
    alice = telegram.person("Alice")
    async with application:
        assert application.updater is not None
        await application.updater.start_polling()
        await application.start()
        await alice.says("/start")
        assert (await alice.finds("Hello")).text == "Hello Alice"
        await telegram.stop()
        await telegram.start()
        await alice.says("/start")
        assert (await telegram.next_call("sendMessage"))["text"] == "Hello Alice"
        await application.updater.stop()
        await application.stop()


async def test_what_the_bot_never_says_is_not_found(alice: Person) -> None:
    with pytest.raises(LookupError, match="Alice does not see 'Hello' but:\nAlice: /start"):
        await alice.finds("Hello", within=0.01)


async def test_only_what_was_asked_for_is_queued(bot: Bot, alice: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    assert await alice.says("unheard") is None


async def test_a_pressed_button_brings_its_message_and_is_answered_once(
    bot: Bot, alice: Person
) -> None:
    await bot.send_message(alice.id, "cards", reply_markup=buttons("Refresh", "History"))
    assert await alice.presses("Hist") == await alice.presses(2) - 1  # type: ignore[operator]
    *_, update, _ = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.data == "History"
    assert query.message is not None
    assert query.message.message_id == alice.newest.id
    assert await query.answer("Here it is", show_alert=True)
    assert alice.notices == ["Here it is"]
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer()


async def test_a_press_cannot_be_answered_after_a_minute(
    bot: Bot, alice: Person, clock: Clock
) -> None:
    await bot.send_message(alice.id, "cards", reply_markup=buttons("Refresh"))
    await alice.presses(1)
    clock.advance(61)
    *_, update = await bot.get_updates()
    assert update.callback_query is not None
    with pytest.raises(BadRequest, match="Query is too old"):
        await update.callback_query.answer()


async def test_there_must_be_such_a_button(bot: Bot, alice: Person) -> None:
    with pytest.raises(LookupError, match="there is no button"):
        await alice.presses(1)
    await bot.send_message(alice.id, "cards", reply_markup=buttons("Cards", "Card two"))
    for missing in (3, 0, "Card"):
        with pytest.raises(LookupError, match="there is no button"):
            await alice.presses(missing)


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")  # RetryAfter.retry_after
async def test_failures_come_on_command(telegram: Telegram, alice: Person) -> None:
    bot = Bot(telegram.token, base_url=telegram.api_url)
    await bot.initialize()
    telegram.fail("sendMessage", status=500)
    with pytest.raises(NetworkError):
        await bot.send_message(alice.id, "1")
    telegram.fail("sendMessage", retry_after=7, match=lambda call: call["text"] == "2")
    with pytest.raises(RetryAfter, match="7 seconds"):
        await bot.send_message(alice.id, "2")
    telegram.garble("sendMessage")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(alice.id, "3")
    telegram.reset("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(alice.id, "4")
    hung = telegram.hang("sendMessage")
    with pytest.raises(TimedOut):
        await bot.send_message(alice.id, "5", read_timeout=0.05)
    assert hung.hits == 1
    assert [one.text for one in alice.chat] == ["/start"]
    telegram.lose("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(alice.id, "6")
    assert alice.sees("6")
    await bot.shutdown()


async def test_a_wrong_token_is_refused(telegram: Telegram) -> None:
    with pytest.raises(InvalidToken):
        await Bot("7:wrong", base_url=telegram.api_url).initialize()
