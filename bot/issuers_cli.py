"""`kabao issuers`: which there are, what is wrong with a file, and one tried with a card."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import click
from wcwidth import wcswidth

from bot.config import ConfigError, IssuerSettings, environment, read_issuers
from bot.issuers import CATALOG, IssuerFileError
from bot.issuers.files import look, read_file, text_of
from bot.issuers.format.issuer import HttpDeclaration
from bot.issuers.mistakes import sentence
from bot.issuers.shelf import made
from storage import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.issuers import Field
    from bot.issuers.files import Declared


@click.group()
def issuers() -> None:
    """See, check and try the issuers: those that come with Kabao, and your own."""


@issuers.command("list")
@click.option("--long", "long_", is_flag=True, help="Say too what no source confirms.")
def list_issuers(long_: bool) -> None:
    """List every issuer: whether it is on, and where its file is."""
    settings = _settings()
    rows: list[Sequence[str]] = [("ISSUER", "NAME", "KIND", "FILE", "UNCONFIRMED", "STATE")]
    notes: list[str] = []
    for slug, found in sorted(look(_folders(settings)).items()):
        where = "catalogue" if found.path.parent == CATALOG else str(found.path)
        try:
            declared, missing = asyncio.run(_checked(found.path, settings))
        except IssuerFileError as error:
            count = len(str(error).splitlines())
            rows.append((slug, "", "", where, "", f"broken: {_counted(count, 'mistake')}"))
            continue
        names = ", ".join(f"KABAO_SECRET_{name}" for name in missing)
        state = f"off without {names}" if missing else "on"
        name = " / ".join(dict.fromkeys(declared.name.values()))
        open_ = str(len(declared.unconfirmed) or "")
        rows.append((slug, name, declared.kind, where, open_, state))
        notes += [f"{slug}: {note}" for note in declared.unconfirmed]
    for line in _aligned(rows):
        click.echo(line)
    if long_ and notes:
        click.echo("\nWhat no source confirms:")
        for note in notes:
            click.echo(f"  {note}")


@issuers.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Tell every mistake in FILE, or in all issuers' files; exit status 1 if there is one.

    Needs no settings, no network and no secrets.
    """
    settings = _settings()
    paths = [file] if file else [found.path for found in look(_folders(settings)).values()]
    failed = False
    for path in paths:
        try:
            declared, missing = asyncio.run(_checked(path, settings))
        except IssuerFileError as error:
            failed = True
            for mistake in str(error).splitlines():
                click.echo(f"✗ {mistake}")
            continue
        names = ", ".join(f"KABAO_SECRET_{name}" for name in missing)
        click.echo(f"✓ {path}: {declared.kind}" + (f", off until {names} is set" if names else ""))
    sys.exit(failed)


@issuers.command("try")
@click.argument("name")
@click.option("--history", is_flag=True, help="Read the history as well.")
@click.option("--lang", default="en", show_default=True, metavar="CODE", help="The holder's.")
def try_issuer(name: str, history: bool, lang: str) -> None:
    """Ask the issuer NAME (or that of a file) for one card, and show each step.

    The card's values are asked for and not shown; piped in, each line is one of them. Secrets and
    these values are struck out of what is shown.
    """
    from bot.trial import Trial  # noqa: PLC0415 - `list` and `check` are quick without it

    settings = _settings()
    path = _path(name, settings)
    try:
        declared, missing = read_file(path, settings.issuer_secrets)
    except IssuerFileError as error:
        raise click.ClickException(str(error)) from None
    if missing:
        names = ", ".join(f"KABAO_SECRET_{secret}" for secret in missing)
        raise click.ClickException(f"{path.stem} is off: set {names}")
    if not isinstance(declared, HttpDeclaration):
        raise click.ClickException(f"{path.stem} has no API to try: its holders say the balance")
    click.echo(f"{declared.name['en']} ({path})")
    values = {table.name: _asked(table.field(), lang) for table in declared.fields}
    trial = Trial(
        path,
        declared,
        settings.issuer_secrets,
        language=lang,
        zone=settings.timezone,
        echo=click.echo,
    )
    try:
        worked = asyncio.run(trial.run(values, history=history))
    except ValueError as error:
        raise click.ClickException(sentence(path, text_of(path), str(error))) from None
    for note in declared.unconfirmed:
        click.echo(f"\nNot confirmed by any source: {note}")
    sys.exit(not worked)


@issuers.command()
def schema() -> None:
    """Print the JSON Schema of issuers' files, for an editor."""
    from bot.issuers.schema import text  # noqa: PLC0415 - as above

    click.echo(text(), nl=False)


def _settings() -> IssuerSettings:
    try:
        return read_issuers(environment())
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def _folders(settings: IssuerSettings) -> list[Path]:
    return [CATALOG, settings.issuers_dir]


async def _checked(path: Path, settings: IssuerSettings) -> tuple[Declared, tuple[str, ...]]:
    """Read a file, and make its issuer as far as its secrets are set. `IssuerFileError`."""
    declared, missing = read_file(path, settings.issuer_secrets)
    whole, secrets = declared, settings.issuer_secrets
    if missing and isinstance(declared, HttpDeclaration):
        if declared.server.url.names:
            return declared, missing
        whole = declared.model_copy(update={"auth": None})
        secrets = {**secrets, **dict.fromkeys(missing, "unset")}
    async with aiohttp.ClientSession() as http:
        try:
            made(path, whole, secrets, http, utc_now)
        except ValueError as error:
            raise IssuerFileError(sentence(path, text_of(path), str(error))) from None
    return declared, missing


def _path(name: str, settings: IssuerSettings) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    there = look(_folders(settings))
    if name not in there:
        known = ", ".join(sorted(there))
        raise click.ClickException(f"there is no issuer {name!r}: there are {known}")
    return there[name].path


def _asked(field: Field, language: str) -> str:
    """Ask for one of a card's values until it has the declared shape; from a pipe only once."""
    label = field.label.get(language, field.label["en"])
    hint = field.hint.get(language, field.hint.get("en", ""))
    example = f", for example {field.example}" if field.example else ""
    while True:
        if sys.stdin.isatty():
            typed = click.prompt(label, hide_input=field.secret)
        else:
            typed = sys.stdin.readline()
        if field.accepts(typed):
            return field.normalise(typed)
        wrong = f"This is no {label}: it should fit {field.pattern}{example}. {hint}".rstrip()
        if not sys.stdin.isatty():
            raise click.ClickException(wrong)
        click.echo(wrong)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(wcswidth(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (
            text + " " * (width - wcswidth(text)) for text, width in zip(row, widths, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
