"""What a reviewer says of a call: verdicts, own flags, answers, comments. All of it are drafts until finalised."""

import re
from typing import Final

from sqlalchemy.orm import Session

from qa.core.errors import BadOptionError, ConflictError, ForbiddenError, NotFoundError
from qa.core.finding import Outcome, Severity, Support
from qa.core.people import Person, Right
from qa.core.result import Result
from qa.core.review import RejectReason, Verdict, VerdictOutcome
from qa.core.roles import Role
from qa.core.transcript import Turn
from qa.db.ids import new_id
from qa.db.models import CommentRow, ManualAnswerRow, RecordingRow, ReviewRow, VerdictRow
from qa.db.reviews import Reviews, Said
from qa.services.hidings import requote
from qa.services.review.base import ReviewBase
from qa.services.review.carry import put_place
from qa.services.review.queue import checked_note
from qa.services.review.scoring import Reviewed, reviewed, verdict_of
from qa.services.review.shown import Masked, comment_view, deletable, shown_verdict
from qa.services.review.views import CommentView

_FAMILY: Final = re.compile(r"[a-z][a-z0-9-]{0,48}")
_UPHOLDING: Final = (VerdictOutcome.CONFIRMED, VerdictOutcome.CHANGED)
_ANSWERS: Final = (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_APPLICABLE)


class DeskService(ReviewBase):
    """Every method but those on comments needs the call to be held by `who` (`ConflictError` otherwise) and makes
    the lease longer. Flags, turns and items that are not there raise `NotFoundError`."""

    def judge(
        self,
        who: Person,
        recording_id: str,
        finding_id: str,
        outcome: VerdictOutcome,
        *,
        reason: RejectReason | None = None,
        note: str = "",
        rule: str | None = None,
        severity: Severity | None = None,
    ) -> Verdict:
        """Say of a flag of the machine that it is right, wrong (with a reason; `other` needs a note), or of
        another rule or severity. Whoever upholds what a second hearing does not bear out says why in `note`.
        Saying it again replaces what was said. Raises `BadOptionError`."""
        text = checked_note(note, "note", needed=reason is RejectReason.OTHER)
        _check_outcome(outcome, reason, rule, severity)
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            seen = self._seen(session, recording, review)
            row = next((f for f in seen.findings if f.id == finding_id), None)
            if row is None:
                raise NotFoundError("review.no_flag", id=finding_id[:64])
            finding = seen.finding(row)
            if finding.support is Support.UNSUPPORTED and outcome in _UPHOLDING and not text:
                raise BadOptionError("review.unsupported_reason")
            said = Said(session)
            verdict = said.verdict_on(review.id, finding_id)
            if verdict is None:
                verdict = VerdictRow(id=new_id(), review_id=review.id, recording_id=recording.id)
                verdict.finding_id = finding_id
            verdict.outcome, verdict.reason_code, verdict.note = outcome.value, reason and reason.value, text
            verdict.machine_rule, verdict.machine_severity = finding.rule, finding.severity.value
            verdict.rule, verdict.family, verdict.label = finding.rule, finding.family, finding.label
            verdict.severity, verdict.role = (severity or finding.severity).value, finding.role.value
            verdict.quote = ""
            if finding.evidence:
                put_place(verdict, finding.evidence[0])
                requote(verdict, seen.result.transcript)
            if rule is not None and rule != finding.rule:
                verdict.rule, verdict.family, verdict.label, _ = _known_rule(seen, rule)
            verdict.person, verdict.at = who.login, now
            said.add(verdict)
            self._note(
                session, who, recording.id, now, "verdict",
                finding=finding_id, rule=finding.rule, outcome=outcome.value, reason=verdict.reason_code,
                became=verdict.rule, severity=verdict.severity,
            )  # fmt: skip
            return shown_verdict(verdict_of(verdict, {row.id: row.position}), seen.result)

    def add_flag(
        self,
        who: Person,
        recording_id: str,
        *,
        rule: str | None = None,
        family: str | None = None,
        severity: Severity | None = None,
        turn: int | None = None,
        char_start: int = 0,
        char_end: int | None = None,
        note: str = "",
    ) -> Verdict:
        """Add what the machine did not hear: of a `rule` that was checked on this call or just of a `family`, at
        characters `char_start..char_end` of a turn, or of the call as a whole. Times and quote come from there."""
        text = checked_note(note, "note")
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            seen = self._seen(session, recording, review)
            if rule is not None:
                named, kind, label, usual = _known_rule(seen, rule)
            elif family is not None and _FAMILY.fullmatch(family):
                named, kind, label, usual = f"manual.{family}", family, {}, Severity.WARNING
            else:
                raise BadOptionError("review.bad_family")
            row = VerdictRow(
                id=new_id(),
                review_id=review.id,
                recording_id=recording.id,
                outcome=VerdictOutcome.ADDED.value,
                rule=named,
                family=kind,
                severity=(severity or usual).value,
                label=label,
                role=Role.AGENT.value,
                quote="",
                note=text,
                person=who.login,
                at=now,
            )
            if turn is not None:
                _place(row, turn_of(seen.result, turn), char_start, char_end)
                requote(row, seen.result.transcript)
            Said(session).add(row)
            self._note(
                session, who, recording.id, now, "flag_added", verdict=row.id, rule=named, severity=row.severity
            )
            return shown_verdict(verdict_of(row, {}), seen.result)

    def withdraw(self, who: Person, recording_id: str, verdict_id: str) -> str | None:
        """Take back a verdict or one's own flag; the flag of the machine that the verdict was about."""
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            row = Said(session).verdict(review.id, verdict_id)
            if row is None:
                raise NotFoundError("review.no_verdict", id=verdict_id[:64])
            Said(session).remove(row)
            self._note(
                session, who, recording.id, now, "verdict_withdrawn",
                verdict=row.id, finding=row.finding_id, rule=row.rule, outcome=row.outcome,
            )  # fmt: skip
            return row.finding_id

    def answer(
        self,
        who: Person,
        recording_id: str,
        kind: str,
        key: str,
        outcome: Outcome | None,
        *,
        points: float | None = None,
        note: str = "",
    ) -> None:
        """Answer a manual or open item of the scorecard (`kind` `item`, with `points` where it is not all or
        nothing) or a check the machine does not know (`check`). `outcome` None takes the answer back."""
        text = checked_note(note, "note")
        if outcome is not None and outcome not in _ANSWERS:
            raise BadOptionError("review.bad_answer")
        with self._database.write() as session:
            recording, review, now = self._held(session, who, recording_id)
            seen = self._seen(session, recording, review)
            said = Said(session)
            row = said.answer(review.id, kind, key)
            most = _most(seen, kind, key)
            if most is None or (points is not None and (kind != "item" or not 0 <= points <= most)):
                raise (
                    BadOptionError("review.bad_points", limit=most)
                    if most
                    else NotFoundError("review.not_answerable", key=key[:64])
                )
            if outcome is None:
                if row is not None:
                    said.remove(row)
            else:
                if row is None:
                    row = ManualAnswerRow(review_id=review.id, kind=kind, key=key)
                row.outcome, row.points, row.note = outcome.value, points, text
                row.person, row.at = who.login, now
                said.add(row)
            self._note(
                session, who, recording.id, now, "answered",
                kind=kind, key=key, outcome=outcome and outcome.value, points=points,
            )  # fmt: skip

    def comment(
        self,
        who: Person,
        recording_id: str,
        text: str,
        *,
        finding_id: str | None = None,
        verdict_id: str | None = None,
        turn: int | None = None,
    ) -> CommentView:
        """Say something about the call, a flag (the machine's or a person's) or a turn; needs no claim."""
        who.need(Right.REVIEW)
        said_text = checked_note(text, "text", needed=True)
        with self._database.write() as session:
            recording = self._recording(session, who, recording_id, lock=True)
            review = Reviews(session).of(recording.id, lock=True)
            now = self._database.now(session)
            seen = self._seen(session, recording, review)
            if finding_id is not None and all(f.id != finding_id for f in seen.findings):
                raise NotFoundError("review.no_flag", id=finding_id[:64])
            if verdict_id is not None and all(v.id != verdict_id for v in seen.verdicts):
                raise NotFoundError("review.no_verdict", id=verdict_id[:64])
            if turn is not None:
                turn_of(seen.result, turn)
            row = CommentRow(
                id=new_id(),
                tenant=who.tenant,
                recording_id=recording.id,
                finding_id=finding_id,
                verdict_id=verdict_id,
                turn=turn,
                text=said_text,
                version=review.version if review else 0,
                person=who.login,
                at=now,
            )
            Said(session).add(row)
            self._note(session, who, recording.id, now, "commented", comment=row.id, finding=finding_id, turn=turn)
            return comment_view(row, who, review, Masked(seen.result.transcript))

    def delete_comment(self, who: Person, recording_id: str, comment_id: str) -> None:
        """Delete one's own comment; what was said before the call was finalised stays. Raises `ForbiddenError` for
        somebody else's, `ConflictError` once finalised."""
        who.need(Right.REVIEW)
        with self._database.write() as session:
            recording = self._recording(session, who, recording_id, lock=True)
            review = Reviews(session).of(recording.id, lock=True)
            row = Said(session).comment(recording.id, comment_id)
            if row is None:
                raise NotFoundError("review.no_comment", id=comment_id[:64])
            if row.person != who.login:
                raise ForbiddenError("review.comment_of_other")
            if not deletable(row, who, review):
                raise ConflictError("review.finalised")
            Said(session).remove(row)
            self._note(
                session, who, recording.id, self._database.now(session), "comment_deleted", comment=comment_id
            )

    def _seen(self, session: Session, recording: RecordingRow, review: ReviewRow | None) -> Reviewed:
        result_id = review.result_id if review else recording.result_id
        return reviewed(session, review, result_id or "", self._result(session, recording, result_id))


def turn_of(result: Result, index: int) -> Turn:
    """A turn by its number. Raises `NotFoundError`."""
    turns = result.transcript.turns if result.transcript else ()
    found = next((t for t in turns if t.index == index), None)
    if found is None:
        raise NotFoundError("review.no_turn", turn=index)
    return found


def _check_outcome(
    outcome: VerdictOutcome, reason: RejectReason | None, rule: str | None, severity: Severity | None
) -> None:
    if outcome is VerdictOutcome.ADDED:
        raise BadOptionError("review.bad_outcome")
    if outcome is VerdictOutcome.REJECTED and reason is None:
        raise BadOptionError("review.reason_missing", reasons=", ".join(RejectReason))
    changes = rule is not None or severity is not None
    if changes is not (outcome is VerdictOutcome.CHANGED):
        raise BadOptionError("review.change_missing" if not changes else "review.change_unasked")


def _known_rule(seen: Reviewed, rule: str) -> tuple[str, str, dict[str, str], Severity]:
    """Rule, family, label and usual severity of a check or finding of this call."""
    for check in seen.result.analysis.checks if seen.result.analysis else ():
        if check.rule == rule:
            return check.rule, check.family, check.label, check.severity
        for finding in check.findings:
            if finding.rule == rule:
                return finding.rule, finding.family, finding.label, finding.severity
    raise NotFoundError("review.no_rule", rule=rule[:100])


def _most(seen: Reviewed, kind: str, key: str) -> float | None:
    """The most an answer can give; None where there is nothing to answer."""
    if kind == "check":
        return 1.0 if seen.answerable(key) else None
    answered = {a.key for a in seen.answers if a.kind == "item"}
    for section in seen.human.sections if seen.human and kind == "item" else ():
        for item in section.items:
            if item.item == key and (item.outcome is Outcome.UNKNOWN or key in answered):
                return item.maximum
    return None


def _place(row: VerdictRow, turn: Turn, char_start: int, char_end: int | None) -> None:
    text = turn.text
    end = len(text) if char_end is None else char_end
    if not 0 <= char_start < end <= len(text):
        raise BadOptionError("review.bad_selection", length=len(text))
    words = turn.words_at(char_start, end)
    row.turn, row.channel, row.role = turn.index, turn.channel, turn.role.value
    row.char_start, row.char_end, row.quote = char_start, end, text[char_start:end]
    row.start_s, row.end_s = words[0].start, max(w.end for w in words)
