"""A clock that can be moved, so that a week fits into a test and an alert into a demonstration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Called, it tells the time as an aware UTC `datetime`.

    Without `start` it runs with the machine's clock; with one it stands still there and moves
    by `advance` alone.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._fixed = start.astimezone(UTC) if start is not None else None
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return (self._fixed or datetime.now(UTC)) + self._ahead

    def advance(self, seconds: float) -> datetime:
        """Let so many seconds pass at once; the time it is then. `ValueError` for going back."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._ahead += timedelta(seconds=seconds)
        return self()
