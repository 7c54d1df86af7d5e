"""The calls an answer is made of, as plain data both ways.

python-telegram-bot builds an object of every part of a message it sends and of the one that comes
back, of which only the id is used here; that was half the cost of an answer. These calls still
pass through its request class and its rate limiter, so errors and 429 are what they always are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from telegram.constants import ParseMode

from bot.buttons import keyboard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegram.ext import ExtBot
    from telegram.request import RequestData

    from bot.buttons import Buttons

NO_PREVIEW = {"is_disabled": True}


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What our transport reads of a `RequestData`."""

    parameters: Mapping[str, Any]
    contains_files: bool = False


async def send(
    bot: ExtBot[str], chat_id: int, text: str, buttons: Buttons | None = None, pace: str = ""
) -> int:
    """Send HTML; give the message's id. `pace` is what the rate limiter is told."""
    sent = await _call(bot, "sendMessage", _content(chat_id, text, buttons), pace)
    return int(sent["message_id"])


async def edit(
    bot: ExtBot[str], chat_id: int, message_id: int, text: str, buttons: Buttons | None = None
) -> None:
    """Put HTML in the place of a message's text. `BadRequest` if that cannot be done."""
    await _call(
        bot, "editMessageText", {"message_id": message_id, **_content(chat_id, text, buttons)}
    )


async def delete(bot: ExtBot[str], chat_id: int, message_id: int) -> bool:
    """Delete a message. `BadRequest` if that cannot be done."""
    data = {"chat_id": chat_id, "message_id": message_id}
    return bool(await _call(bot, "deleteMessage", data))


def _content(chat_id: int, text: str, buttons: Buttons | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "chat_id": chat_id,
        "text": str(text),
        "parse_mode": ParseMode.HTML.value,
        "link_preview_options": NO_PREVIEW,
    }
    if buttons:
        content["reply_markup"] = keyboard(buttons)
    return content


async def _call(bot: ExtBot[str], method: str, data: dict[str, Any], pace: str = "") -> Any:
    assert bot.rate_limiter is not None
    return await bot.rate_limiter.process_request(
        callback=_post,
        args=(bot, method, data),
        kwargs={},
        endpoint=method,
        data=data,
        rate_limit_args=pace or None,
    )


async def _post(bot: ExtBot[str], method: str, data: dict[str, Any]) -> Any:
    carried = cast("RequestData", _Parameters(data))
    return await bot.request.post(f"{bot.base_url}/{method}", carried)
