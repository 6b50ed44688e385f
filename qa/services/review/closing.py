"""Looking at a review as a whole, finalising it, opening it again, and what a ruling changes."""

import zlib
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.orm import Session

from qa.core.base import decode, encode
from qa.core.errors import ConflictError, NotFoundError
from qa.core.finding import Severity
from qa.core.people import Person, Right
from qa.core.review import Act, CallFor, Finalised, ReviewStatus, VerdictOutcome, step
from qa.db.hidings import Hidings
from qa.db.models import RecordingRow, ReviewRow, ReviewVersionRow, VerdictRow
from qa.db.reviews import Reviews, Said
from qa.db.runs import Runs
from qa.services.indexing import note_human_score
from qa.services.review.base import ReviewBase, put_state, state_of
from qa.services.review.carry import carry_over
from qa.services.review.queue import checked_note
from qa.services.review.scoring import Reviewed, reviewed
from qa.services.review.shown import (
    Masked,
    check_views,
    comment_view,
    correction_views,
    flag_views,
    hiding_views,
    version_view,
)
from qa.services.review.views import ReviewView


class ClosingService(ReviewBase):
    """The review of a call from its first look to its newest version."""

    def view(self, who: Person, recording_id: str) -> ReviewView:
        """Everything said of a call so far, scores included. Needs `Right.SEE_RECORDINGS`.

        Raises `NotFoundError`, or `ConflictError` where the call has no result yet.
        """
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            recording = self._recording(session, who, recording_id)
            review = Reviews(session).of(recording_id)
            return self._view(session, who, recording, review)

    def finalise(self, who: Person, recording_id: str) -> ReviewView:
        """Make the drafts a version: all it rests on is kept in it, and from now on a change needs `reopen`.

        Raises `ConflictError` where `who` does not hold it, flags of `review.must_judge` or worse have no verdict,
        or the rules are judging again after a correction.
        """
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            seen = self._seen(session, recording, review)
            missing = len(seen.unjudged(self._options.must_judge))
            if missing:
                raise ConflictError("review.flags_unjudged", count=missing)
            if Runs(session).has_active(recording.id):
                raise ConflictError("review.judging_again")
            put_state(recording, review, step(state_of(review), Act.FINALISE, who.login, now), now)
            self._add_version(session, who, review, seen, review.reopened_for, now)
            self._note(
                session, who, recording.id, now, "finalised",
                version=review.version, result=review.result_id,
                machine_score=review.machine_score, human_score=review.human_score,
            )  # fmt: skip
            session.flush()
            return self._view(session, who, recording, review)

    def reopen(self, who: Person, recording_id: str, reason: str, *, newest: bool = False) -> ReviewView:
        """Change a finalised review: it is `who`'s again with everything that was said, and finalising it makes a
        new version with this reason. The old one stays. `newest` moves it to the newest result of the call."""
        who.need(Right.REVIEW)
        why = checked_note(reason, "reason", needed=True)
        with self._database.write() as session:
            recording, review = self._locked(session, who, recording_id)
            now = self._database.now(session)
            state = step(state_of(review), Act.REOPEN, who.login, now, until=self._lease_end(now))
            put_state(recording, review, state, now)
            review.reopened_for = why
            if newest and recording.result_id and recording.result_id != review.result_id:
                result = self._result(session, recording, recording.result_id)
                carry_over(session, review, recording.result_id, result)
                review.result_id = recording.result_id
                card = result.analysis.scorecard if result.analysis else None
                review.machine_score = card.score if card else None
            self._note(session, who, recording.id, now, "reopened", version=review.version)
            session.flush()
            return self._view(session, who, recording, review)

    def version(self, who: Person, recording_id: str, version: int) -> Finalised:
        """What one version rests on, words masked. Raises `NotFoundError`."""
        who.need(Right.SEE_RECORDINGS)
        with self._database.read() as session:
            recording = self._recording(session, who, recording_id)
            review = Reviews(session).of(recording_id)
            row = Said(session).version(review.id, version) if review else None
            if row is None:
                raise NotFoundError("review.no_version", version=version)
            kept = payload_of(row)
            masked = Masked(self._result(session, recording, kept.result_id).transcript)
        return replace(
            kept,
            reason=masked.text(kept.reason) if kept.reason else None,
            machine=masked.card(kept.machine) if kept.machine else None,
            human=masked.card(kept.human) if kept.human else None,
            checks=tuple(masked.check(c) for c in kept.checks),
            verdicts=tuple(masked.verdict(v) for v in kept.verdicts),
            answers=tuple(masked.answer(a) for a in kept.answers),
        )

    def judged_by(self, session: Session, review_id: str, verdict_id: str, before: datetime) -> Sequence[str]:
        """Logins of those who gave a verdict, or finalised its review, up to some moment: none of them rules on a
        dispute about it. Whoever has only ruled on another flag of the call since then may."""
        rows = [row for row in Said(session).versions(review_id) if row.at <= before]
        people = [row.person for row in rows]
        people += [v.person for row in rows for v in payload_of(row).verdicts if v.id == verdict_id]
        return list(dict.fromkeys(people))

    def revise(
        self,
        session: Session,
        who: Person,
        review_id: str,
        verdict_id: str,
        *,
        severity: Severity | None,
        reason: str,
    ) -> tuple[float | None, float | None]:
        """A new version of a finalised review, in the caller's transaction, in which a flag no longer stands
        (`severity` None) or has that severity; the human score before and after.

        The caller has checked that `who` may rule. Raises `ConflictError` where the review is open again.
        """
        known = Reviews(session).get(review_id)
        if known is None:
            raise NotFoundError("review.none")
        recording, review = self._locked(session, who, known.recording_id)
        verdict = Said(session).verdict(review_id, verdict_id)
        if verdict is None:
            raise NotFoundError("review.no_verdict", id=verdict_id[:64])
        now = self._database.now(session)
        before = review.human_score
        if review.status != ReviewStatus.FINALISED:
            raise ConflictError("review.not_finalised")
        _rule_on(verdict, severity, who, now)
        session.flush()
        self.amended(session, who, recording, review, reason, now)
        self._note(
            session, who, recording.id, now, "revised",
            version=review.version, verdict=verdict_id, before=before, after=review.human_score,
        )  # fmt: skip
        return before, review.human_score

    def amended(
        self,
        session: Session,
        who: Person,
        recording: RecordingRow,
        review: ReviewRow,
        reason: str,
        now: datetime,
    ) -> int:
        """A new version of a finalised review after a change that the caller has made and may make, in the same
        transaction; its number."""
        opened = step(state_of(review), Act.REOPEN, who.login, now, until=self._lease_end(now))
        put_state(recording, review, step(opened, Act.FINALISE, who.login, now), now)
        self._add_version(session, who, review, self._seen(session, recording, review), reason, now)
        return review.version

    def _add_version(
        self, session: Session, who: Person, review: ReviewRow, seen: Reviewed, reason: str | None, now: datetime
    ) -> None:
        kept = Finalised(
            recording_id=review.recording_id,
            result_id=review.result_id,
            version=review.version,
            reason=reason,
            machine=seen.machine,
            human=seen.human,
            checks=seen.checks,
            verdicts=seen.verdicts,
            answers=seen.answers,
            packs=dict(seen.result.analysis.packs) if seen.result.analysis else {},
            person=who.login,
            at=now,
        )
        review.human_score = seen.human.score if seen.human else None
        note_human_score(session, review.recording_id, review.human_score)
        review.finalised_by, review.finalised_at, review.reopened_for = who.login, now, None
        Said(session).add(
            ReviewVersionRow(
                review_id=review.id,
                version=review.version,
                result_id=review.result_id,
                reason=reason,
                machine_score=review.machine_score,
                human_score=review.human_score,
                payload=zlib.compress(encode(kept)),
                person=who.login,
                at=now,
            )
        )

    def _seen(self, session: Session, recording: RecordingRow, review: ReviewRow | None) -> Reviewed:
        result_id = review.result_id if review else recording.result_id
        return reviewed(session, review, result_id or "", self._result(session, recording, result_id))

    def _view(
        self, session: Session, who: Person, recording: RecordingRow, review: ReviewRow | None
    ) -> ReviewView:
        seen, said, now = self._seen(session, recording, review), Said(session), self._database.now(session)
        masked = Masked(seen.result.transcript)
        holder = state_of(review).holder(now) if review else None
        lapsed = review is not None and review.status == ReviewStatus.CLAIMED and holder is None
        status = ReviewStatus.WAITING if lapsed else ReviewStatus(review.status) if review else None
        card = seen.machine
        checks, left_out = check_views(seen, masked)
        return ReviewView(
            recording_id=recording.id,
            review_id=review.id if review else None,
            status=status,
            reason=CallFor(review.reason) if review else None,
            reasons={CallFor(code): count for code, count in review.reasons.items()} if review else {},
            due_at=review.due_at if review else None,
            late=review is not None and status is not ReviewStatus.FINALISED and review.due_at <= now,
            assigned_to=review.assigned_to if review else None,
            claimed_by=holder,
            claim_until=review.claim_until if review and holder else None,
            mine=holder == who.login,
            result_id=review.result_id if review else recording.result_id or "",
            newest_result_id=recording.result_id or "",
            rejudging=Runs(session).has_active(recording.id),
            version=review.version if review else 0,
            reopened_for=masked.text(review.reopened_for) if review and review.reopened_for else None,
            machine=masked.card(card) if card else None,
            human=masked.card(seen.human) if seen.human else None,
            machine_score=card.score if card else None,
            human_score=review.human_score if review else None,
            finalised_by=review.finalised_by if review else None,
            finalised_at=review.finalised_at if review else None,
            flags=flag_views(seen, masked, self._options),
            added=tuple(masked.verdict(v) for v in seen.verdicts if v.finding_id is None),
            checks=checks,
            left_out=left_out,
            answers=tuple(masked.answer(a) for a in seen.answers),
            comments=tuple(comment_view(c, who, review, masked) for c in said.comments(recording.id)),
            corrections=correction_views(said.corrections([recording.id])[recording.id], seen.result, masked),
            hidings=hiding_views(Hidings(session).of(recording.id), seen.result.transcript),
            versions=tuple(version_view(v, masked) for v in said.versions(review.id)) if review else (),
            unjudged=len(seen.unjudged(self._options.must_judge)),
        )


def payload_of(row: ReviewVersionRow) -> Finalised:
    """What a version kept."""
    return decode(zlib.decompress(row.payload), Finalised)


def _rule_on(verdict: VerdictRow, severity: Severity | None, who: Person, now: datetime) -> None:
    if severity is None:
        verdict.outcome = VerdictOutcome.REJECTED.value
    else:
        verdict.severity = severity.value
        if verdict.finding_id is not None:
            verdict.outcome = VerdictOutcome.CHANGED.value
    verdict.person, verdict.at = who.login, now
