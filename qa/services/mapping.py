"""From rows to views."""

import zlib
from typing import Any

from msgspec.structs import replace

from qa.core.base import LEVEL, decode, encode
from qa.core.finding import Finding, Severity
from qa.core.messages import Message
from qa.core.result import Result, RunStatus
from qa.db.ids import new_id
from qa.db.models import ResultRow, RunRow, UploadRow
from qa.db.recordings import RecordingBundle
from qa.db.results import Columns
from qa.services.views import RecordingView, ResultHead, ResultView, RunView, UploadView
from qa.text.masked_result import mask_attributes, mask_result
from qa.text.masking import mask


def run_view(row: RunRow) -> RunView:
    """A run."""
    return RunView(
        id=row.id,
        recording_id=row.recording_id,
        kind=row.kind,
        status=RunStatus(row.status),
        queue=row.queue,
        stage=row.stage,
        done=row.done,
        total=row.total,
        attempts=row.attempts,
        reason=reason_view(row.reason),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def recording_view(bundle: RecordingBundle) -> RecordingView:
    """A recording with what is shown beside it."""
    row, result = bundle.recording, bundle.result
    return RecordingView(
        id=row.id,
        tenant=row.tenant,
        sha256=row.sha256,
        name=mask(row.name),
        size=row.size,
        duration=row.duration,
        status=RunStatus(row.status),
        language=row.language,
        attributes=mask_attributes(bundle.attributes),
        manual_roles=row.manual_roles,
        created_at=row.created_at,
        run=run_view(bundle.run),
        score=result.score if result else None,
        findings=result.findings if result else 0,
        worst=Severity(result.worst) if result and result.worst else None,
    )


def result_head(row: ResultRow) -> ResultHead:
    """A result without its body."""
    return ResultHead(
        id=row.id,
        run_id=row.run_id,
        kind=row.kind,
        created_at=row.created_at,
        status=RunStatus(row.status),
        score=row.score,
        findings=row.findings,
        worst=Severity(row.worst) if row.worst else None,
        packs=dict(row.packs),
    )


def result_view(row: ResultRow) -> ResultView:
    """A result with its body as it is kept: for the machine, and for those who may see what was really said."""
    return ResultView(result_head(row), row.recording_id, decode(zlib.decompress(row.payload), Result))


def masked_view(row: ResultRow) -> ResultView:
    """A result with its body as people see it."""
    view = result_view(row)
    return replace(view, result=mask_result(view.result))


def without_trials(result: Result) -> Result:
    """A result less what rules on trial say: for those whom the trial is no concern of."""
    if result.analysis is None:
        return result
    analysis = result.analysis
    checks = tuple(
        replace(check, findings=tuple(f for f in check.findings if not f.shadow))
        for check in analysis.checks
        if not check.shadow
    )
    findings = tuple(f for f in analysis.findings if not f.shadow)
    return replace(result, analysis=replace(analysis, checks=checks, findings=findings))


def upload_view(row: UploadRow) -> UploadView:
    """A resumable upload."""
    return UploadView(
        id=row.id,
        name=mask(row.name),
        length=row.length,
        offset=row.received,
        expires_at=row.expires_at,
        recording_id=row.recording_id,
        attributes=mask_attributes(row.attributes),
    )


def reason_row(reason: Message | None) -> dict[str, Any] | None:
    """A message as it is kept."""
    return None if reason is None else {"code": reason.code, "params": reason.params}


def reason_view(kept: dict[str, Any] | None) -> Message | None:
    """A message as it was."""
    return None if kept is None else Message(kept["code"], kept["params"])


def result_rows(run: RunRow, result: Result, created_at: Any) -> tuple[ResultRow, list[Columns], list[Columns]]:
    """What the last transaction of a run writes. Quotes in rows of findings are for lists, so they are masked."""
    analysis = mask_result(result).analysis
    findings = analysis.findings if analysis else ()
    shown = [finding for finding in findings if not finding.shadow]
    worst = max((finding.severity for finding in shown), key=lambda s: s.rank, default=None)
    head = ResultRow(
        id=new_id(),
        recording_id=run.recording_id,
        run_id=run.id,
        kind=run.kind,
        status=result.status.value,
        score=analysis.scorecard.score if analysis and analysis.scorecard else None,
        findings=len(shown),
        worst=worst.value if worst else None,
        packs=dict(analysis.packs) if analysis else {},
        payload=zlib.compress(encode(result), LEVEL),
        created_at=created_at,
    )
    checks: list[Columns] = [
        {
            "result_id": head.id,
            "position": position,
            "rule": check.rule,
            "rule_version": check.rule_version,
            "family": check.family,
            "outcome": check.outcome.value,
            "severity": check.severity.value,
            "shadow": check.shadow,
        }
        for position, check in enumerate(analysis.checks if analysis else ())
    ]
    return head, [_finding_columns(head, position, finding) for position, finding in enumerate(findings)], checks


def _finding_columns(head: ResultRow, position: int, finding: Finding) -> Columns:
    first = finding.evidence[0] if finding.evidence else None
    return {
        "id": new_id(),
        "result_id": head.id,
        "recording_id": head.recording_id,
        "position": position,
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "family": finding.family,
        "severity": finding.severity.value,
        "role": finding.role.value,
        "start_s": first.start if first else None,
        "end_s": first.end if first else None,
        "quote": first.quote if first else "",
        "confidence": finding.confidence,
        "shadow": finding.shadow,
    }
