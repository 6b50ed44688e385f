"""Queries on recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qa.core.people import Person
from qa.db.models import AttributeRow, RecordingRow, ResultRow, RunRow
from qa.db.people import within_reach


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """What to list."""

    who: Person
    """Only what is in their reach."""
    status: str | None = None
    name_contains: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    before: str | None = None
    """Only recordings with a smaller id: the key of keyset paging."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class RecordingBundle:
    """A recording and what is shown with it."""

    recording: RecordingRow
    run: RunRow
    result: ResultRow | None
    attributes: dict[str, str]


class Recordings:
    """Recordings within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, recording: RecordingRow, attributes: Mapping[str, str]) -> None:
        """A new recording. Raises `IntegrityError` where its content is there already."""
        self._session.add(recording)
        self._session.flush()
        self.add_attributes(recording.id, attributes)

    def add_attributes(self, recording_id: str, attributes: Mapping[str, str]) -> None:
        """Metadata fields that the recording does not have yet."""
        self._session.add_all(
            AttributeRow(recording_id=recording_id, name=k, value=v) for k, v in attributes.items()
        )

    def get(self, recording_id: str, tenant: str | None = None, *, lock: bool = False) -> RecordingRow | None:
        """One recording, of any tenant where none is given. `lock` keeps others from changing it."""
        wanted = sa.select(RecordingRow).where(RecordingRow.id == recording_id)
        if tenant is not None:
            wanted = wanted.where(RecordingRow.tenant == tenant)
        return self._session.scalars(wanted.with_for_update() if lock else wanted).first()

    def seen(self, recording_id: str, who: Person) -> RecordingRow | None:
        """One recording, where it is in the reach of `who`."""
        wanted = sa.select(RecordingRow).where(RecordingRow.id == recording_id, within_reach(who))
        return self._session.scalars(wanted).first()

    def by_content(self, tenant: str, sha256: str) -> RecordingRow | None:
        """The recording with these bytes."""
        return self._session.scalars(
            sa.select(RecordingRow).where(RecordingRow.tenant == tenant, RecordingRow.sha256 == sha256)
        ).first()

    def many(self, recording_ids: Sequence[str]) -> dict[str, RecordingRow]:
        """Several by id."""
        rows = self._session.scalars(sa.select(RecordingRow).where(RecordingRow.id.in_(recording_ids)))
        return {row.id: row for row in rows}

    def to_judge_again(
        self, tenant: str, after: str, limit: int, among: Sequence[str] | None = None
    ) -> Sequence[str]:
        """Ids above `after` of recordings that have been analysed and are not being worked on, oldest first;
        only those `among`, where it is given.

        They stay locked to the end of the transaction, so that each can be given a run.
        """
        wanted = (
            sa.select(RecordingRow.id)
            .join(ResultRow, ResultRow.id == RecordingRow.result_id)
            .where(
                RecordingRow.tenant == tenant,
                RecordingRow.id > after,
                RecordingRow.status.not_in(("queued", "running")),
                ResultRow.status == "done",
                sa.true() if among is None else RecordingRow.id.in_(among),
            )
            .order_by(RecordingRow.id)
            .limit(limit)
            .with_for_update(of=RecordingRow)
        )
        return self._session.scalars(wanted).all()

    def attributes(self, recording_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Metadata of several recordings, fields in alphabetical order."""
        found: dict[str, dict[str, str]] = {recording_id: {} for recording_id in recording_ids}
        wanted = (
            sa.select(AttributeRow)
            .where(AttributeRow.recording_id.in_(recording_ids))
            .order_by(AttributeRow.recording_id, AttributeRow.name)
        )
        for row in self._session.scalars(wanted):
            found[row.recording_id][row.name] = row.value
        return found

    def bundles(self, recordings: Sequence[RecordingRow]) -> list[RecordingBundle]:
        """Recordings with newest run, newest result and metadata, in the order given; three queries in all."""
        runs = {
            row.id: row
            for row in self._session.scalars(
                sa.select(RunRow).where(RunRow.id.in_([r.run_id for r in recordings]))
            )
        }
        wanted = (
            sa.select(ResultRow)
            .where(ResultRow.id.in_([r.result_id for r in recordings if r.result_id]))
            .options(sa.orm.defer(ResultRow.payload))
        )
        results = {row.id: row for row in self._session.scalars(wanted)}
        attributes = self.attributes([r.id for r in recordings])
        return [
            RecordingBundle(r, runs[r.run_id], results.get(r.result_id or ""), attributes[r.id])
            for r in recordings
        ]

    def page(self, query: RecordingQuery) -> Sequence[RecordingRow]:
        """Up to `limit` recordings, newest first."""
        wanted = sa.select(RecordingRow).where(within_reach(query.who))
        if query.status:
            wanted = wanted.where(RecordingRow.status == query.status)
        if query.name_contains:
            wanted = wanted.where(RecordingRow.name.icontains(query.name_contains, autoescape=True))
        for name, value in query.attributes.items():
            holds = sa.select(AttributeRow.recording_id).where(
                AttributeRow.recording_id == RecordingRow.id,
                AttributeRow.name == name,
                AttributeRow.value == value,
            )
            wanted = wanted.where(holds.exists())
        if query.before:
            wanted = wanted.where(RecordingRow.id < query.before)
        return self._session.scalars(wanted.order_by(RecordingRow.id.desc()).limit(query.limit)).all()
