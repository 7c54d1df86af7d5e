"""The `kabao` command."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.audit_cli import audit
from bot.backup_cli import backup, restore, verify
from bot.config import ConfigError, environment, read, unknown
from bot.issuers_cli import issuers
from bot.keys_cli import key
from storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

log = logging.getLogger(__name__)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="kabao", prog_name="kabao")
def main() -> None:
    """Kabao (卡包): a card wallet inside a Telegram chat.

    Try it without any account with `kabao demo`. To run it for real, write a `.env` file
    (`.env.example` explains each line), see that `kabao check` is content, and start `kabao run`.
    """


@main.command()
def run() -> None:
    """Run the bot until Ctrl-C or a TERM signal, with the settings of .env and the environment."""
    from bot import logs
    from bot.app import Kabao
    from bot.issuers import IssuerFileError

    given = environment()
    try:
        settings = read(given)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    logs.set_up(
        settings.log_level,
        settings.log_format,
        secrets=[
            settings.bot_token.get_secret_value(),
            settings.master_key.text(),
            settings.backup_passphrase.get_secret_value(),
            *settings.issuer_secrets.values(),
        ],
    )
    for stranger in unknown(given):
        log.warning("%s", stranger)

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        async with AsyncExitStack() as stack:
            starting = asyncio.ensure_future(stack.enter_async_context(Kabao(settings)))
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():  # it may still wait for Telegram
                starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
                _settle_memory()
                await stopping

    try:
        run_loop(serve())
    except (ConfigError, StorageError, IssuerFileError) as error:
        raise click.ClickException(str(error)) from None


@main.command()
def check() -> None:
    """Say whether this configuration can run: one line each, exit status 1 if something cannot."""
    from bot.check import checks

    given = environment()
    try:
        settings = read(given)
    except ConfigError as error:
        click.echo(f"✗ settings: {error}")
        sys.exit(1)
    for stranger in unknown(given):
        click.echo(f"! settings: {stranger}")
    click.echo("✓ settings: complete, and the master key is well formed")
    failed = False

    async def go() -> None:
        nonlocal failed
        async for line in checks(settings):
            failed |= not line.ok
            click.echo(f"{'✓' if line.ok else '✗'} {line.what}: {line.said}")

    run_loop(go())
    sys.exit(failed)


main.add_command(audit)
main.add_command(backup)
main.add_command(issuers)
main.add_command(key)
main.add_command(restore)
main.add_command(verify)


@main.command()
@click.option("--as", "who", metavar="NAME", help="Who you are; to join a running demo as another.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    help="Keep the database in this folder.",
)
@click.option(
    "--start",
    metavar="TIME",
    help="The time the demo's clock stands at, in ISO 8601; it then moves only by `!wait`.",
)
@click.option("--web", is_flag=True, help="Chat on a page in a browser instead.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of that page on this machine; a free one if not given.",
)
def demo(who: str | None, data: Path | None, start: str | None, web: bool, port: int) -> None:
    """Chat with the bot here: a small Telegram, a gift-card service and the bot on this machine.

    Needs no token, no account and no internet. Type a message, press a button by its number
    (#2), leave with Ctrl-C. With input piped in, each line is a message, `@NAME` changes who
    speaks, `!wait 90` lets 90 seconds pass, and the transcript goes to standard output.
    """
    from bot.playground.demo import play

    with suppress(KeyboardInterrupt):
        sys.exit(run_loop(play(who=who, data=data, start=start, web=port if web else None)))


def _settle_memory() -> None:
    """Take what was loaded at the start out of the garbage collector's rounds.

    It stays to the end anyway, and going through it again and again was a third of the cost of an
    answer and nearly all of its longest waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it exists: the same event loop, quicker."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
