"""Every setting there is. Nothing else reads the environment.

A setting is `KABAO_<NAME>` in the environment or in `.env`; a secret one may also be given as
`KABAO_<NAME>_FILE`, the path of a file that holds it, and the master key as
`KABAO_MASTER_KEY_COMMAND`, a command that prints it. Issuers' secrets are `KABAO_SECRET_<NAME>`.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from bot import printed
from bot.addresses import listening, public_address, web_address
from bot.backup_settings import BackupSettings, unlocked
from bot.languages import languages
from bot.money import exponent
from bot.opening_hours import hours
from bot.sources import SourceError, resolved
from bot.weak import weak_database, weak_key, weak_token
from storage import KeyFormatError, MasterKey, StorageError
from storage.database import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "KABAO_"
SECRET = "SECRET_"  # nosec B105 # noqa: S105 - a prefix
SPOKEN = {language.code for language in languages()}
ISSUERS_DIR = Path("issuers")
"""It need not be there; a folder that somebody names must be."""

SECRETS = ("BOT_TOKEN", "MASTER_KEY", "DATABASE_URL", "BACKUP_PASSPHRASE")
"""The settings that may stand in a file of their own."""
COMMANDED = "MASTER_KEY"
"""The one that a command may print, such as that of a KMS or of a password manager."""


T = TypeVar("T", bound=BaseModel)


class ConfigError(Exception):
    """The settings cannot start the bot: one line that says which, and how to mend it."""


def _one_of(known: set[str], what: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"is not {what}{_meant(value, known)}")
        return value

    return AfterValidator(check)


def _currency(code: str) -> str:
    exponent(code)
    return code


def _ids(text: object) -> object:
    return text.replace(",", " ").split() if isinstance(text, str) else text


def _database(text: str) -> str:
    try:
        parse_url(text)
    except StorageError:
        raise ValueError("it names no SQLite file and no PostgreSQL database") from None
    return text


def _hours(text: str) -> str:
    hours(text)
    return text


def _folder(path: Path) -> Path:
    if path != ISSUERS_DIR and not path.is_dir():
        raise ValueError("there is no such folder")
    return path


def _key(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return MasterKey.parse(text)
    except KeyFormatError as error:
        raise ValueError(str(error)) from None


class IssuerSettings(BaseModel):
    """What is needed to speak to issuers; `kabao issuers` gets by with it."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    issuers_dir: Annotated[
        Path,
        AfterValidator(_folder),
        Field(description="the folder with your own issuers' files"),
    ] = ISSUERS_DIR
    timezone: Annotated[
        str,
        _one_of(available_timezones(), "a time zone's name"),
        Field(description="a name such as Asia/Shanghai"),
    ] = "Asia/Shanghai"
    issuer_secrets: Annotated[
        dict[str, str], Field(description="given one by one as KABAO_SECRET_<NAME>", repr=False)
    ] = {}


class Settings(IssuerSettings, BackupSettings):
    """What the operator decides. Each description says how to mend the setting."""

    bot_token: Annotated[
        SecretStr,
        Field(description="ask @BotFather for a bot and put its token here"),
    ]
    master_key: Annotated[
        MasterKey,
        BeforeValidator(_key),
        Field(description="run `kabao key new` and put what it prints here; keep a copy safe"),
    ]
    bot_api_url: Annotated[
        str,
        AfterValidator(web_address),
        Field(description="an address such as https://api.telegram.org"),
    ] = "https://api.telegram.org"
    database_url: Annotated[
        str,
        AfterValidator(_database),
        Field(description="sqlite:///kabao.db or postgresql://user@host/name"),
    ] = "sqlite:///kabao.db"
    access: Annotated[
        Literal["closed", "open"],
        Field(description="closed (admins and those they let in) or open (anybody)"),
    ] = "closed"
    admins: Annotated[
        frozenset[int],
        BeforeValidator(_ids),
        Field(description="Telegram user ids, separated by commas; ask @userinfobot for yours"),
    ] = frozenset()
    refresh_minutes: Annotated[
        int, Field(ge=1, le=10_080, description="whole minutes from 1 to 10080, such as 360")
    ] = 360
    tick_seconds: Annotated[
        float, Field(ge=0.05, le=3600, description="seconds from 0.05 to 3600, such as 15")
    ] = 15
    language: Annotated[
        str,
        _one_of(SPOKEN, "a language Kabao speaks"),
        Field(description="one of " + ", ".join(sorted(SPOKEN))),
    ] = "zh"
    currency: Annotated[
        str, AfterValidator(_currency), Field(description="an ISO 4217 code such as CNY")
    ] = "CNY"
    support_chat: Annotated[
        int | None,
        Field(
            description="the id of the group that answers requests for help, such as "
            "-1001234567890, or nothing; /chatid in that group says it"
        ),
    ] = None
    support_hours: Annotated[
        str,
        AfterValidator(_hours),
        Field(description="days and times such as Mon-Fri 09:00-18:00; Sat 10:00-12:00"),
    ] = ""
    webhook_url: Annotated[
        str,
        AfterValidator(public_address),
        Field(
            description="a public address such as https://kabao.example.org/telegram, or nothing"
        ),
    ] = ""
    webhook_listen: Annotated[
        str,
        AfterValidator(listening),
        Field(description="where your web server hands requests on, such as 127.0.0.1:8443"),
    ] = "127.0.0.1:8443"
    offers_file: Annotated[
        str, Field(description="the path of a file with your offers, or nothing")
    ] = ""
    ocr: Annotated[
        Literal["off", "on"],
        AfterValidator(printed.switched),
        Field(description="on (pip install 'kabao[ocr]') or off"),
    ] = "off"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda text: text.upper() if isinstance(text, str) else text),
        Field(description="DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"
    log_format: Annotated[Literal["console", "json"], Field(description="console or json")] = (
        "console"
    )


def names() -> list[str]:
    """List the names of all settings, as the operator writes them, in the order of `Settings`."""
    return [PREFIX + name.upper() for name in Settings.model_fields if name != "issuer_secrets"]


def read(environment: Mapping[str, str]) -> Settings:
    """Make the settings from a mapping of names to texts. `ConfigError` in one line."""
    settings = _made(Settings, environment)
    token = settings.bot_token.get_secret_value()
    for field, said in (
        ("bot_token", weak_token(token, settings.bot_api_url)),
        ("master_key", weak_key(settings.master_key)),
        ("database_url", weak_database(settings.database_url)),
        ("backup_dir", unlocked(settings)),
    ):
        if said:
            raise ConfigError(_not_right(field, said))
    return settings


def read_issuers(environment: Mapping[str, str]) -> IssuerSettings:
    """Make of the settings those that issuers need: no bot is needed, nor its token."""
    return _made(IssuerSettings, environment)


def _made(model: type[T], environment: Mapping[str, str]) -> T:
    given = _given(model, environment)
    known = {name.removeprefix(PREFIX) for name in names()}
    fields: dict[str, Any] = {"issuer_secrets": {}}
    for name, value in given.items():
        if name.startswith(SECRET):
            fields["issuer_secrets"][name.removeprefix(SECRET)] = value
        elif name in known:
            fields[name.lower()] = value
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None


def _given(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, str]:
    """Take what carries our prefix, secrets fetched, empty ones left out (a line in `.env`)."""
    ours = {k.removeprefix(PREFIX): v for k, v in environment.items() if k.startswith(PREFIX) and v}
    if model is IssuerSettings:
        ours = {k: v for k, v in ours.items() if not k.startswith(SECRETS)}
    try:
        return resolved(ours, PREFIX, SECRETS, SECRET, COMMANDED)
    except SourceError as error:
        raise ConfigError(str(error)) from None


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if first["type"] == "missing":
        return f"{PREFIX}{field.upper()} is missing: {Settings.model_fields[field].description}"
    return _not_right(field, first["msg"].removeprefix("Value error, "))


def _not_right(field: str, said: str) -> str:
    mend = Settings.model_fields[field].description
    return f"{PREFIX}{field.upper()} is not right ({said}): {mend}"


def environment(dotenv: Path = Path(".env")) -> dict[str, str]:
    """Take what `.env` says if it is there, then the environment, which wins."""
    in_file = {k: v for k, v in dotenv_values(dotenv).items() if v is not None}
    return {**in_file, **os.environ}


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Say of each name with our prefix that is no setting so, with the nearest that is one."""
    known = names() + [f"{PREFIX}{name}_FILE" for name in SECRETS]
    known.append(f"{PREFIX}{COMMANDED}_COMMAND")
    strangers = (
        name
        for name in environment
        if name.startswith(PREFIX) and name not in known and not name.startswith(PREFIX + SECRET)
    )
    return [f"{name} is not a setting{_meant(name, known)}" for name in strangers]


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]}?" if close else ""
