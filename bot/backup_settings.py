"""The settings of backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr

from storage import StorageError
from storage.agefile import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST: Final = 12
_FEW: Final = 6
_GUESSED: Final = ("password", "passphrase", "changeme", "letmein", "qwerty", "123456", "kabao")


def weak_passphrase(text: str) -> str | None:
    """Say what is wrong with a passphrase that somebody could guess, if it is one."""
    if len(text) < SHORTEST:
        return f"it is shorter than {SHORTEST} characters"
    rest = text.lower()
    for word in _GUESSED:
        rest = rest.replace(word, "")
    if len(set(text)) < _FEW or len(rest) < _FEW:
        return "it is easily guessed"
    return None


def _passphrase(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text and (said := weak_passphrase(text)):
        raise ValueError(said)
    return secret


def _folder(text: str) -> str:
    if text and not Path(text).expanduser().is_dir():
        raise ValueError("there is no such folder")
    return text


def _recipients(text: str) -> str:
    if text:
        try:
            Lock(tuple(text.replace(",", " ").split()))
        except StorageError as error:
            raise ValueError(str(error).rstrip(".")) from None
    return text


def _spoken(words: dict[str, str]) -> Callable[[Any], Any]:
    return lambda text: words.get(text.lower(), text) if isinstance(text, str) else text


class BackupSettings(BaseModel):
    """Where backups go, how often, and for whom they are encrypted."""

    backup_dir: Annotated[
        str,
        AfterValidator(_folder),
        Field(description="a folder for backups, with KABAO_BACKUP_RECIPIENT or _PASSPHRASE set"),
    ] = ""
    backup_recipient: Annotated[
        str,
        AfterValidator(_recipients),
        Field(description="what `age-keygen` prints as public key: age1..."),
    ] = ""
    backup_passphrase: Annotated[
        SecretStr,
        AfterValidator(_passphrase),
        Field(description="12 characters or more that nobody guesses, such as six random words"),
    ] = SecretStr("")
    backup_hours: Annotated[
        int, Field(ge=1, le=8760, description="whole hours from 1 to 8760, such as 24")
    ] = 24
    backup_keep: Annotated[
        int, Field(ge=1, le=10_000, description="how many of the newest are kept, such as 14")
    ] = 14
    backup_send: Annotated[
        Literal["yes", "no"],
        BeforeValidator(_spoken({"true": "yes", "1": "yes", "false": "no", "0": "no"})),
        Field(description="yes or no"),
    ] = "no"

    def backup_lock(self) -> Lock | None:
        """Give what backups are encrypted for: recipients, else a passphrase, if either is set."""
        if self.backup_recipient:
            return Lock(tuple(self.backup_recipient.replace(",", " ").split()))
        passphrase = self.backup_passphrase.get_secret_value()
        return Lock(passphrase=passphrase) if passphrase else None


def unlocked(settings: BackupSettings) -> str | None:
    """Say that backups would be for nobody, if they would."""
    if settings.backup_dir and settings.backup_lock() is None:
        return "nothing says for whom backups are encrypted"
    return None
