"""Groups with topics, as strict as Telegram is about them, and messages copied elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.playground.keyboards import checked_keyboard
from bot.playground.media import captioned
from bot.playground.messages import edited, own, posted
from bot.playground.refusals import bad_request

if TYPE_CHECKING:
    from bot.playground.chats import Chat, Message
    from bot.playground.world import World

Values = dict[str, Any]

LONGEST_NAME = 128
COLOUR = 0x6FB9F0
COPIED = ("text", "entities", "photo", "document", "caption", "caption_entities")


def create_forum_topic(world: World, values: Values) -> Values:
    """Open a topic; its id is that of the message that says so."""
    chat = _forum(world, values)
    name = values["name"]
    if not 1 <= len(name) <= LONGEST_NAME:
        raise bad_request("TOPIC_NAME_INVALID")
    colour = values.get("icon_color", COLOUR)
    said = {"forum_topic_created": {"name": name, "icon_color": colour}}
    thread = world.say(chat, said)["message_id"]
    chat.topics[thread] = False
    return {"message_thread_id": thread, "name": name, "icon_color": colour}


def close_forum_topic(world: World, values: Values) -> bool:
    """Close a topic; whoever is no admin can write nothing there."""
    return _turn(world, values, closed=True)


def reopen_forum_topic(world: World, values: Values) -> bool:
    """Open a closed topic again."""
    return _turn(world, values, closed=False)


def delete_forum_topic(world: World, values: Values) -> bool:
    """Delete a topic and all that was written there."""
    chat, thread = _forum(world, values), values["message_thread_id"]
    if thread not in chat.topics:
        raise bad_request("message thread not found")
    for message in chat.messages():
        if thread in {message["message_id"], message.get("message_thread_id")}:
            chat.delete(message["message_id"])
    del chat.topics[thread]
    return True


def _turn(world: World, values: Values, *, closed: bool) -> bool:
    chat, thread = _forum(world, values), values["message_thread_id"]
    if thread not in chat.topics:
        raise bad_request("message thread not found")
    if chat.topics[thread] == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    chat.topics[thread] = closed
    said = "forum_topic_closed" if closed else "forum_topic_reopened"
    world.say(chat, {said: {}, "message_thread_id": thread, "is_topic_message": True})
    return True


def _forum(world: World, values: Values) -> Chat:
    chat = world.chats.writable(values["chat_id"])
    if not chat.about.get("is_forum"):
        raise bad_request("the chat is not a forum")
    if not chat.deletes:
        raise bad_request("not enough rights to create a topic")
    return chat


def copy_message(world: World, values: Values) -> Values:
    """Send what a message brings once more, without saying whose it was."""
    source = world.chats.find(values["from_chat_id"])
    message = source.get(values["message_id"])
    chat = world.chats.writable(values["chat_id"])
    if message is None:
        raise bad_request("message to copy not found")
    if message.get("has_protected_content"):
        raise bad_request("message can't be copied")
    content: Message = {name: message[name] for name in COPIED if name in message}
    if not content:
        raise bad_request("message can't be copied")
    if "caption" in values and "text" not in content:
        content = {n: v for n, v in content.items() if not n.startswith("caption")}
        content |= captioned(world, values)
    return {"message_id": posted(world, chat, values, content)["message_id"]}


def edit_message_caption(world: World, values: Values) -> Message:
    """Change what stands below a picture or a file, and the buttons with it."""
    chat, message = own(world, values)
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    replaced = {"caption", "caption_entities", "reply_markup"}
    kept = {name: value for name, value in message.items() if name not in replaced}
    keyboard = checked_keyboard(values.get("reply_markup"))
    changed = kept | captioned(world, values) | ({"reply_markup": keyboard} if keyboard else {})
    return edited(world, chat, message, changed)
