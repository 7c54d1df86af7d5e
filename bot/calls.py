"""The calls an answer is made of, as plain data both ways.

python-telegram-bot builds an object of every part of a message it sends and of the one that comes
back, of which only the id is used here; that was half the cost of an answer. These calls still
pass through its request class and its rate limiter, so errors and 429 are what they always are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import orjson
from telegram.constants import ParseMode

from bot.buttons import keyboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegram.request import RequestData

    from bot.buttons import Buttons
    from bot.sealed import SealedBot

NO_PREVIEW = {"is_disabled": True}

UPLOAD_SECONDS = 300.0
"""How long a file may take to arrive: the largest a bot may send has 50 MB."""

File = tuple[str, bytes, str]
"""A file's name, what is in it, and its MIME type."""

_PNG = "image/png"
_JPEG = "image/jpeg"
_FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What our transport reads of a `RequestData`."""

    parameters: Mapping[str, Any]
    multipart_data: Mapping[str, File] = field(default_factory=dict)

    @property
    def contains_files(self) -> bool:
        return bool(self.multipart_data)

    @property
    def json_parameters(self) -> dict[str, str]:
        return {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in self.parameters.items()
        }


async def send(
    bot: SealedBot,
    chat_id: int,
    text: str,
    buttons: Buttons | None = None,
    pace: str = "",
    *,
    protect: bool = False,
    markup: Mapping[str, Any] | None = None,
    thread: int | None = None,
    reply_to: int | None = None,
) -> int:
    """Send HTML; give the message's id. `pace` is what the rate limiter is told.

    `thread` is the topic of a group it goes to, `reply_to` the message it answers if that is there.

    `protect`: it can be neither forwarded nor saved. `markup` is a keyboard below the chat, or
    its removal (see `bot.buttons`), where there are no `buttons`.
    """
    data = _content(bot, chat_id, text, buttons)
    if protect:
        data["protect_content"] = True
    if markup:
        data["reply_markup"] = markup
    data |= _placed(thread, reply_to)
    return int((await _call(bot, "sendMessage", data, pace))["message_id"])


async def send_known_photo(
    bot: SealedBot,
    chat_id: int,
    file_id: str,
    caption: str = "",
    buttons: Buttons | None = None,
    pace: str = "",
    *,
    thread: int | None = None,
    reply_to: int | None = None,
) -> int:
    """Send a picture that Telegram has, by its id, with a caption in HTML; give the message's id.

    `thread` and `reply_to` as for `send`.
    """
    data: dict[str, Any] = {"chat_id": chat_id, "photo": file_id, **_captioned(caption)}
    if buttons:
        data["reply_markup"] = keyboard(buttons, bot.seal, chat_id)
    data |= _placed(thread, reply_to)
    return int((await _call(bot, "sendPhoto", data, pace))["message_id"])


async def create_topic(bot: SealedBot, chat_id: int, name: str) -> int:
    """Open a topic in a group that has topics; give its id. `BadRequest` if that cannot be done."""
    made = await _call(bot, "createForumTopic", {"chat_id": chat_id, "name": name[:128]})
    return int(made["message_thread_id"])


async def close_topic(bot: SealedBot, chat_id: int, thread: int) -> None:
    """Close a topic. `BadRequest` if that cannot be done."""
    await _call(bot, "closeForumTopic", {"chat_id": chat_id, "message_thread_id": thread})


async def reopen_topic(bot: SealedBot, chat_id: int, thread: int) -> None:
    """Open a closed topic again. `BadRequest` if that cannot be done."""
    await _call(bot, "reopenForumTopic", {"chat_id": chat_id, "message_thread_id": thread})


async def delete_topic(bot: SealedBot, chat_id: int, thread: int) -> None:
    """Delete a topic with all that was written there. `BadRequest` if that cannot be done."""
    await _call(bot, "deleteForumTopic", {"chat_id": chat_id, "message_thread_id": thread})


def _placed(thread: int | None, reply_to: int | None) -> dict[str, Any]:
    placed: dict[str, Any] = {}
    if thread is not None:
        placed["message_thread_id"] = thread
    if reply_to is not None:
        placed["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    return placed


async def send_photo(
    bot: SealedBot,
    chat_id: int,
    png: bytes,
    caption: str = "",
    buttons: Buttons | None = None,
    *,
    protect: bool = False,
) -> int:
    """Send a picture with a caption in HTML; give the message's id."""
    data: dict[str, Any] = {"chat_id": chat_id, **_captioned(caption)}
    if buttons:
        data["reply_markup"] = keyboard(buttons, bot.seal, chat_id)
    if protect:
        data["protect_content"] = True
    sent = await _call(bot, "sendPhoto", data, files={"photo": ("picture.png", png, _PNG)})
    return int(sent["message_id"])


async def send_document(
    bot: SealedBot, chat_id: int, name: str, content: bytes, caption: str = ""
) -> int:
    """Send a file of at most 50 MB with a caption in HTML; give the message's id."""
    data = {"chat_id": chat_id, **_captioned(caption)}
    files = {"document": (name, content, _FILE)}
    return int((await _call(bot, "sendDocument", data, files=files))["message_id"])


async def send_new_photo(
    bot: SealedBot, chat_id: int, jpeg: bytes, caption: str, buttons: Buttons
) -> tuple[int, str]:
    """Send a picture with a caption in HTML; give the message's id, and the picture's own."""
    data: dict[str, Any] = {"chat_id": chat_id, **_captioned(caption)}
    data["reply_markup"] = keyboard(buttons, bot.seal, chat_id)
    sent = await _call(bot, "sendPhoto", data, files={"photo": ("picture.jpg", jpeg, _JPEG)})
    return int(sent["message_id"]), str(sent["photo"][-1]["file_id"])


async def edit(
    bot: SealedBot, chat_id: int, message_id: int, text: str, buttons: Buttons | None = None
) -> None:
    """Put HTML in the place of a message's text. `BadRequest` if that cannot be done."""
    await _call(
        bot, "editMessageText", {"message_id": message_id, **_content(bot, chat_id, text, buttons)}
    )


async def edit_photo(
    bot: SealedBot,
    chat_id: int,
    message_id: int,
    png: bytes,
    caption: str = "",
    buttons: Buttons | None = None,
) -> None:
    """Put a picture in the place of a message's text or picture. `BadRequest` if it cannot be."""
    captioned = _captioned(caption)
    data: dict[str, Any] = {
        "chat_id": chat_id,
        "message_id": message_id,
        "media": {"type": "photo", "media": "attach://picture", **captioned},
    }
    if buttons:
        data["reply_markup"] = keyboard(buttons, bot.seal, chat_id)
    await _call(bot, "editMessageMedia", data, files={"picture": ("picture.png", png, _PNG)})


async def edit_document(
    bot: SealedBot, chat_id: int, message_id: int, name: str, content: bytes, caption: str = ""
) -> None:
    """Put a file in the place of a message's text or file. `BadRequest` if that cannot be done."""
    media = {"type": "document", "media": "attach://file", **_captioned(caption)}
    data: dict[str, Any] = {"chat_id": chat_id, "message_id": message_id, "media": media}
    await _call(bot, "editMessageMedia", data, files={"file": (name, content, _FILE)})


async def delete(bot: SealedBot, chat_id: int, message_id: int) -> bool:
    """Delete a message. `BadRequest` if that cannot be done."""
    data = {"chat_id": chat_id, "message_id": message_id}
    return bool(await _call(bot, "deleteMessage", data))


def _content(bot: SealedBot, chat_id: int, text: str, buttons: Buttons | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "chat_id": chat_id,
        "text": str(text),
        "parse_mode": ParseMode.HTML.value,
        "link_preview_options": NO_PREVIEW,
    }
    if buttons:
        content["reply_markup"] = keyboard(buttons, bot.seal, chat_id)
    return content


def _captioned(caption: str) -> dict[str, Any]:
    return {"caption": str(caption), "parse_mode": ParseMode.HTML.value} if caption else {}


async def _call(
    bot: SealedBot,
    method: str,
    data: dict[str, Any],
    pace: str = "",
    files: Mapping[str, File] | None = None,
) -> Any:
    assert bot.rate_limiter is not None
    return await bot.rate_limiter.process_request(
        callback=_post,
        args=(bot, method, _Parameters(data, files or {})),
        kwargs={},
        endpoint=method,
        data=data,
        rate_limit_args=pace or None,
    )


async def _post(bot: SealedBot, method: str, carried: _Parameters) -> Any:
    url, data = f"{bot.base_url}/{method}", cast("RequestData", carried)
    if carried.contains_files:
        return await bot.request.post(url, data, write_timeout=UPLOAD_SECONDS)
    return await bot.request.post(url, data)
