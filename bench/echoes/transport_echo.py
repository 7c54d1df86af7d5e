"""The same echo over Kabao's transport, for what the transport alone gives.

`transport_echo.py SERVER TOKEN`
"""

import sys

import uvloop
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.transport import AiohttpRequest


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(update.message.text or "")


server, token = sys.argv[1:]
uvloop.install()
application = (
    Application.builder()
    .token(token)
    .base_url(f"{server}/bot")
    .request(AiohttpRequest())
    .get_updates_request(AiohttpRequest(pool_size=1))
    .concurrent_updates(256)
    .build()
)
application.add_handler(MessageHandler(filters.ALL, echo))
application.run_polling()
