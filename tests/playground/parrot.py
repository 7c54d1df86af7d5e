"""A small bot to chat with, and, run as a program, a terminal to chat with it in."""

from __future__ import annotations

import asyncio
import struct
import sys
import zlib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)

from bot.playground import Clock, Telegram
from bot.playground.chat import run_chat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def picture(width: int, height: int) -> bytes:
    """A black PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\0" * width) * height)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


BUTTONS = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Count", callback_data="count"),
            InlineKeyboardButton("Nothing", callback_data="nothing"),
        ],
        [InlineKeyboardButton("Site", url="https://example.com/")],
    ]
)


class Parrot:
    """Answers each kind of message in its own way; `settled` as the chat wants it."""

    def __init__(self, telegram: Telegram) -> None:
        self._bot = Bot(telegram.token, base_url=telegram.api_url)
        self._handled = 0
        self._progress = asyncio.Condition()
        self._count = 0

    async def settled(self, update_id: int | None) -> None:
        async with self._progress:
            await self._progress.wait_for(lambda: self._handled >= (update_id or 0))

    async def run(self) -> None:
        async with self._bot:
            await self._bot.set_my_commands([("start", "Say hello")])
            while True:
                for update in await self._bot.get_updates(offset=self._handled + 1, timeout=30):
                    await self._handle(update)
                    async with self._progress:
                        self._handled = update.update_id
                        self._progress.notify_all()

    async def _handle(self, update: Update) -> None:
        if update.callback_query is not None:
            await self._pressed(update.callback_query)
        elif update.message is not None:
            await self._heard(update.message)

    async def _heard(self, message: Message) -> None:
        if message.contact is not None:
            own = message.contact.user_id == message.chat_id
            await message.reply_text(f"Yours: {own}", reply_markup=ReplyKeyboardRemove())
            return
        match message.text or "":
            case "/start":
                text = "<b>Hello</b>!\nThe code is <tg-spoiler>12余</tg-spoiler>."
                await message.reply_html(text, do_quote=False, reply_markup=BUTTONS)
            case "/picture":
                await message.reply_photo(picture(3, 2), "Look", filename="dot.png")
            case "/number":
                ask = KeyboardButton("My number", request_contact=True)
                await message.reply_text("Which?", reply_markup=ReplyKeyboardMarkup([[ask]]))
            case "/flicker":
                await (await message.reply_text("seen by nobody")).delete()
            case text if text.startswith("PIN"):
                await message.delete()
                await message.reply_text("I took it.")
            case text:
                await message.reply_text(f"{text}? \x1b[31m/start")

    async def _pressed(self, query: CallbackQuery) -> None:
        await query.answer("Fine" if query.data == "count" else None)
        if query.data == "count":
            self._count += 1
            await query.edit_message_text("counting ...")
            await query.edit_message_text(f"pressed: {self._count}", reply_markup=BUTTONS)


@asynccontextmanager
async def parrot(telegram: Telegram) -> AsyncIterator[Parrot]:
    bird = Parrot(telegram)
    flight = asyncio.create_task(bird.run())
    try:
        yield bird
    finally:
        flight.cancel()
        await asyncio.gather(flight, return_exceptions=True)


async def join(who: str, folder: Path, url: str) -> None:
    await run_chat(url, who=who, stdin=sys.stdin, stdout=sys.stdout, folder=folder)


async def main(who: str, folder: Path) -> None:
    clock = Clock()
    async with Telegram(clock=clock) as telegram, parrot(telegram) as bird:
        print(telegram.url, file=sys.stderr)  # noqa: T201 - where to join
        await run_chat(
            telegram.url,
            who=who,
            settled=bird.settled,
            clock=clock,
            stdin=sys.stdin,
            stdout=sys.stdout,
            folder=folder,
        )


if __name__ == "__main__":
    speaker, folder, *telegram_url = sys.argv[1:]
    asyncio.run((join if telegram_url else main)(speaker, Path(folder), *telegram_url))
