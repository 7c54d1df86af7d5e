"""Find out whether all that is kept can be used: every key, every sealed value, every reference.

Checked are, in one snapshot:

- the file itself (SQLite's integrity_check), and that every foreign key names a row
- every person's key opens with the master key, and every sealed value of every table with the
  key of its person. What the audit log says about somebody who was erased is closed for good and
  only counted
- every card against its entries (`ledger_check.py`)
- the chain of the audit log (`audit.broken`)

A report names tables, ids and counts, and nothing that was sealed.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ForeignKeyConstraint, and_, func, select, text

from storage import chain, keyring, ledger_check
from storage.audit import ERASED, person_mark
from storage.errors import BrokenChainError, SealError, StorageError
from storage.migrations import HEAD, current
from storage.schema import audit, metadata, people
from storage.sealed_columns import SEALED, sealed_part
from storage.snapshot import snapshot, whose
from storage.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from storage.snapshot import Snapshot
    from storage.vault import MasterKey, PersonKey

_KEYS: Final = select(people.c.id, people.c.key_id, people.c.wrapped_key)
_ERASED: Final = (
    select(audit.c.subject, func.max(audit.c.seq))
    .where(audit.c.action == ERASED, audit.c.subject.is_not(None))
    .group_by(audit.c.subject)
)
_TOLD: Final = select(audit.c.seq, audit.c.subject, audit.c.sealed).where(
    audit.c.sealed.is_not(None)
)
_MANY: Final = 20


@dataclass(slots=True)
class Report:
    """What was found. `faults` are sentences; of one kind at most twenty are spelled out."""

    people: int = 0
    values: int = 0
    """How many sealed values were opened."""
    closed: int = 0
    """How many are of people who were erased."""
    cards: int = 0
    added_up: int = 0
    """Of how many cards the entries could be, and were, held against the balance."""
    audited: int = 0
    faults: list[str] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def fault(self, kind: str, where: str) -> None:
        """Note something that is wrong."""
        self._seen[kind] += 1
        if self._seen[kind] <= _MANY:
            self.faults.append(f"{kind}: {where}")
        elif self._seen[kind] == _MANY + 1:
            self.faults.append(f"{kind}: and more")


async def verify_database(url: str, master: MasterKey) -> Report:
    """Verify a database as it is now. `WrongKeyError` if the master key is another one."""
    async with snapshot(url) as taken:
        if await taken.connection.run_sync(current) != HEAD:
            raise StorageError("The database is of an older version: start the bot with this one.")
        return await verify(taken, master)


async def verify(taken: Snapshot, master: MasterKey) -> Report:
    """Verify what one transaction sees."""
    vault, report = Vault(master), Report()
    await keyring.learn(taken, vault)
    if not vault.installed:
        raise StorageError("The first start on this database was cut short: start the bot on it.")
    keys: dict[int, PersonKey] = {}
    await _file(taken, report)
    with _readable(report, "its references"):
        await _references(taken, report)
    with _readable(report, "people"):
        await _people(taken, vault, keys, report)
    for table in SEALED:
        with _readable(report, table.name):
            await _values(taken, table, keys, report)
    with _readable(report, "audit"):
        await _log(taken, vault, keys, report)
    with _readable(report, "cards"):
        await _cards(taken, report)
    return report


@contextmanager
def _readable(report: Report, what: str) -> Iterator[None]:
    """Note what is not of its column's kind; what comes after it in the table is not looked at."""
    try:
        yield
    except (TypeError, ValueError, OverflowError):
        report.fault("a value that is not of its column's kind", what)


async def _file(taken: Snapshot, report: Report) -> None:
    if taken.connection.dialect.name == "sqlite":
        for (said,) in await taken.fetch(text("PRAGMA integrity_check")):
            if said != "ok":
                report.fault("the database's file is damaged", str(said))


async def _references(taken: Snapshot, report: Report) -> None:
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if orphans := await _orphans(taken, table, key):
                report.fault("rows that belong to nothing", f"{orphans} in {table.name}")


async def _orphans(taken: Snapshot, table: Table, key: ForeignKeyConstraint) -> int:
    theirs = key.referred_table.alias("theirs")
    pairs = [
        (table.c[mine], theirs.c[element.column.name])
        for mine, element in zip(key.column_keys, key.elements, strict=True)
    ]
    joined = table.outerjoin(theirs, and_(*(mine == other for mine, other in pairs)))
    query = (
        select(func.count())
        .select_from(joined)
        .where(pairs[0][1].is_(None), *(mine.is_not(None) for mine, _ in pairs))
    )
    return int((await taken.fetch(query))[0][0])


async def _people(
    taken: Snapshot, vault: Vault, keys: dict[int, PersonKey], report: Report
) -> None:
    async for batch in taken.rows(_KEYS):
        for person_id, key_id, wrapped in batch:
            report.people += 1
            try:
                keys[person_id] = vault.open_key(person_id, key_id, wrapped)
            except SealError:
                report.fault("a person's key that does not open", f"key {key_id}")


async def _values(
    taken: Snapshot, table: Table, keys: dict[int, PersonKey], report: Report
) -> None:
    """Open every sealed value of a table. Whose key does not open was told of before."""
    owner, names = str(whose(table)), table.columns.keys()
    async for batch in taken.rows(select(*table.c)):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            key = keys.get(row[owner])
            if key is not None:
                _open(table, row, key, report)


def _open(table: Table, row: dict[str, Any], key: PersonKey, report: Report) -> None:
    for name, place in SEALED[table].items():
        sealed = sealed_part(table.c[name], row[name])
        if sealed is None:
            continue
        try:
            key.open(place(row), sealed)
            report.values += 1
        except SealError:
            where = row.get("card_id") or (row["id"] if table.name == "cards" else key.id)
            report.fault("a sealed value that does not open", f"{table.name}.{name} of {where}")


async def _cards(taken: Snapshot, report: Report) -> None:
    async for card_id, added_up, wrong in ledger_check.look(taken):
        report.cards += 1
        report.added_up += added_up
        for what in wrong:
            report.fault(what, f"card {card_id}")


async def _log(taken: Snapshot, vault: Vault, keys: dict[int, PersonKey], report: Report) -> None:
    try:
        report.audited = (await chain.verify(taken, vault.installation)).seq
    except BrokenChainError as error:
        report.fault("the audit log was tampered with", str(error))
        return
    marked = {person_mark(vault.installation, person): key for person, key in keys.items()}
    erased: dict[bytes, int] = dict(await taken.fetch(_ERASED))
    async for batch in taken.rows(_TOLD):
        for seq, subject, sealed in batch:
            key = marked.get(subject)
            if key is None or seq <= erased.get(subject, 0):
                report.closed += 1
                continue
            try:
                key.open(("audit", str(seq)), sealed)
                report.values += 1
            except SealError:
                report.fault("a sealed value that does not open", f"audit.sealed of {seq}")
