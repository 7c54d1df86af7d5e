"""The button below a chat that gives one's number, and the contacts that come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram import Bot, Contact, KeyboardButton, Message, ReplyKeyboardMarkup, ReplyKeyboardRemove
from telegram.error import BadRequest

if TYPE_CHECKING:
    from bot.playground import Person, Telegram

SHARE = ReplyKeyboardMarkup(
    [[KeyboardButton("Share my number", request_contact=True)], [KeyboardButton("Not now")]]
)


async def came(bot: Bot) -> Message:
    *_, update = await bot.get_updates()
    assert update.message is not None
    return update.message


def contact_in(message: Message) -> Contact:
    assert message.contact is not None
    return message.contact


async def test_a_person_shares_their_own_number_by_the_button(bot: Bot, alice: Person) -> None:
    asked = await bot.send_message(alice.id, "Who are you?", reply_markup=SHARE)
    assert asked.reply_markup is None
    assert alice.keyboard == ["Share my number", "Not now"]
    number = await alice.shares_contact()
    message = await came(bot)
    contact = contact_in(message)
    assert (contact.user_id, contact.phone_number) == (alice.id, alice.phone)
    assert contact.first_name == "Alice"
    assert message.reply_to_message is not None
    assert message.reply_to_message.message_id == asked.message_id
    (*_, update) = await bot.get_updates()
    assert update.update_id == number


async def test_nobody_shares_by_a_button_that_is_not_there(bot: Bot, alice: Person) -> None:
    with pytest.raises(LookupError, match="no button that shares"):
        await alice.shares_contact()
    await bot.send_message(alice.id, "?", reply_markup=ReplyKeyboardMarkup([["Yes"]]))
    with pytest.raises(LookupError, match="no button that shares"):
        await alice.shares_contact()


async def test_the_keyboard_stays_until_it_is_taken_away(bot: Bot, alice: Person) -> None:
    await bot.send_message(alice.id, "?", reply_markup=SHARE)
    await bot.send_message(alice.id, "a word besides")
    await alice.shares_contact()
    assert alice.keyboard
    await bot.send_message(alice.id, "Thanks", reply_markup=ReplyKeyboardRemove())
    assert alice.keyboard == []


async def test_a_keyboard_for_one_use_goes_by_itself(bot: Bot, alice: Person) -> None:
    once = ReplyKeyboardMarkup(SHARE.keyboard, one_time_keyboard=True)
    await bot.send_message(alice.id, "?", reply_markup=once)
    await alice.shares_contact()
    assert alice.keyboard == []


async def test_anothers_contact_tells_whose_it_is(
    telegram: Telegram, bot: Bot, alice: Person
) -> None:
    bob = telegram.person("Bob")
    await alice.shares_contact(bob)
    message = await came(bot)
    assert message.from_user is not None
    assert message.from_user.id == alice.id
    assert contact_in(message).user_id == bob.id
    await alice.shares_contact("+4915112345678")
    stranger = contact_in(await came(bot))
    assert (stranger.user_id, stranger.phone_number) == (None, "+4915112345678")


async def test_ones_own_contact_comes_attached_or_forwarded(bot: Bot, alice: Person) -> None:
    await alice.shares_contact(attached=True)
    message = await came(bot)
    assert contact_in(message).user_id == alice.id
    assert message.reply_to_message is None
    await alice.shares_contact(forwarded=True)
    message = await came(bot)
    assert contact_in(message).user_id == alice.id
    assert message.forward_origin is not None


async def test_a_number_is_asked_for_in_private_alone(
    telegram: Telegram, bot: Bot, alice: Person
) -> None:
    group = telegram.group("Family", [alice])
    with pytest.raises(BadRequest, match="Phone number can be requested in private chats only"):
        await bot.send_message(group.where.id, "?", reply_markup=SHARE)
    with pytest.raises(BadRequest, match="Keyboard button text must be non-empty"):
        await bot.send_message(alice.id, "?", reply_markup=ReplyKeyboardMarkup([[" "]]))
