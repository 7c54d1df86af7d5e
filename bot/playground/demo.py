"""`kabao demo`: a Telegram, an issuer and the bot as in production, all on this machine."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import click
from wcwidth import wcswidth

from bot import logs
from bot.app import Kabao
from bot.config import read
from bot.playground.chat import run_chat
from bot.playground.clock import Clock
from bot.playground.issuer import DemoIssuer
from bot.playground.telegram import Telegram
from storage import MasterKey

ISSUERS = Path(__file__).with_name("issuers")
WHO = "小明"
NEVER = "3600"
_HOW = """\
#2 按按钮 press a button · @小红 换人 another person · !wait 300 等五分钟 five minutes
!send FILE 发文件 send a file · !open 打开链接 open a link · !contact 给手机号 give a number
"""
"""Said to who types; what is piped in was written by somebody who knows."""


def _running() -> Path:
    """Name the file in which a demo with a terminal says where it is, for others to join."""
    return Path(tempfile.gettempdir()) / f"kabao-demo-{os.getuid()}.url"


async def play(
    *, who: str | None, data: Path | None, start: str | None, web: int | None = None
) -> int:
    """Run the demo until its input ends, or join one that runs. Gives the exit status.

    With `web` it is a page in a browser, on that port or for 0 on a free one, until Ctrl-C.
    """
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if web is None and interactive and who and (url := _joinable()):
        try:
            await run_chat(url, who=who, stdin=sys.stdin, stdout=sys.stdout)
        except aiohttp.ClientError:
            _running().unlink(missing_ok=True)
        else:
            return 0
    begin = datetime.fromisoformat(start).astimezone(UTC) if start else None
    async with AsyncExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kabao-")))
        folder.mkdir(parents=True, exist_ok=True)
        await _play(
            stack,
            folder,
            who or WHO,
            Clock(begin),
            interactive=interactive,
            stands=begin is not None,
            web=web,
        )
    return 0


async def _play(
    stack: AsyncExitStack,
    folder: Path,
    who: str,
    clock: Clock,
    *,
    interactive: bool,
    stands: bool,
    web: int | None,
) -> None:
    telegram = await stack.enter_async_context(Telegram(clock=clock, port=web or 0))
    issuer = DemoIssuer(clock)
    await issuer.start()
    stack.push_async_callback(issuer.stop)
    telegram.samples = issuer.cards
    settings = {
        "KABAO_BOT_TOKEN": telegram.token,
        "KABAO_BOT_API_URL": telegram.url,
        "KABAO_DATABASE_URL": f"sqlite:///{folder / 'kabao.db'}",
        "KABAO_MASTER_KEY": _key(folder),
        "KABAO_ACCESS": "open",
        "KABAO_ADMINS": str(telegram.person(who).id),
        "KABAO_REFRESH_MINUTES": "1",
        # A transcript comes out the same every time: due work is done between its lines.
        "KABAO_TICK_SECONDS": "0.5" if interactive or web is not None else NEVER,
        "KABAO_LOG_LEVEL": "ERROR",
        **{f"KABAO_SECRET_{name}": value for name, value in issuer.secrets.items()},
    }
    logs.set_up("ERROR", secrets=[telegram.token, settings["KABAO_MASTER_KEY"]])
    kabao = await stack.enter_async_context(
        Kabao(read(settings), clock=clock, issuer_folders=[ISSUERS])
    )
    click.echo(_welcome(issuer))
    if interactive and web is None:
        click.echo(_HOW)
    if web is not None:
        click.echo(f"在浏览器里打开 Open in a browser: {telegram.url}/playground/")
        await asyncio.Event().wait()
    if interactive:
        _running().write_text(telegram.url, encoding="utf-8")
        stack.callback(_running().unlink, missing_ok=True)

    async def settled(update_id: int | None) -> None:
        await kabao.settled(update_id)
        if stands:  # a line takes a moment to write: what comes later is later
            clock.advance(1)

    await run_chat(
        telegram.url,
        who=who,
        settled=settled,
        clock=clock,
        stdin=sys.stdin,
        stdout=sys.stdout,
    )


def _joinable() -> str | None:
    try:
        return _running().read_text(encoding="utf-8")
    except OSError:
        return None


def _key(folder: Path) -> str:
    """Keep the key beside the demo's database, so that a kept demo can be opened again."""
    path = folder / "master.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(MasterKey.generate().text(), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _welcome(issuer: DemoIssuer) -> str:
    """List the cards to try."""
    rows = [("卡号 number", "PIN", "")]
    rows += [
        (card.number, card.pin or "—", f"{card.about['zh']} · {card.about['en']}")
        for card in issuer.cards
    ]
    widths = [max(wcswidth(row[i]) for row in rows) for i in range(3)]
    lines = ["可以试的卡 · Cards to try:"]
    for row in rows:
        cells = (
            text + " " * (width - wcswidth(text)) for text, width in zip(row, widths, strict=True)
        )
        lines.append("  " + "  ".join(cells).rstrip())
    lines.append("试试 Try: /start · /bind · /balance · /pay 120 · /help   (Ctrl-C 结束 ends it)")
    return "\n".join(lines) + "\n"
