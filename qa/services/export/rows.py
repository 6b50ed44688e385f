"""The tables of an export and how a call becomes their rows. Personal data is hidden in every text."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from qa.db.exports import Bundle
from qa.db.models import FindingRow, VerdictRow
from qa.exports.formats import Column, Kind
from qa.exports.formats.columns import Row
from qa.exports.manifest import Refers
from qa.text.masking import mask_fragment

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "calls": (
        Column("recording_id"),
        Column("sha256"),
        Column("name"),
        Column("called_at", Kind.TIME),
        Column("agent"),
        Column("team"),
        Column("seconds", Kind.NUMBER),
        Column("result_id"),
        Column("machine_score", Kind.NUMBER),
        Column("human_score", Kind.NUMBER),
        Column("findings", Kind.WHOLE),
        Column("checks_passed", Kind.WHOLE),
        Column("checks_failed", Kind.WHOLE),
        Column("checks_unknown", Kind.WHOLE),
        Column("review"),
        Column("review_version", Kind.WHOLE),
        Column("finalised_by"),
        Column("finalised_at", Kind.TIME),
    ),
    "findings": (
        Column("finding_id"),
        Column("recording_id"),
        Column("called_at", Kind.TIME),
        Column("agent"),
        Column("team"),
        Column("found_by"),
        Column("rule"),
        Column("rule_version", Kind.WHOLE),
        Column("family"),
        Column("severity"),
        Column("role"),
        Column("start_s", Kind.NUMBER),
        Column("end_s", Kind.NUMBER),
        Column("quote"),
        Column("confidence", Kind.NUMBER),
        Column("verdict"),
        Column("verdict_rule"),
        Column("verdict_severity"),
        Column("verdict_reason"),
        Column("verdict_note"),
        Column("verdict_by"),
        Column("verdict_at", Kind.TIME),
        Column("disputed"),
    ),
    "notices": (
        Column("notice_id"),
        Column("recording_id"),
        Column("agent"),
        Column("state"),
        Column("title"),
        Column("rule"),
        Column("good", Kind.TRUTH),
        Column("quote"),
        Column("wording"),
        Column("issued_by"),
        Column("issued_at", Kind.TIME),
        Column("due_at", Kind.TIME),
        Column("answered_at", Kind.TIME),
        Column("answer"),
    ),
    "disputes": (
        Column("dispute_id"),
        Column("recording_id"),
        Column("notice_id"),
        Column("verdict_id"),
        Column("agent"),
        Column("state"),
        Column("step", Kind.WHOLE),
        Column("words"),
        Column("raised_at", Kind.TIME),
        Column("outcome"),
        Column("reason"),
        Column("ruled_by"),
        Column("ruled_at", Kind.TIME),
        Column("score_before", Kind.NUMBER),
        Column("score_after", Kind.NUMBER),
    ),
    "rules": (
        Column("rule"),
        Column("version", Kind.WHOLE),
        Column("findings", Kind.WHOLE),
        Column("passed", Kind.WHOLE),
        Column("failed", Kind.WHOLE),
        Column("unknown", Kind.WHOLE),
        Column("first_call_at", Kind.TIME),
        Column("last_call_at", Kind.TIME),
    ),
}
"""Table -> columns; documented in `docs/evidence.md`."""

REFERS: Final = {
    "calls": Refers(recording="recording_id"),
    "findings": Refers(rule="rule", version="rule_version", recording="recording_id"),
    "notices": Refers(recording="recording_id"),
    "disputes": Refers(recording="recording_id"),
    "rules": Refers(rule="rule", version="version"),
}


def call_row(one: Bundle) -> Row:
    """A call."""
    recording, review = one.recording, one.review
    outcomes = [check.outcome for check in one.checks]
    return {
        "recording_id": recording.id,
        "sha256": recording.sha256,
        "name": mask_fragment(recording.name),
        "called_at": _at(recording.called_at),
        "agent": recording.agent,
        "team": recording.team,
        "seconds": _number(recording.duration),
        "result_id": one.result_id,
        "machine_score": _number(review.machine_score if review else recording.score),
        "human_score": _number(review.human_score) if review else None,
        "findings": len(one.findings) + sum(v.finding_id is None for v in one.verdicts),
        "checks_passed": outcomes.count("pass"),
        "checks_failed": outcomes.count("fail"),
        "checks_unknown": outcomes.count("unknown"),
        "review": review.status if review else None,
        "review_version": review.version if review else None,
        "finalised_by": review.finalised_by if review else None,
        "finalised_at": _at(review.finalised_at) if review else None,
    }


def finding_rows(one: Bundle, rule: str | None) -> Iterator[Row]:
    """The machine's findings with what a person said of them, then those a person added; of one rule if asked."""
    said = {verdict.finding_id: verdict for verdict in one.verdicts if verdict.finding_id}
    disputed = {dispute.verdict_id: dispute.state for dispute in one.disputes}
    for finding in one.findings:
        if rule in (None, finding.rule):
            verdict = said.get(finding.id)
            yield _finding_row(one, finding, verdict, disputed.get(verdict.id) if verdict else None)
    for verdict in one.verdicts:
        if verdict.finding_id is None and rule in (None, verdict.rule):
            yield _added_row(one, verdict, disputed.get(verdict.id))


def notice_rows(one: Bundle) -> Iterator[Row]:
    """One row per point of a notice; drafts were never said to anybody."""
    notices = {notice.id: notice for notice in one.notices if notice.issued_at is not None}
    for point in one.points:
        notice = notices.get(point.notice_id)
        if notice is not None:
            yield {
                "notice_id": notice.id,
                "recording_id": notice.recording_id,
                "agent": notice.agent,
                "state": notice.state,
                "title": mask_fragment(notice.title, one.hidden),
                "rule": point.rule,
                "good": point.good,
                "quote": mask_fragment(point.quote, one.hidden),
                "wording": point.wording,
                "issued_by": notice.issued_by,
                "issued_at": _at(notice.issued_at),
                "due_at": _at(notice.due_at),
                "answered_at": _at(notice.answered_at),
                "answer": mask_fragment(notice.answer, one.hidden) if notice.answer else None,
            }


def dispute_rows(one: Bundle) -> Iterator[Row]:
    """One row per ruling, and one for what still waits for one."""
    for dispute in one.disputes:
        common: Row = {
            "dispute_id": dispute.id,
            "recording_id": dispute.recording_id,
            "notice_id": dispute.notice_id,
            "verdict_id": dispute.verdict_id,
            "agent": dispute.agent,
            "state": dispute.state,
            "raised_at": _at(dispute.raised_at),
        }
        rulings = [ruling for ruling in one.rulings if ruling.dispute_id == dispute.id]
        for ruling in rulings:
            yield {
                **common,
                "step": ruling.step,
                "words": mask_fragment(ruling.words, one.hidden),
                "outcome": ruling.outcome,
                "reason": mask_fragment(ruling.reason, one.hidden),
                "ruled_by": ruling.ruled_by,
                "ruled_at": _at(ruling.ruled_at),
                "score_before": _number(ruling.score_before),
                "score_after": _number(ruling.score_after),
            }
        if dispute.state == "open":
            nothing = dict.fromkeys(("outcome", "reason", "ruled_by", "ruled_at", "score_before", "score_after"))
            yield {**common, "step": dispute.step, "words": mask_fragment(dispute.words, one.hidden), **nothing}


class RuleUse:
    """Which versions of which rules judged the calls of a snapshot, and with what outcome."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], Row] = {}

    def add(self, one: Bundle) -> None:
        """Count a call."""
        at = _at(one.recording.called_at)
        for check in one.checks:
            row = self._row(check.rule, check.rule_version, at)
            name = {"pass": "passed", "fail": "failed", "unknown": "unknown"}.get(check.outcome)
            if name is not None:
                row[name] += 1
        for finding in one.findings:
            self._row(finding.rule, finding.rule_version, at)["findings"] += 1
        for verdict in one.verdicts:
            if verdict.finding_id is None:
                self._row(verdict.rule, 0, at)["findings"] += 1

    def rows(self) -> list[Row]:
        """In order of rule and version."""
        return [self._rows[key] for key in sorted(self._rows)]

    def _row(self, rule: str, version: int, at: str | None) -> Row:
        row = self._rows.setdefault(
            (rule, version),
            {
                "rule": rule,
                "version": version,
                "findings": 0,
                "passed": 0,
                "failed": 0,
                "unknown": 0,
                "first_call_at": at,
                "last_call_at": at,
            },
        )
        row["last_call_at"] = at
        return row


def _finding_row(one: Bundle, finding: FindingRow, verdict: VerdictRow | None, disputed: str | None) -> Row:
    return {
        **_where(one, finding.id),
        "found_by": "machine",
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "family": finding.family,
        "severity": finding.severity,
        "role": finding.role,
        "start_s": _number(finding.start_s),
        "end_s": _number(finding.end_s),
        "quote": mask_fragment(finding.quote, one.hidden),
        "confidence": _number(finding.confidence),
        **_said(verdict, one.hidden),
        "disputed": disputed,
    }


def _added_row(one: Bundle, verdict: VerdictRow, disputed: str | None) -> Row:
    return {
        **_where(one, verdict.id),
        "found_by": "person",
        "rule": verdict.rule,
        "rule_version": 0,
        "family": verdict.family,
        "severity": verdict.severity,
        "role": verdict.role,
        "start_s": _number(verdict.start_s),
        "end_s": _number(verdict.end_s),
        "quote": mask_fragment(verdict.quote, one.hidden),
        "confidence": None,
        **_said(verdict, one.hidden),
        "disputed": disputed,
    }


def _where(one: Bundle, finding_id: str) -> Row:
    recording = one.recording
    return {
        "finding_id": finding_id,
        "recording_id": recording.id,
        "called_at": _at(recording.called_at),
        "agent": recording.agent,
        "team": recording.team,
    }


def _said(verdict: VerdictRow | None, hidden: Sequence[str]) -> Row:
    return {
        "verdict": verdict.outcome if verdict else None,
        "verdict_rule": verdict.rule if verdict else None,
        "verdict_severity": verdict.severity if verdict else None,
        "verdict_reason": verdict.reason_code if verdict else None,
        "verdict_note": mask_fragment(verdict.note, hidden) if verdict and verdict.note else None,
        "verdict_by": verdict.person if verdict else None,
        "verdict_at": _at(verdict.at) if verdict else None,
    }


def _number(value: float | None) -> float | None:
    """Milliseconds, thousandths of a point: more digits are noise, and not every format keeps them."""
    return None if value is None else round(value, 3)


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
