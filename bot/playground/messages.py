"""What the bot does with messages: send, edit, delete. Pictures and files are in `media`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.playground.chats import Below
from bot.playground.entities import formatted
from bot.playground.keyboards import checked_keyboard, reply_keyboard
from bot.playground.refusals import Refusal, bad_request

if TYPE_CHECKING:
    from bot.playground.chats import Chat, Message
    from bot.playground.markup import Entity
    from bot.playground.world import World

Values = dict[str, Any]

LONGEST_SOURCE = 2**15
"""Bytes, markup included."""
LONGEST_TEXT = 4096
DELETABLE = 48 * 3600
"""Seconds."""
MOST_DELETED = 100
SHOWN = (
    *("text", "entities", "link_preview_options", "reply_markup"),
    *("photo", "document", "caption", "caption_entities"),
)


def send_message(world: World, values: Values) -> Message:
    """Send text."""
    chat = world.chats.writable(values["chat_id"])
    return posted(world, chat, values, _text(world, values))


def _text(world: World, values: Values) -> Message:
    if not values.get("text"):
        raise bad_request("message text is empty")
    if len(values["text"]) > LONGEST_SOURCE // 4 and len(values["text"].encode()) > LONGEST_SOURCE:
        raise bad_request("text is too long")
    text, entities = formatted(values["text"], values.get("parse_mode"), values.get("entities"))
    if not text:
        raise bad_request("text must be non-empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    content: Message = {"text": text}
    if entities:
        content["entities"] = known(world, entities)
    if "link_preview_options" in values:
        content["link_preview_options"] = values["link_preview_options"]
    return content


def posted(world: World, chat: Chat, values: Values, content: Message) -> Message:
    """Post what the bot sends, with all that a call may say besides."""
    below = None
    if len(values) > 2:  # noqa: PLR2004 - more than where and what
        keyboard = checked_keyboard(values.get("reply_markup"))
        if keyboard is not None:
            content["reply_markup"] = keyboard
        below = reply_keyboard(values.get("reply_markup"), private=chat.private)
        if values.get("protect_content"):
            content["has_protected_content"] = True
        if "reply_parameters" in values:
            _reply(chat, values["reply_parameters"], content)
        if "message_thread_id" in values:
            if values["message_thread_id"] not in chat.topics:
                raise bad_request("message thread not found")
            content |= {
                "message_thread_id": values["message_thread_id"],
                "is_topic_message": True,
            }
    message = world.say(chat, content)
    if below is not None:
        chat.keyboard = Below(message["message_id"], below) if below["keyboard"] else None
    return message


def _reply(chat: Chat, to: Values, content: Message) -> None:
    if to.get("chat_id", chat.id) != chat.id:
        raise bad_request("message to be replied not found")
    message = chat.get(to.get("message_id", 0))
    if message is not None:
        content["reply_to_message"] = {
            name: value for name, value in message.items() if name != "reply_to_message"
        }
    elif not to.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")


def known(world: World, entities: list[Entity]) -> list[Entity]:
    """Let mentions name those alone whom the bot can know: who wrote to it."""
    return [
        one if one["type"] != "text_mention" else {**one, "user": user}
        for one in entities
        if one["type"] != "text_mention" or (user := world.user(one["user"]["id"]))
    ]


def edit_message_text(world: World, values: Values) -> Message:
    """Change the text, and the buttons with it: no buttons given are no buttons."""
    chat, message = own(world, values)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    kept = {
        name: value
        for name, value in message.items()
        if name not in {"text", "entities", "link_preview_options", "reply_markup"}
    }
    keyboard = checked_keyboard(values.get("reply_markup"))
    changed = kept | _text(world, values) | ({"reply_markup": keyboard} if keyboard else {})
    return edited(world, chat, message, changed)


def edit_message_reply_markup(world: World, values: Values) -> Message:
    """Change the buttons alone."""
    chat, message = own(world, values)
    changed = {name: value for name, value in message.items() if name != "reply_markup"}
    keyboard = checked_keyboard(values.get("reply_markup"))
    return edited(world, chat, message, changed | ({"reply_markup": keyboard} if keyboard else {}))


def own(world: World, values: Values) -> tuple[Chat, Message]:
    """Find the message of the bot that a call is to change; `Refusal` if it cannot."""
    if "chat_id" not in values or "message_id" not in values:
        raise bad_request("message identifier is not specified")
    chat = world.chats.writable(values["chat_id"])
    message = chat.get(values["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != world.bot["id"]:
        raise bad_request("message can't be edited")
    return chat, message


def edited(world: World, chat: Chat, message: Message, changed: Message) -> Message:
    """Put a changed message in the former's place; `Refusal` if nothing changed."""
    if all(message.get(name) == changed.get(name) for name in SHOWN):
        raise bad_request(
            "message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
    if world.limits is not None:
        world.limits.note(chat.id)
    changed["edit_date"] = world.now()
    chat.replace(changed)
    return changed


def delete_message(world: World, values: Values) -> bool:
    """Delete for everybody."""
    chat = world.chats.find(values["chat_id"])
    if chat.get(values["message_id"]) is None:
        raise bad_request("message to delete not found")
    if (why := _undeletable(world, chat, values["message_id"])) is not None:
        raise why
    chat.delete(values["message_id"])
    return True


def delete_messages(world: World, values: Values) -> bool:
    """Delete several; those that are gone already are passed over."""
    chat = world.chats.find(values["chat_id"])
    numbers = values["message_ids"]
    if not 1 <= len(numbers) <= MOST_DELETED:
        how = "too many message identifiers" if numbers else "message identifiers are not"
        raise bad_request(f"{how} specified")
    there = [number for number in dict.fromkeys(numbers) if chat.get(number) is not None]
    if why := next(filter(None, (_undeletable(world, chat, one) for one in there)), None):
        raise why
    for number in there:
        chat.delete(number)
    return True


def _undeletable(world: World, chat: Chat, message_id: int) -> Refusal | None:
    message = chat.get(message_id)
    assert message is not None
    own = message["from"]["id"] == world.bot["id"]
    old = world.now() - message["date"] > DELETABLE
    if chat.deletes and not (chat.private and old):
        return None
    return None if own and not old else bad_request("message can't be deleted")
