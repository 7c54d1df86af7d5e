"""People come in over HTTP, as a terminal does and a page in a browser could."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.playground import Telegram


@pytest.fixture
async def http(telegram: Telegram) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{telegram.url}/playground/") as http:
        yield http


async def post(http: aiohttp.ClientSession, door: str, **asked: Any) -> Any:
    async with http.post(door, json=asked) as answer:
        return await answer.json()


async def get(http: aiohttp.ClientSession, door: str, **asked: str) -> Any:
    async with http.get(door, params=asked) as answer:
        return await answer.json()


async def test_a_person_comes_in_speaks_and_hears(
    http: aiohttp.ClientSession, telegram: Telegram, bot: Bot
) -> None:
    bob = await post(http, "people", name="Bob", language="zh")
    assert bob == {
        "id": telegram.person("Bob").id,
        "name": "Bob",
        "language": "zh",
        "bot": "Kabao",
    }
    said = await post(http, "say", **{"as": "Bob", "text": "/start"})
    (update,) = await bot.get_updates()
    assert said == {"update_id": update.update_id}
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
    sent = await bot.send_message(bob["id"], "Hello", reply_markup=markup)
    chat = await get(http, "chat", **{"as": "Bob"})
    assert [message["text"] for message in chat["messages"]] == ["/start", "Hello"]
    pressed = await post(http, "press", **{"as": "Bob", "button": "Go"})
    assert pressed == {"update_id": update.update_id + 1, "label": "Go"}
    await bot.delete_message(bob["id"], sent.message_id)
    heard = await get(http, "events", **{"as": "Bob"})
    assert [event["what"] for event in heard["events"]] == ["message", "message", "deleted"]
    assert [one["name"] for one in await get(http, "people")] == ["Bob"]


async def test_who_listens_is_woken_by_what_happens(
    http: aiohttp.ClientSession, telegram: Telegram, bot: Bot
) -> None:
    await telegram.person("Bob").says("hi")
    (last,) = {(await get(http, "chat", **{"as": "Bob"}))["last"]}
    asked = {"as": "Bob", "after": str(last), "wait": "30"}
    listening = asyncio.create_task(get(http, "events", **asked))
    await asyncio.sleep(0)
    await bot.send_message(telegram.person("Bob").id, "there")
    heard = await listening
    assert [event["message"]["text"] for event in heard["events"]] == ["there"]
    assert heard["last"] > last


async def test_a_number_is_given_from_outside(
    http: aiohttp.ClientSession, telegram: Telegram, bot: Bot
) -> None:
    await post(http, "say", **{"as": "Bob", "text": "/start"})
    bob = telegram.person("Bob")
    refused = await post(http, "contact", **{"as": "Bob"})
    assert refused == {"error": "there is no button that shares a contact"}
    ask = KeyboardButton("My number", request_contact=True)
    await bot.send_message(bob.id, "Which?", reply_markup=ReplyKeyboardMarkup([[ask]]))
    assert (await post(http, "contact", **{"as": "Bob"}))["update_id"]
    assert bob.chat[-1].raw["contact"]["user_id"] == bob.id


async def test_groups_files_and_blocking_work_from_outside(
    http: aiohttp.ClientSession, telegram: Telegram, bot: Bot
) -> None:
    await post(http, "groups", name="Family", members=["Bob", "Eve"])
    await post(http, "say", **{"as": "Bob", "chat": "Family", "text": "/hi"})
    assert telegram.people.groups()["Family"].chat[0].text == "/hi"
    async with http.post("send", params={"as": "Bob", "name": "a b.txt"}, data=b"abc") as answer:
        assert (await answer.json())["update_id"]
    document = telegram.person("Bob").chat[-1].raw["document"]
    async with http.get("file", params={"id": document["file_id"]}) as answer:
        assert answer.content_disposition is not None
        assert answer.content_disposition.filename == "a b.txt"
        assert await answer.read() == b"abc"
    assert (await post(http, "block", **{"as": "Bob"}))["update_id"]
    assert (await post(http, "unblock", **{"as": "Bob"}))["update_id"]
    await bot.set_my_commands([("hi", "Hi")])
    menu = await get(http, "menu", **{"as": "Bob"})
    assert menu == [{"command": "hi", "description": "Hi"}]


@pytest.mark.parametrize(
    ("door", "asked"),
    [
        ("say", {"text": "nobody speaks"}),
        ("say", {"as": "Bob", "text": " "}),
        ("say", {"as": "Bob", "text": "x", "chat": "Nowhere"}),
        ("press", {"as": "Bob", "button": 1}),
        ("dance", {}),
    ],
)
async def test_what_cannot_be_done_is_answered_with_a_reason(
    http: aiohttp.ClientSession, door: str, asked: dict[str, Any]
) -> None:
    async with http.post(door, json=asked) as answer:
        assert answer.status in {400, 404}
        assert (await answer.json())["error"]


async def test_pages_of_other_sites_stay_outside(http: aiohttp.ClientSession) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example:80"}):
        async with http.get("people", headers=headers) as answer:
            assert answer.status == 403
