"""What the bot does with pictures and files: send them, put them in the place of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.playground.entities import formatted
from bot.playground.files import Stored, picture_size
from bot.playground.keyboards import checked_keyboard
from bot.playground.messages import edited, known, own, posted
from bot.playground.refusals import bad_request

if TYPE_CHECKING:
    from bot.playground.chats import Message
    from bot.playground.shapes import Upload
    from bot.playground.world import World

Values = dict[str, Any]

LONGEST_CAPTION = 1024
REPLACED = {"text", "entities", "link_preview_options", "photo", "document", "reply_markup"} | {
    "caption",
    "caption_entities",
}


def send_photo(world: World, values: Values) -> Message:
    """Send a picture, fresh or known by its id."""
    chat = world.chats.writable(values["chat_id"])
    return posted(world, chat, values, _photo(world, values["photo"]) | captioned(world, values))


def send_document(world: World, values: Values) -> Message:
    """Send a file, fresh or known by its id."""
    chat = world.chats.writable(values["chat_id"])
    document = _document(world, values["document"])
    return posted(world, chat, values, document | captioned(world, values))


def edit_message_media(world: World, values: Values) -> Message:
    """Put a picture or a file, its caption and buttons in the place of a text or of another."""
    chat, message = own(world, values)
    media = values["media"]
    makes = {"photo": _photo, "document": _document}.get(media["type"])
    if makes is None:
        raise bad_request(f"the playground edits no {media['type']} in")
    keyboard = checked_keyboard(values.get("reply_markup"))
    kept = {name: value for name, value in message.items() if name not in REPLACED}
    changed = kept | makes(world, media["media"]) | captioned(world, media)
    return edited(world, chat, message, changed | ({"reply_markup": keyboard} if keyboard else {}))


def _photo(world: World, given: Upload | str) -> Message:
    stored = _stored(world, given, "photos")
    width, height = picture_size(stored.content)
    return {"photo": [{**stored.about(), "width": width, "height": height}]}


def _document(world: World, given: Upload | str) -> Message:
    stored = _stored(world, given, "documents")
    about = {"file_name": stored.name, "mime_type": stored.type}
    return {"document": {**stored.about(), **about}}


def _stored(world: World, given: Upload | str, folder: str) -> Stored:
    if isinstance(given, str):
        return world.files.get(given)
    if not given.content:
        raise bad_request("file must be non-empty")
    return world.files.keep(folder, given.name, given.content)


def captioned(world: World, values: Values) -> Message:
    """Give the caption of a call as it stands in a message; nothing for none."""
    text, entities = formatted(
        values.get("caption", ""), values.get("parse_mode"), values.get("caption_entities")
    )
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    content: Message = {"caption": text} if text else {}
    if entities:
        content["caption_entities"] = known(world, entities)
    return content
