"""What is done to many recordings at once: those somebody chose one by one, or all that a filter leaves.

Rights and reach are those of the services that do the work; here it is decided only which recordings it concerns.
"""

from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from qa.core.base import Record
from qa.core.errors import BadOptionError, ConflictError, InputError, NotFoundError
from qa.core.people import Person, Right
from qa.services.analysis import AnalysisService
from qa.services.export import ExportService, ExportView, Wanted
from qa.services.review.asking import Asked, AskingService
from qa.services.rulebook import RuleService
from qa.services.search import ListFilter, SearchService
from qa.settings import BulkSettings


class Chosen(Record, frozen=True):
    """Which recordings; one of the two."""

    recordings: tuple[str, ...] = ()
    matching: ListFilter | None = None
    """All that this filter leaves when the act is done."""


class Count(Record, frozen=True):
    """How many recordings a choice comes to."""

    count: int
    """`most` at most."""
    more: bool
    """There are more than may be acted upon at once."""
    most: int
    """`bulk.most`."""


class Queued(Record, frozen=True):
    """How many were sent to be analysed."""

    queued: int
    refused: int
    """Under way, nothing to do, or out of reach."""


class Ordered(Record, frozen=True):
    """An export that was ordered."""

    export: ExportView
    left_out: int
    """Not analysed, or out of reach."""


class BulkService:
    """Every method raises `BadOptionError` for an empty choice and `InputError` for more than `bulk.most`."""

    def __init__(
        self,
        search: SearchService,
        analysis: AnalysisService,
        asking: AskingService,
        exports: ExportService,
        rules: RuleService,
        options: BulkSettings,
    ) -> None:
        self._search = search
        self._analysis = analysis
        self._asking = asking
        self._exports = exports
        self._rules = rules
        self.most = options.most

    def count(self, who: Person, wanted: ListFilter) -> Count:
        """How many recordings in the reach of `who` a filter leaves, counted up to the limit."""
        found = len(self._search.matching(who, wanted, self.most + 1))
        return Count(min(found, self.most), found > self.most, self.most)

    def ask(self, who: Person, chosen: Chosen, to: str | None, reason: str) -> tuple[Asked, ...]:
        """Have them reviewed by `to`, or by whoever works on their teams' queues; see `AskingService.ask`."""
        who.need(Right.MANAGE_QUEUE)
        return self._asking.ask(who, self._ids(who, chosen), to, reason)

    def export(self, who: Person, chosen: Chosen, wanted: Wanted) -> Ordered:
        """Order an export of exactly these; of `wanted`, period and conditions are left aside.

        Raises what `ExportService.request_chosen` does.
        """
        who.need(Right.EXPORT)
        ids = self._ids(who, chosen)
        only = {"team": None, "rule": None, "status": None, "recordings": tuple(ids), "matching": chosen.matching}
        made = self._exports.request_chosen(who, replace(wanted, **only))
        return Ordered(made, len(ids) - made.total)

    def retry(self, who: Person, chosen: Chosen) -> Queued:
        """Analyse those that failed again."""
        who.need(Right.RETRY)
        ids, queued = self._ids(who, chosen), 0
        for recording_id in self._search.seen(who, ids):
            with suppress(ConflictError, NotFoundError):
                self._analysis.retry(recording_id, actor=who.login, tenant=who.tenant)
                queued += 1
        return Queued(queued, len(ids) - queued)

    def rescan(self, who: Person, chosen: Chosen) -> Queued:
        """Judge them by the present rules. Raises `BadPackError` where these cannot be used."""
        who.need(Right.RETRY)
        self._rules.need_usable()
        ids = self._ids(who, chosen)
        seen = self._search.seen(who, ids)
        queued = self._analysis.rescan_all(actor=who.login, tenant=who.tenant, among=seen)
        return Queued(queued, len(ids) - queued)

    def _ids(self, who: Person, chosen: Chosen) -> Sequence[str]:
        if bool(chosen.recordings) == (chosen.matching is not None):
            raise BadOptionError("bulk.choose")
        if chosen.matching is not None:
            ids: Sequence[str] = self._search.matching(who, chosen.matching, self.most + 1)
            if not ids:
                raise BadOptionError("bulk.nothing_matches")
        else:
            ids = tuple(dict.fromkeys(chosen.recordings))
        if len(ids) > self.most:
            raise InputError("bulk.too_many", most=self.most)
        return ids
