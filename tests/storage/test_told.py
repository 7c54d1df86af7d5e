"""What somebody was told is remembered by person, and what they never want stays unwanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.told import Told
from tests.storage.conftest import LI, WANG, Clock

if TYPE_CHECKING:
    from storage import Store


async def test_what_was_told_is_known_of_that_person_only(store: Store, clock: Clock) -> None:
    for person in (LI, WANG):
        await store.people.arrive(person, name="Somebody", language="zh")
    assert (await store.told.all(LI)).get("tip:first_bind") is None
    await store.told.mark(LI, "tip:first_bind")
    assert (await store.told.all(LI)).get("tip:first_bind") == Told(clock.now, never=False)
    assert (await store.told.all(LI)).get("tip:share") is None
    assert (await store.told.all(WANG)).get("tip:first_bind") is None


async def test_something_is_told_for_the_first_time_once(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Somebody", language="zh")
    began = clock.now
    assert await store.told.first(LI, "tip:share")
    clock.advance(days=1)
    assert not await store.told.first(LI, "tip:share")
    assert (await store.told.all(LI)).get("tip:share") == Told(began, never=False)


async def test_never_is_for_good_also_when_it_is_marked_later(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Somebody", language="zh")
    await store.told.never(LI, "offer:tea")
    clock.advance(days=3)
    await store.told.mark(LI, "offer:tea")
    await store.told.mark(LI, "offers")
    assert await store.told.all(LI) == {
        "offer:tea": Told(clock.now, never=True),
        "offers": Told(clock.now, never=False),
    }


async def test_nothing_is_noted_of_somebody_unknown(store: Store) -> None:
    assert not await store.told.first(LI, "offers")
    await store.told.never(LI, "offers")
    assert await store.told.all(LI) == {}
