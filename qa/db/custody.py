"""Queries on data keys, holds, what is due, and deletions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qa.core.custody import Selection
from qa.core.people import Person
from qa.db.models import (
    AttributeRow,
    DeletionItemRow,
    DeletionRow,
    DeliveryRow,
    DisputeRow,
    ExportRow,
    FacetRow,
    HoldRow,
    RecordingFacetRow,
    RecordingKeyRow,
    RecordingRow,
    ReviewRow,
    RunRow,
    StageOutputRow,
    UploadRow,
)
from qa.db.people import within_reach
from qa.db.places import first_place

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Class:
    """A class of recordings and how long it is kept; None: for ever."""

    name: str
    selection: Selection
    days: int | None


class RecordingKeys:
    """Data keys within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server = session.get_bind().dialect.name == "postgresql"

    def lock(self, *, all_of_them: bool = False) -> None:
        """Keep a change of the master key and new keys apart; to be called before the master key is looked up.

        With SQLite whoever writes is alone anyway.
        """
        if self._server:
            mode = "EXCLUSIVE" if all_of_them else "ROW EXCLUSIVE"
            self._session.execute(sa.text(f"LOCK TABLE recording_key IN {mode} MODE"))

    def live(self, sha256: str, suffix: str) -> RecordingKeyRow | None:
        """The key in use."""
        return self._session.scalars(
            self._of(sha256, suffix).where(RecordingKeyRow.destroyed_at.is_(None))
        ).first()

    def destroyed_at(self, sha256: str, suffix: str) -> datetime | None:
        """When the last key was destroyed."""
        wanted = self._of(sha256, suffix).where(RecordingKeyRow.destroyed_at.is_not(None))
        row = self._session.scalars(wanted.order_by(RecordingKeyRow.destroyed_at.desc())).first()
        return row.destroyed_at if row else None

    def add(self, row: RecordingKeyRow) -> bool:
        """False where somebody else's was quicker; then that one counts."""
        dialect = postgresql if self._server else sqlite
        values = {column.key: getattr(row, column.key) for column in RecordingKeyRow.__table__.columns}
        added = self._session.scalars(
            dialect.insert(RecordingKeyRow).values(**values).on_conflict_do_nothing().returning(RecordingKeyRow.id)
        )
        return added.first() is not None

    def destroy(self, sha256: str, suffix: str, at: datetime) -> bool:
        """Forget the key for good; whether there was one."""
        row = self.live(sha256, suffix)
        if row is None:
            return False
        row.wrapped, row.destroyed_at = None, at
        self._session.flush()
        return True

    def under_others(self, master_id: str, limit: int) -> Sequence[RecordingKeyRow]:
        """Keys in use that another master key opens."""
        wanted = sa.select(RecordingKeyRow).where(
            RecordingKeyRow.destroyed_at.is_(None), RecordingKeyRow.master_id != master_id
        )
        return self._session.scalars(wanted.order_by(RecordingKeyRow.id).limit(limit)).all()

    def any(self) -> bool:
        """Whether a key is in use."""
        wanted = sa.select(RecordingKeyRow.id).where(RecordingKeyRow.destroyed_at.is_(None))
        return self._session.scalars(wanted.limit(1)).first() is not None

    def masters(self) -> dict[str, int]:
        """Master key -> how many keys in use it opens."""
        wanted = (
            sa.select(RecordingKeyRow.master_id, sa.func.count())
            .where(RecordingKeyRow.destroyed_at.is_(None))
            .group_by(RecordingKeyRow.master_id)
        )
        return {row[0]: row[1] for row in self._session.execute(wanted)}

    def _of(self, sha256: str, suffix: str) -> sa.Select[RecordingKeyRow]:
        return sa.select(RecordingKeyRow).where(RecordingKeyRow.sha256 == sha256, RecordingKeyRow.suffix == suffix)


def fits(selection: Selection) -> Condition:
    """That a `RecordingRow` is one of the selection."""
    said: list[Condition] = [sa.true()]
    if selection.recording_id is not None:
        said.append(RecordingRow.id == selection.recording_id)
    for name, value in selection.attributes.items():
        said.append(
            sa.select(AttributeRow.recording_id)
            .where(
                AttributeRow.recording_id == RecordingRow.id,
                AttributeRow.name == name,
                AttributeRow.value == value,
            )
            .exists()
        )
    if selection.called_from is not None:
        said.append(RecordingRow.called_at >= selection.called_from)
    if selection.called_before is not None:
        said.append(RecordingRow.called_at < selection.called_before)
    if selection.disputed is not None:
        disputed = sa.select(DisputeRow.id).where(DisputeRow.recording_id == RecordingRow.id).exists()
        said.append(disputed if selection.disputed else sa.not_(disputed))
    if selection.open_review is not None:
        reviewed = sa.select(ReviewRow.id).where(
            ReviewRow.recording_id == RecordingRow.id, ReviewRow.status != "finalised"
        )
        said.append(reviewed.exists() if selection.open_review else sa.not_(reviewed.exists()))
    return sa.and_(*said)


def held_by(selections: Collection[Selection]) -> Condition:
    """That one of the holds covers a `RecordingRow`."""
    return sa.or_(sa.false(), *(fits(one) for one in selections))


def due_under(classes: Sequence[Class], place: int, at: datetime) -> Condition | None:
    """That the time of a `RecordingRow` is over by `at` and that `classes[place]` is the first class it is in.

    None where that class is kept for ever.
    """
    one = classes[place]
    if one.days is None:
        return None
    cutoff = at - timedelta(days=one.days)
    before = (sa.not_(fits(other.selection)) for other in classes[:place])
    # The range of places is what the index is for.
    return sa.and_(RecordingRow.place < first_place(cutoff), fits(one.selection), *before)


class Custody:
    """Holds, what is due and deletions within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def holds(self, tenant: str, *, released: bool = True) -> Sequence[HoldRow]:
        """Newest first."""
        wanted = sa.select(HoldRow).where(HoldRow.tenant == tenant)
        if not released:
            wanted = wanted.where(HoldRow.released_at.is_(None))
        return self._session.scalars(wanted.order_by(HoldRow.id.desc())).all()

    def hold(self, tenant: str, hold_id: str) -> HoldRow | None:
        """One, locked."""
        wanted = sa.select(HoldRow).where(HoldRow.tenant == tenant, HoldRow.id == hold_id)
        return self._session.scalars(wanted.with_for_update()).first()

    def recordings(self, who: Person, condition: Condition, limit: int, after: int = -1) -> Sequence[RecordingRow]:
        """Those of `who`'s reach that meet a condition, oldest call first."""
        wanted = sa.select(RecordingRow).where(within_reach(who), condition, RecordingRow.place > after)
        return self._session.scalars(wanted.order_by(RecordingRow.place).limit(limit)).all()

    def count(self, who: Person, condition: Condition) -> int:
        """How many there are."""
        wanted = sa.select(sa.func.count()).select_from(RecordingRow).where(within_reach(who), condition)
        return self._session.scalar(wanted) or 0

    def at_work(self, recording_ids: Collection[str]) -> set[str]:
        """Those that are being analysed."""
        wanted = sa.select(RunRow.recording_id).where(
            RunRow.recording_id.in_(recording_ids), RunRow.status == "running"
        )
        return set(self._session.scalars(wanted))

    def exports(self, tenant: str, states: Collection[str]) -> Sequence[ExportRow]:
        """Exports in one of some states, oldest first."""
        wanted = sa.select(ExportRow).where(ExportRow.tenant == tenant, ExportRow.state.in_(states))
        return self._session.scalars(wanted.order_by(ExportRow.id)).all()

    def add(self, *rows: HoldRow | DeletionRow | DeletionItemRow) -> None:
        """New rows."""
        self._session.add_all(rows)
        self._session.flush()

    def deletion(self, deletion_id: str, tenant: str | None = None, *, lock: bool = False) -> DeletionRow | None:
        """One deletion."""
        wanted = sa.select(DeletionRow).where(DeletionRow.id == deletion_id)
        if tenant is not None:
            wanted = wanted.where(DeletionRow.tenant == tenant)
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def deletions(self, tenant: str, limit: int, before: str | None = None) -> Sequence[DeletionRow]:
        """Newest first."""
        wanted = sa.select(DeletionRow).where(DeletionRow.tenant == tenant)
        if before:
            wanted = wanted.where(DeletionRow.id < before)
        return self._session.scalars(wanted.order_by(DeletionRow.id.desc()).limit(limit)).all()

    def begun(self) -> Sequence[str]:
        """Ids of deletions that were not finished, oldest first."""
        wanted = sa.select(DeletionRow.id).where(DeletionRow.state == "begun")
        return self._session.scalars(wanted.order_by(DeletionRow.id)).all()

    def items(self, deletion_id: str) -> Sequence[DeletionItemRow]:
        """The recordings of a deletion."""
        wanted = sa.select(DeletionItemRow).where(DeletionItemRow.deletion_id == deletion_id)
        return self._session.scalars(wanted.order_by(DeletionItemRow.recording_id)).all()

    def item(self, deletion_id: str, recording_id: str) -> DeletionItemRow | None:
        """One recording of a deletion."""
        return self._session.get(DeletionItemRow, (deletion_id, recording_id))

    def keep_holds_still(self) -> None:
        """Nobody places a hold until the end of this transaction; with SQLite whoever writes is alone anyway."""
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(sa.text("LOCK TABLE hold IN SHARE MODE"))

    def counts(self, deletion_ids: Collection[str]) -> dict[str, int]:
        """Deletion -> recordings."""
        wanted = (
            sa.select(DeletionItemRow.deletion_id, sa.func.count())
            .where(DeletionItemRow.deletion_id.in_(deletion_ids))
            .group_by(DeletionItemRow.deletion_id)
        )
        return {row[0]: row[1] for row in self._session.execute(wanted)}

    def others_with(self, recording: RecordingRow, *, same_file: bool) -> bool:
        """Whether another recording, of whatever tenant, has the same bytes."""
        wanted = sa.select(RecordingRow.id).where(
            RecordingRow.sha256 == recording.sha256, RecordingRow.id != recording.id
        )
        if same_file:
            wanted = wanted.where(RecordingRow.suffix == recording.suffix)
        return self._session.scalars(wanted.limit(1)).first() is not None

    def remove(self, recording: RecordingRow, *, stage_outputs: bool) -> dict[str, int]:
        """Every row that tells of a recording; what hangs on it goes with it. Returns rows by table where they do
        not hang on it."""
        session = self._session
        removed = {
            "upload": _rows(session, sa.delete(UploadRow).where(UploadRow.recording_id == recording.id)),
            # What was to be pushed names the recording in its text.
            "delivery": _rows(
                session,
                sa.delete(DeliveryRow).where(
                    DeliveryRow.tenant == recording.tenant,
                    sa.cast(DeliveryRow.payload, sa.Text).contains(recording.id, autoescape=True),
                ),
            ),
        }
        if stage_outputs:
            removed["stage_output"] = _rows(
                session, sa.delete(StageOutputRow).where(StageOutputRow.sha256 == recording.sha256)
            )
        facets = session.scalars(
            sa.select(RecordingFacetRow.facet_id).where(RecordingFacetRow.place == recording.place)
        ).all()
        removed["recording"] = _rows(session, sa.delete(RecordingRow).where(RecordingRow.id == recording.id))
        if facets:
            # The name of an agent whose last call this was.
            unused = sa.not_(
                sa.select(RecordingFacetRow.place).where(RecordingFacetRow.facet_id == FacetRow.id).exists()
            )
            removed["facet"] = _rows(session, sa.delete(FacetRow).where(FacetRow.id.in_(facets), unused))
        session.expunge(recording)
        return removed


def _rows(session: Session, statement: sa.Delete) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return done.rowcount if isinstance(done, sa.CursorResult) else 0
