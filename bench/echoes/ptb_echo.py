"""A bare python-telegram-bot echo bot with default settings: `ptb_echo.py SERVER TOKEN`."""

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(update.message.text or "")


server, token = sys.argv[1:]
application = Application.builder().token(token).base_url(f"{server}/bot").build()
application.add_handler(MessageHandler(filters.ALL, echo))
application.run_polling()
