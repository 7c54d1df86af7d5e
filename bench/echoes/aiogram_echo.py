"""A bare aiogram echo bot with default settings: `aiogram_echo.py SERVER TOKEN`."""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

dispatcher = Dispatcher()


@dispatcher.message()
async def echo(message: Message) -> None:
    await message.answer(message.text or "")


async def main(server: str, token: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(server))
    await dispatcher.start_polling(Bot(token, session=session))


asyncio.run(main(*sys.argv[1:]))
