"""What can go wrong here. Each class's docstring is the sentence an operator reads."""

from __future__ import annotations


class StorageError(Exception):
    """The database did not do what was asked of it."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class WriteError(StorageError):
    """The database could not be written; what was to be kept together is not kept."""


class WrongKeyError(StorageError):
    """The database was made with another master key: start with the one it was made with."""


class KeyFormatError(StorageError):
    """The text is not a master key as `kabao key new` prints it."""


class SealError(StorageError):
    """A sealed value does not open: it was moved, damaged, or sealed with another key."""


class DuplicateCardError(StorageError):
    """The person has this card already."""

    def __init__(self, card_id: str) -> None:
        super().__init__()
        self.card_id = card_id


class BrokenChainError(StorageError):
    """A row of the audit log does not fit: it was changed, moved, put in or taken out."""

    def __init__(self, seq: object, why: str) -> None:
        """`seq` is the row's number as it should be; None where it is not about a row."""
        super().__init__(why if seq is None else f"row {seq} {why}")
        self.seq = seq
