"""The methods of the Bot API that the playground speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.playground.files import DOWNLOADABLE
from bot.playground.media import edit_message_media, send_document, send_photo
from bot.playground.messages import (
    delete_message,
    delete_messages,
    edit_message_reply_markup,
    edit_message_text,
    send_message,
)
from bot.playground.refusals import bad_request
from bot.playground.topics import (
    close_forum_topic,
    copy_message,
    create_forum_topic,
    delete_forum_topic,
    edit_message_caption,
    reopen_forum_topic,
)
from bot.playground.webhooks import webhook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.playground.updates import Update
    from bot.playground.webhooks import Webhook
    from bot.playground.world import World

Values = dict[str, Any]

LONGEST_ANSWER = 200
LONGEST_TIMEOUT = 50
LONGEST = {"description": 512, "short_description": 120}
ACTIONS = {"typing", "upload_photo", "upload_document", "upload_video", "record_voice"} | {
    "upload_voice",
    "record_video",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def get_me(world: World, _: Values) -> Values:
    """Say who the bot is."""
    return {
        **world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(world: World, values: Values) -> list[Update]:
    """Wait for what people do."""
    return await world.updates.poll(
        values.get("offset", 0),
        min(max(values.get("limit", 100), 1), 100),
        min(values.get("timeout", 0), LONGEST_TIMEOUT),
        values.get("allowed_updates"),
    )


def delete_webhook(world: World, values: Values) -> bool:
    """Go back to polling."""
    return _use(world, None, values)


def set_webhook(world: World, values: Values) -> bool:
    """Have updates sent to an address from now on."""
    if "allowed_updates" in values:
        world.updates.allow(values["allowed_updates"])
    return _use(world, webhook(values), values)


def _use(world: World, hook: Webhook | None, values: Values) -> bool:
    if values.get("drop_pending_updates"):
        world.updates.drop()
    world.updates.use(hook)
    return True


def get_webhook_info(world: World, _: Values) -> Values:
    """Say where updates go and how many wait."""
    hook = world.updates.webhook
    info: Values = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    if hook:
        info["max_connections"] = hook.connections
    if hook and world.updates.failure:
        info["last_error_message"] = world.updates.failure
    if world.updates.allowed is not None:
        info["allowed_updates"] = sorted(world.updates.allowed)
    return info


def answer_callback_query(world: World, values: Values) -> bool:
    """Stop the pressed button's waiting, with a word or without."""
    text = values.get("text", "")
    if len(text) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query = world.query(values["callback_query_id"])
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if text:
        query.chat.notice(text, alert=values.get("show_alert", False), to=query.person)
    return True


def set_my_commands(world: World, values: Values) -> bool:
    """Put up a command menu."""
    world.menus.set(values["commands"], values.get("scope"), values.get("language_code", ""))
    return True


def delete_my_commands(world: World, values: Values) -> bool:
    """Take a command menu down."""
    world.menus.delete(values.get("scope"), values.get("language_code", ""))
    return True


def get_my_commands(world: World, values: Values) -> list[dict[str, str]]:
    """Read one menu back."""
    return world.menus.get(values.get("scope"), values.get("language_code", ""))


def set_my_description(world: World, values: Values) -> bool:
    """Describe the bot to those who open it for the first time."""
    return _describe(world, values, "description")


def set_my_short_description(world: World, values: Values) -> bool:
    """Describe the bot on its profile."""
    return _describe(world, values, "short_description")


def _describe(world: World, values: Values, kind: str) -> bool:
    text = values.get(kind, "")
    if len(text) > LONGEST[kind]:
        raise bad_request(f"{kind.replace('_', ' ')} is too long")
    world.menus.describe(kind, text, values.get("language_code", ""))
    return True


def send_chat_action(world: World, values: Values) -> bool:
    """Show that something is on its way."""
    if values["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.chats.writable(values["chat_id"])
    return True


def get_file(world: World, values: Values) -> Values:
    """Say where a file can be downloaded."""
    stored = world.files.get(values["file_id"])
    if len(stored.content) > DOWNLOADABLE:
        raise bad_request("file is too big")
    return {**stored.about(), "file_path": stored.path}


def get_chat(world: World, values: Values) -> Values:
    """Tell about a chat."""
    chat = world.chats.find(values["chat_id"])
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    return {
        **chat.about,
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), False),
    }


def get_chat_member(world: World, values: Values) -> Values:
    """Tell what somebody is in a group; bots that are not in it are not told."""
    chat, user_id = world.chats.writable(values["chat_id"]), int(values["user_id"])
    known = world.chats.of(user_id)
    if known is None or not known.private:
        raise bad_request("member not found")
    user = {"is_bot": False} | {
        name: known.about[name]
        for name in ("id", "first_name", "last_name", "username")
        if name in known.about
    }
    if chat.private or user_id not in chat.members:
        return {"user": user, "status": "left"}
    if user_id == chat.members[0]:
        return {"user": user, "status": "creator", "is_anonymous": False}
    return {"user": user, "status": "member"}


def leave_chat(world: World, values: Values) -> bool:
    """Go out of a group."""
    chat = world.chats.writable(values["chat_id"])
    if chat.private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.closed = f"bot is not a member of the {chat.about['type']} chat"
    return True


METHODS: dict[str, Callable[[World, Values], Any | Awaitable[Any]]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageMedia": edit_message_media,
    "editMessageCaption": edit_message_caption,
    "copyMessage": copy_message,
    "createForumTopic": create_forum_topic,
    "closeForumTopic": close_forum_topic,
    "deleteForumTopic": delete_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getMyCommands": get_my_commands,
    "setMyDescription": set_my_description,
    "setMyShortDescription": set_my_short_description,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "leaveChat": leave_chat,
}
