from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storage import MasterKey, NewCard, Store, open_store
from tests.postgres import Postgres, postgres
from tests.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from storage import Card

LI, WANG = 5_000_000_001, 5_000_000_002


class Clock:
    """Stands still until a story moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def in_(self, **passing: float) -> datetime:
        return self.now + timedelta(**passing)

    def advance(self, **passing: float) -> datetime:
        self.now += timedelta(**passing)
        return self.now


def coffee(number: str = "6222000011112222", **more: object) -> NewCard:
    given = {
        "issuer": "demo",
        "label": "咖啡 Coffee",
        "tail": number[-4:],
        "secrets": {"number": number, "pin": "83920174"},
        "number": number,
        "currency": "CNY",
    }
    return NewCard(**{**given, **more})  # type: ignore[arg-type]


async def with_card(store: Store, owner: int = LI, **more: object) -> Card:
    await store.people.arrive(owner, name="Somebody", language="zh-hans")
    return await store.cards.add(owner, coffee(**more))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres | None]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/kabao.db"
        return
    server: Postgres | None = request.getfixturevalue("server")
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    made = await server.new_database()
    yield made
    await server.drop(made)


@pytest.fixture
def key() -> MasterKey:
    return MasterKey.generate()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(url: str, key: MasterKey, clock: Clock) -> AsyncIterator[Store]:
    await prepare(url)
    opened = await open_store(url, key, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    return tmp_path / "kabao.db"


@pytest.fixture
async def on_file(file: Path, key: MasterKey, clock: Clock) -> AsyncIterator[Store]:
    """A store whose file a story looks into."""
    await prepare(f"sqlite:///{file}")
    opened = await open_store(f"sqlite:///{file}", key, clock=clock)
    yield opened
    await opened.close()
