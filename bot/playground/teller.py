"""Tells what happens in a chat, in words for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.playground.looks import Fragment, body, clean, keyboard, lines, paragraph, plain

if TYPE_CHECKING:
    from bot.playground.visitor import Event, Visitor

BOT = "bold ansigreen"
PERSON = "bold ansiblue"
QUIET = "ansibrightblack"
EXCERPT = 40


class Teller:
    """Tells one person's chat. Files that come are saved in `folder`, made when it is needed.

    `apart` says who the bot speaks to, for when several people speak in one transcript.
    """

    def __init__(self, visitor: Visitor, folder: Path) -> None:
        self.visitor = visitor
        self.apart = False
        self._folder = folder

    async def message(self, message: dict[str, Any], mark: str = "") -> list[Fragment]:
        """Tell a message, with what it brings and its buttons."""
        own = not message["from"]["is_bot"]
        who = message["from"]["first_name"]
        who += f" → {self.visitor.name}" if self.apart and not own else ""
        content = [[(QUIET, line)] for line in await self._files(message)]
        if text := body(message):
            content += lines(text)
        content += keyboard(message)
        return paragraph(who + mark, PERSON if own else BOT, content)

    async def _files(self, message: dict[str, Any]) -> list[str]:
        if message["from"]["is_bot"] and "photo" in message:
            saved = await self._save(message["photo"][-1]["file_id"])
            return [f"(picture saved: {saved})"]
        if message["from"]["is_bot"] and "document" in message:
            return [f"(file saved: {await self._save(message['document']['file_id'])})"]
        if "contact" in message:
            return [f"(contact: {clean(message['contact']['phone_number'])})"]
        file = message.get("document", {}).get("file_name", "picture")
        return [f"({clean(file)})"] if "photo" in message or "document" in message else []

    async def _save(self, file_id: str) -> Path:
        name, content = await self.visitor.file(file_id)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / clean(Path(name).name)
        number = 1
        while path.exists() and path.read_bytes() != content:
            number += 1
            path = path.with_name(f"{Path(name).stem}-{number}{path.suffix}")
        path.write_bytes(content)
        return path

    async def event(self, event: Event) -> list[Fragment]:
        """Tell one event."""
        match event.what:
            case "message" | "own":
                return await self.message(event.message)
            case "edited":
                return await self.message(event.message, " (edited)")
            case "deleted":
                return self.deletion(event.message)
            case what:
                return [(QUIET, f"({what}: {clean(event.message['text'])})\n")]

    def deletion(self, message: dict[str, Any]) -> list[Fragment]:
        """Tell that a message is gone. What a person wrote is not repeated: it was a secret."""
        who = clean(message["from"]["first_name"])
        if not message["from"]["is_bot"]:
            return [(QUIET, f"({who}'s message was deleted)\n")]
        text = " ".join(plain(body(message)).split())
        text = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
        return [(QUIET, f"({who}'s message was deleted: {text})\n")]
