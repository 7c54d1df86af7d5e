"""Calls that do not follow the published Bot API are refused, however they are sent."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from telegram import Bot

from bot.playground.methods import METHODS
from bot.playground.published import element, load
from bot.playground.shapes import SCALARS
from bot.playground.trim import dump, trim

if TYPE_CHECKING:
    from bot.playground import Person, Telegram


async def call(telegram: Telegram, method: str, **request: Any) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            request.pop("verb", "POST"), f"{telegram.api_url}{telegram.token}/{method}", **request
        ) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize("method", ["sendMessage", "sendmessage", "SENDMESSAGE"])
@pytest.mark.parametrize(
    ("how", "verb"), [("json", "POST"), ("data", "POST"), ("params", "GET"), ("params", "POST")]
)
async def test_a_call_may_come_in_any_of_the_ways(
    telegram: Telegram, alice: Person, method: str, how: str, verb: str
) -> None:
    given = {"chat_id": alice.id, "text": "余额 & more"}
    status, answer = await call(telegram, method, verb=verb, **{how: given})
    assert (status, answer["ok"]) == (200, True)
    assert alice.newest.text == "余额 & more"


async def test_a_call_may_come_in_parts(telegram: Telegram, alice: Person) -> None:
    markup = json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]})
    form = aiohttp.FormData({"chat_id": str(alice.id), "text": "hi", "reply_markup": markup})
    form.add_field("other", b"bytes", filename="other")
    assert (await call(telegram, "sendMessage", data=form))[0] == 200
    assert alice.newest.labels == ["x"]


async def test_unknown_methods_and_tokens(telegram: Telegram) -> None:
    assert await call(telegram, "sendMassage") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found"},
    )
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{telegram.api_url}7:x/getMe") as answer:
            assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")
        async with http.get(f"{telegram.url}/") as answer:
            assert answer.status == 404


BUTTON = {"text": "x", "callback_data": "y"}


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"chat_id": None}, "chat_id is empty"),
        ({"text": None}, "message text is empty"),
        ({"chat_id": []}, 'parameter "chat_id" must be of type Number'),
        ({"txt": "x"}, 'unknown parameter "txt"'),
        ({"protect_content": "maybe"}, 'parameter "protect_content" must be of type Boolean'),
        ({"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        (
            {"reply_markup": {"inline_keyboard": [BUTTON]}},
            'can\'t parse reply markup: Field "inline_keyboard" must be of type Array',
        ),
        (
            {"reply_markup": {"inline_keyboard": [[{"callback_data": "y"}]]}},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            {"reply_markup": {"inline_keyboard": [[BUTTON | {"text": 5}]]}},
            'can\'t parse inline keyboard button: Field "text" must be of type String',
        ),
        (
            {"reply_markup": {"inline_keyboard": [[BUTTON | {"colour": "red"}]]}},
            'can\'t parse inline keyboard button: InlineKeyboardButton has no field "colour"',
        ),
        (
            {"entities": [{"type": "bold", "offset": "0", "length": 1}]},
            'can\'t parse MessageEntity: Field "offset" must be of type Number',
        ),
        ({"message_thread_id": 5}, "message thread not found"),
    ],
)
async def test_a_wrong_parameter_is_named(
    telegram: Telegram, alice: Person, wrong: dict[str, Any], complaint: str
) -> None:
    given = {"chat_id": alice.id, "text": "x"} | wrong
    status, answer = await call(telegram, "sendMessage", json=given)
    assert (status, answer["description"]) == (400, f"Bad Request: {complaint}")
    assert len(alice.chat) == 1


async def test_a_scope_is_one_of_the_published(telegram: Telegram) -> None:
    given = {"commands": [], "scope": {"type": "everywhere"}}
    status, answer = await call(telegram, "setMyCommands", json=given)
    assert (status, answer["description"]) == (
        400,
        (
            "Bad Request: can't parse BotCommandScopeDefault: "
            'Field "type" of BotCommandScopeDefault must be "default"'
        ),
    )


@pytest.mark.parametrize("body", ["{", "[]"])
async def test_a_body_that_is_no_object_is_refused(telegram: Telegram, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    status, _ = await call(telegram, "getMe", data=body, headers=headers)
    assert status == 400


def test_the_data_is_complete_for_every_method_spoken() -> None:
    published = load()
    assert published["methods"].keys() == METHODS.keys()
    described = [*published["methods"].values(), *published["types"].values()]
    reached = {
        element(kind)
        for fields in described
        for field in fields.values()
        for kind in field["types"]
    }
    reached |= {kind for kinds in published["unions"].values() for kind in kinds}
    assert reached - SCALARS.keys() == published["types"].keys() | published["unions"].keys()


def test_the_data_knows_every_parameter_the_client_can_send() -> None:
    published = load()
    local = {"self", "api_kwargs", "read_timeout", "write_timeout", "connect_timeout"}
    local |= {"pool_timeout", "filename", "reply_to_message_id", "allow_sending_without_reply"}
    local |= {"disable_web_page_preview"}
    for method, fields in published["methods"].items():
        snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in method)
        sent = inspect.signature(getattr(Bot, snake)).parameters.keys() - local
        assert sent <= fields.keys(), method


def test_the_data_is_cut_from_the_full_list_with_all_that_is_reached() -> None:
    def field(name: str, kind: str, description: str = "") -> dict[str, Any]:
        return {"name": name, "types": [kind], "required": True, "description": description}

    full = {
        "version": "Bot API 0",
        "methods": {"sayIt": {"fields": [field("it", "Array of Array of Thing")]}, "other": {}},
        "types": {
            "Thing": {"subtypes": ["This", "That"]},
            "This": {"fields": [field("type", "String", "Scope type, must be this")]},
            "That": {"fields": [field("more", "Thing")]},
            "Unreached": {},
        },
    }
    published = trim(full, ["sayIt"])
    assert published["methods"].keys() == {"sayIt"}
    assert published["types"].keys() == {"This", "That"}
    assert published["unions"] == {"Thing": ["This", "That"]}
    assert published["types"]["This"]["type"].get("value") == "this"
    assert json.loads(dump(published)) == published
