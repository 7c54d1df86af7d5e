"""Where balances come from: kinds in Python, issuers in TOML files.

An issuer declares the fields it needs, and is asked for a reading with their values. Nothing here
knows Telegram or the database.
"""

from bot.issuers.contract import (
    ASK_HOLDER,
    CardState,
    EntryKind,
    FaultKind,
    Issuer,
    IssuerEntry,
    IssuerFault,
    Reading,
)
from bot.issuers.fields import Field
from bot.issuers.files import CATALOG, IssuerFileError
from bot.issuers.registry import Issuers
from bot.issuers.shelf import Change

__all__ = [
    "ASK_HOLDER",
    "CATALOG",
    "CardState",
    "Change",
    "EntryKind",
    "FaultKind",
    "Field",
    "Issuer",
    "IssuerEntry",
    "IssuerFault",
    "IssuerFileError",
    "Issuers",
    "Reading",
]
