"""Masked views: everything people said or wrote, with personal data hidden, of the same length."""

from collections.abc import Sequence

from msgspec.structs import replace

from qa.core.finding import Check, Finding, Outcome
from qa.core.people import Person
from qa.core.result import Result
from qa.core.review import Answer, ReviewStatus, Verdict
from qa.core.transcript import Transcript
from qa.db.models import CommentRow, CorrectionRow, ReviewRow, ReviewVersionRow
from qa.services.review.scoring import Reviewed
from qa.services.review.views import CheckView, CommentView, CorrectionView, FlagView, VersionView
from qa.settings import ReviewSettings
from qa.text.masked_result import mask_check, mask_finding, mask_message
from qa.text.masking import mask, mask_fragment, mask_turns


class Masked:
    """The turns of one call as they are shown; quotes are cut from them, so that both hide the same."""

    def __init__(self, transcript: Transcript | None) -> None:
        turns = transcript.turns if transcript else ()
        self._texts = dict(zip((t.index for t in turns), mask_turns(turns), strict=True))
        self._plain = {t.index: t.text for t in turns}

    def quote(self, quote: str, turn: int | None, start: int | None, end: int | None) -> str:
        """A quote from a place, masked as the turn there; by itself where it is not found there."""
        if turn is None or start is None or end is None or self._plain.get(turn, "")[start:end] != quote:
            return mask_fragment(quote)
        return self._texts[turn][start:end]

    def finding(self, one: Finding) -> Finding:
        """A finding with its quotes masked."""
        return mask_finding(one, self._texts)

    def check(self, one: Check) -> Check:
        """A check with all its quotes masked."""
        return mask_check(one, self._texts)

    def verdict(self, one: Verdict) -> Verdict:
        """A verdict with its words masked."""
        quote = self.quote(one.quote, one.turn, one.char_start, one.char_end)
        return replace(one, quote=quote, note=mask(one.note))


def shown_verdict(one: Verdict, result: Result) -> Verdict:
    """A verdict with its words masked."""
    return Masked(result.transcript).verdict(one)


def shown_answer(one: Answer) -> Answer:
    """An answer with its note masked."""
    return replace(one, note=mask(one.note))


def flag_views(seen: Reviewed, masked: Masked, options: ReviewSettings) -> tuple[FlagView, ...]:
    """The machine's flags with what was said of them, in order of time."""
    known = seen.on_finding
    needed = {row.id for row in seen.unjudged(options.must_judge)}
    views = []
    for row in seen.findings:
        finding, verdict = masked.finding(seen.finding(row)), known.get(row.id)
        views.append(
            FlagView(
                finding_id=row.id,
                position=row.position,
                rule=finding.rule,
                rule_version=finding.rule_version,
                family=finding.family,
                label=finding.label,
                severity=finding.severity,
                role=finding.role,
                reason=finding.reason,
                confidence=finding.confidence,
                basis=finding.basis,
                wording=finding.wording,
                shadow=finding.shadow,
                evidence=finding.evidence,
                verdict=masked.verdict(verdict) if verdict else None,
                must_judge=row.id in needed,
            )
        )
    return tuple(views)


def check_views(seen: Reviewed) -> tuple[CheckView, ...]:
    """The checks after the verdicts; what does not apply to the call is left out."""
    return tuple(
        CheckView(
            rule=c.rule,
            family=c.family,
            label=c.label,
            severity=c.severity,
            outcome=c.outcome,
            reason=mask_message(c.reason),
            shadow=c.shadow,
            answerable=seen.answerable(c.rule),
        )
        for c in seen.checks
        if c.outcome is not Outcome.NOT_APPLICABLE or seen.answerable(c.rule)
    )


def comment_view(row: CommentRow, who: Person, review: ReviewRow | None) -> CommentView:
    """A comment as `who` sees it."""
    open_still = review is None or (review.status != ReviewStatus.FINALISED and row.version == review.version)
    return CommentView(
        id=row.id,
        finding_id=row.finding_id,
        verdict_id=row.verdict_id,
        turn=row.turn,
        text=mask(row.text),
        person=row.person,
        at=row.at,
        deletable=open_still and row.person == who.login,
    )


def correction_views(rows: Sequence[CorrectionRow], result: Result) -> tuple[CorrectionView, ...]:
    """Corrections with the turns that show them."""
    channels = {t.index: t.channel for t in result.transcript.turns} if result.transcript else {}
    shown = {(channels[c.turn], c.start_ms): c.turn for c in result.corrected}
    return tuple(
        CorrectionView(
            channel=row.channel,
            start_ms=row.start_ms,
            turn=shown.get((row.channel, row.start_ms)),
            before=mask(row.before),
            after=mask(row.after),
            person=row.person,
            at=row.at,
        )
        for row in rows
    )


def version_view(row: ReviewVersionRow) -> VersionView:
    """A version's head."""
    return VersionView(
        version=row.version,
        reason=mask(row.reason) if row.reason else None,
        machine_score=row.machine_score,
        human_score=row.human_score,
        result_id=row.result_id,
        person=row.person,
        at=row.at,
    )
