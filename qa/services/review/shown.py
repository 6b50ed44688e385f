"""Masked views: everything people said or wrote, with personal data hidden, of the same length."""

from collections.abc import Sequence

from msgspec.structs import replace

from qa.core.finding import Check, Finding, Outcome
from qa.core.hiding import standing
from qa.core.people import Person
from qa.core.result import Result
from qa.core.review import Answer, ReviewStatus, Verdict
from qa.core.scorecard import ScorecardResult
from qa.core.transcript import Transcript
from qa.db.models import CommentRow, CorrectionRow, HidingRow, ReviewRow, ReviewVersionRow
from qa.services.hidings import as_hiding
from qa.services.review.scoring import Reviewed
from qa.services.review.views import CheckView, CommentView, CorrectionView, FlagView, HidingView, VersionView
from qa.settings import ReviewSettings
from qa.text.masked_result import mask_card, mask_check, mask_corrected, mask_finding
from qa.text.masking import hidden_words, mask, mask_fragment, mask_known, mask_texts


class Masked:
    """The turns of one call as they are shown; quotes are cut from them, so that both hide the same."""

    def __init__(self, transcript: Transcript | None) -> None:
        turns = transcript.turns if transcript else ()
        texts = mask_texts(transcript) if transcript else ()
        self.known = hidden_words(transcript)
        """Words that people have hidden in it."""
        self._texts = dict(zip((t.index for t in turns), texts, strict=True))
        self._plain = {t.index: t.text for t in turns}

    def quote(self, quote: str, turn: int | None, start: int | None, end: int | None) -> str:
        """A quote from a place, masked as the turn there; by itself where it is not found there."""
        if turn is None or start is None or end is None or self._plain.get(turn, "")[start:end] != quote:
            return mask_fragment(quote, self.known)
        return self._texts[turn][start:end]

    def text(self, words: str) -> str:
        """What somebody wrote about the call."""
        return mask_known(mask(words), self.known)

    def turn(self, index: int, said: str) -> str:
        """What was said in a turn; by itself where the turn says something else by now."""
        return self._texts[index] if self._plain.get(index) == said else self.text(said)

    def card(self, one: ScorecardResult) -> ScorecardResult:
        """A scorecard with its reasons masked."""
        return mask_card(one, self.known)

    def finding(self, one: Finding) -> Finding:
        """A finding with its quotes masked."""
        return mask_finding(one, self._texts, self.known)

    def check(self, one: Check) -> Check:
        """A check with all its quotes masked."""
        return mask_check(one, self._texts, self.known)

    def verdict(self, one: Verdict) -> Verdict:
        """A verdict with its words masked."""
        quote = self.quote(one.quote, one.turn, one.char_start, one.char_end)
        return replace(one, quote=quote, note=self.text(one.note))

    def answer(self, one: Answer) -> Answer:
        """An answer with its note masked."""
        return replace(one, note=self.text(one.note))


def shown_verdict(one: Verdict, result: Result) -> Verdict:
    """A verdict with its words masked."""
    return Masked(result.transcript).verdict(one)


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
                support=finding.support,
                verdict=masked.verdict(verdict) if verdict else None,
                must_judge=row.id in needed,
            )
        )
    return tuple(views)


def check_views(seen: Reviewed, masked: Masked) -> tuple[tuple[CheckView, ...], tuple[CheckView, ...]]:
    """The checks after the verdicts: those that say something of the call, and those that do not apply to it."""
    views = [_check(seen, c) for c in map(masked.check, seen.checks)]
    halves: tuple[list[CheckView], list[CheckView]] = ([], [])
    for view in views:
        halves[view.outcome is Outcome.NOT_APPLICABLE and not view.answerable].append(view)
    return tuple(halves[False]), tuple(halves[True])


def _check(seen: Reviewed, c: Check) -> CheckView:
    return CheckView(
        rule=c.rule,
        family=c.family,
        label=c.label,
        severity=c.severity,
        outcome=c.outcome,
        reason=c.reason,
        shadow=c.shadow,
        answerable=seen.answerable(c.rule),
        evidence=c.evidence,
        doubts=tuple(d for d in c.doubts if d.evidence),
    )


def comment_view(row: CommentRow, who: Person, review: ReviewRow | None, masked: Masked) -> CommentView:
    """A comment as `who` sees it."""
    return CommentView(
        id=row.id,
        finding_id=row.finding_id,
        verdict_id=row.verdict_id,
        turn=row.turn,
        text=masked.text(row.text),
        person=row.person,
        at=row.at,
        deletable=deletable(row, who, review),
    )


def deletable(row: CommentRow, who: Person, review: ReviewRow | None) -> bool:
    """Whether `who` may delete a comment: their own, said since the newest version."""
    open_still = review is None or (review.status != ReviewStatus.FINALISED and row.version == review.version)
    return open_still and row.person == who.login


def correction_views(rows: Sequence[CorrectionRow], result: Result, masked: Masked) -> tuple[CorrectionView, ...]:
    """Corrections with the turns that show them; what fits no turn is masked without what stood around it."""
    channels = {t.index: t.channel for t in result.transcript.turns} if result.transcript else {}
    shown = {(channels[c.turn], c.start_ms): c for c in mask_corrected(result)}
    views = []
    for row in rows:
        fits = shown.get((row.channel, row.start_ms))
        views.append(
            CorrectionView(
                channel=row.channel,
                start_ms=row.start_ms,
                turn=fits.turn if fits else None,
                before=fits.before if fits else masked.text(row.before),
                after=masked.turn(fits.turn, row.after) if fits else masked.text(row.after),
                person=row.person,
                at=row.at,
            )
        )
    return tuple(views)


def hiding_views(rows: Sequence[HidingRow], transcript: Transcript | None) -> tuple[HidingView, ...]:
    """Amendments of what is hidden, with where they stand in a transcript."""
    amendments = [as_hiding(row) for row in rows]
    stands = standing(transcript, amendments)
    marks = {mark.number: mark for mark in transcript.marks if mark.turn is not None} if transcript else {}
    turns = transcript.turns if transcript else ()
    views = []
    for row, one in zip(rows, amendments, strict=True):
        mark = marks.get(row.number)
        views.append(
            HidingView(
                number=row.number,
                act=one.act,
                kind=row.kind,
                standing=stands[row.number],
                turn=turns[mark.turn].index if mark and mark.turn is not None else None,
                start=mark.start if mark else None,
                end=mark.end if mark else None,
                start_s=row.start_s,
                end_s=row.end_s,
                undoes=row.undoes,
                reason=row.reason,
                version=row.version,
                person=row.person,
                at=row.at,
            )
        )
    return tuple(views)


def version_view(row: ReviewVersionRow, masked: Masked) -> VersionView:
    """A version's head."""
    return VersionView(
        version=row.version,
        reason=masked.text(row.reason) if row.reason else None,
        machine_score=row.machine_score,
        human_score=row.human_score,
        result_id=row.result_id,
        person=row.person,
        at=row.at,
    )
