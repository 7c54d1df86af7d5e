"""Keyboards, as strict as Telegram is about them: on messages, and below the chat."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bot.playground.refusals import bad_request

ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
MOST_BUTTONS = 100
LONGEST_DATA = 64
LONGEST_COPY = 256


def checked_keyboard(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give the inline keyboard to store with a message, None for none or another kind of markup.

    `Refusal` 400 for buttons Telegram does not take.
    """
    if markup is None or "inline_keyboard" not in markup:
        return None
    rows = [row for row in markup["inline_keyboard"] if row]
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for row in rows:
        for button in row:
            _check(button)
    return {"inline_keyboard": rows} if rows else None


def reply_keyboard(markup: dict[str, Any] | None, *, private: bool) -> dict[str, Any] | None:
    """Give the keyboard to put below the chat, one without rows to take it away, None for neither.

    Follows `get_keyboard_button` of tdlib/td (td/telegram/ReplyMarkup.cpp). `Refusal` 400 for
    buttons Telegram does not take.
    """
    if markup is None or not ("keyboard" in markup or markup.get("remove_keyboard")):
        return None
    rows = [row for row in markup.get("keyboard", ()) if row]
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise bad_request("keyboard button text must be non-empty")
        if button.get("request_contact") and not private:
            raise bad_request("phone number can be requested in private chats only")
    return {**markup, "keyboard": rows}


def _check(button: dict[str, Any]) -> None:
    for name in ("url", "callback_data"):
        if button.get(name) == "":  # counts as none, for Telegram as well
            del button[name]
    actions = [name for name in ACTIONS if name in button]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request(
            "can't parse inline keyboard button: "
            f"Only one of {actions[0]} and {actions[1]} may be given"
        )
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if len(button.get("callback_data", "").encode()) > LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= LONGEST_COPY:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _check_url(url: str) -> None:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in {"http", "https", "tg"}:
        raise bad_request(
            f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol"
        )
    if parts.scheme != "tg" and "." not in parts.netloc:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
