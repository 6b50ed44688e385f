"""A review computed: what the verdicts and answers make of a result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qa.core.finding import Check, Finding, Outcome, Severity
from qa.core.judging import item_answers, judged
from qa.core.result import Result
from qa.core.review import Answer, Verdict, VerdictOutcome
from qa.core.roles import Role
from qa.core.scorecard import ScorecardResult
from qa.db.models import FindingRow, ManualAnswerRow, ReviewRow, VerdictRow
from qa.db.reviews import Said
from qa.rules.score import refill


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A result and what a person said of it."""

    result: Result
    findings: Sequence[FindingRow]
    """In the order of the result's findings."""
    verdicts: tuple[Verdict, ...]
    answers: tuple[Answer, ...]
    checks: tuple[Check, ...]
    """After the verdicts."""
    human: ScorecardResult | None

    @property
    def machine(self) -> ScorecardResult | None:
        """The card as the machine filled it."""
        return self.result.analysis.scorecard if self.result.analysis else None

    @property
    def on_finding(self) -> Mapping[str, Verdict]:
        """Finding id -> verdict."""
        return {v.finding_id: v for v in self.verdicts if v.finding_id is not None}

    def finding(self, row: FindingRow) -> Finding:
        """The whole finding behind a row."""
        return self.result.analysis.findings[row.position]  # type: ignore[union-attr]

    def answerable(self, rule: str) -> bool:
        """Whether the machine leaves this check open and no verdict settles it."""
        said = {a.key for a in self.answers if a.kind == "check"}
        return any(c.rule == rule and (c.outcome is Outcome.UNKNOWN or rule in said) for c in self.checks)

    def unjudged(self, least: Severity) -> list[FindingRow]:
        """Flags of that severity or worse without a verdict; rules on trial need none."""
        known = self.on_finding
        return [
            f
            for f in self.findings
            if not f.shadow and Severity(f.severity).rank >= least.rank and f.id not in known
        ]


def reviewed(session: Session, review: ReviewRow | None, result_id: str, result: Result) -> Reviewed:
    """Compute a review from its rows; without one, the result as it is."""
    said = Said(session)
    findings = said.findings(result_id)
    positions = {row.id: row.position for row in findings}
    verdicts = tuple(verdict_of(row, positions) for row in said.verdicts(review.id)) if review else ()
    answers = tuple(answer_of(row) for row in said.answers(review.id)) if review else ()
    analysis = result.analysis
    checks = judged(analysis.checks, analysis.findings, verdicts, answers) if analysis else ()
    card = analysis.scorecard if analysis else None
    human = refill(card, checks, item_answers(answers)) if card else None
    return Reviewed(result, findings, verdicts, answers, checks, human)


def verdict_of(row: VerdictRow, positions: Mapping[str, int]) -> Verdict:
    """A verdict; `positions`: finding id -> its place in the result."""
    return Verdict(
        id=row.id,
        finding_id=row.finding_id,
        position=positions.get(row.finding_id) if row.finding_id else None,
        outcome=VerdictOutcome(row.outcome),
        machine_rule=row.machine_rule,
        machine_severity=Severity(row.machine_severity) if row.machine_severity else None,
        rule=row.rule,
        family=row.family,
        severity=Severity(row.severity),
        label=dict(row.label),
        role=Role(row.role),
        turn=row.turn,
        char_start=row.char_start,
        char_end=row.char_end,
        start=row.start_s,
        end=row.end_s,
        channel=row.channel,
        quote=row.quote,
        reason=row.reason_code,
        note=row.note,
        person=row.person,
        at=row.at,
    )


def answer_of(row: ManualAnswerRow) -> Answer:
    """An answer."""
    return Answer(row.kind, row.key, Outcome(row.outcome), row.points, row.note, row.person, row.at)
