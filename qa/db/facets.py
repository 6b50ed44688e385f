"""Facets: what recordings have in common, kept so that a list by any of them starts at the newest call."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qa.core.people import Person, Reach
from qa.db.models import FacetRow, RecordingFacetRow

LONGEST_VALUE: Final = 255
_RECENT: Final = 2000
"""Calls looked at for what somebody with a narrower reach may choose from."""


class Facets:
    """Facets within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert

    def set(
        self,
        tenant: str,
        place: int,
        values: Mapping[str, Collection[str]],
        labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Facet name -> all its values for the recording at `place`; names not given stay as they are.

        `labels` says by value how new ones are called, by locale.
        """
        wanted = {(name, value[:LONGEST_VALUE]) for name, given in values.items() for value in given}
        ids = self._ids(tenant, wanted, make=labels or {})
        here = sa.select(RecordingFacetRow.facet_id).join(FacetRow, FacetRow.id == RecordingFacetRow.facet_id)
        held = set(
            self._session.scalars(here.where(RecordingFacetRow.place == place, FacetRow.name.in_(list(values))))
        )
        gone, new = held - set(ids.values()), set(ids.values()) - held
        if gone:
            self._session.execute(
                sa.delete(RecordingFacetRow).where(
                    RecordingFacetRow.place == place, RecordingFacetRow.facet_id.in_(gone)
                )
            )
        if new:
            rows = [{"facet_id": facet_id, "place": place} for facet_id in sorted(new)]
            self._session.execute(sa.insert(RecordingFacetRow), rows)

    def ids(self, tenant: str, name: str, values: Sequence[str]) -> list[int]:
        """Ids of those values that any recording ever had."""
        return sorted(self._ids(tenant, {(name, value) for value in values}).values())

    def choices(self, who: Person, name: str, limit: int = 500) -> list[tuple[str, dict[str, str] | None]]:
        """Values and labels to choose from: for somebody with a narrower reach those of the calls they see."""
        wanted = sa.select(FacetRow.value, FacetRow.label).where(
            FacetRow.tenant == who.tenant, FacetRow.name == name
        )
        if who.reach is not Reach.ALL:
            teams = self.ids(who.tenant, "team", who.teams) if who.reach is Reach.TEAMS else []
            recent = (
                sa.select(RecordingFacetRow.place)
                .where(RecordingFacetRow.facet_id.in_(teams))
                .order_by(RecordingFacetRow.place.desc())
                .limit(_RECENT)
            )
            theirs = sa.select(RecordingFacetRow.facet_id).where(RecordingFacetRow.place.in_(recent))
            wanted = wanted.where(FacetRow.id.in_(theirs))
        found = self._session.execute(wanted.order_by(FacetRow.value).limit(limit))
        return [(value, label) for value, label in found]

    def _ids(
        self,
        tenant: str,
        wanted: Collection[tuple[str, str]],
        *,
        make: Mapping[str, Mapping[str, str]] | None = None,
    ) -> dict[tuple[str, str], int]:
        if not wanted:
            return {}
        query = sa.select(FacetRow.name, FacetRow.value, FacetRow.id).where(
            FacetRow.tenant == tenant, sa.tuple_(FacetRow.name, FacetRow.value).in_(list(wanted))
        )
        found = {(name, value): facet_id for name, value, facet_id in self._session.execute(query)}
        # In one order everywhere, so that two transactions that meet new values do not wait for each other.
        missing = sorted(set(wanted) - set(found))
        if make is not None and missing:
            rows = [
                {
                    "tenant": tenant,
                    "name": name,
                    "value": value,
                    "label": dict(make[value]) if value in make else None,
                }
                for name, value in missing
            ]
            self._session.execute(self._insert(FacetRow).on_conflict_do_nothing(), rows)
            return self._ids(tenant, wanted)
        return found
