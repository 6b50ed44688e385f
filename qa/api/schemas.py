"""What goes over the wire, with an example each; made from the services' views and nothing else.

The result document itself is not repeated here: its schema is generated from `qa.core.result.Result`
(`qa.api.openapi`), so the two cannot drift apart.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from qa.core.finding import Severity
from qa.core.messages import Message
from qa.core.result import RunStatus
from qa.core.roles import Role
from qa.i18n import render
from qa.services.views import RecordingPage, RecordingView, ResultHead, RunView

_ID = "019a2f3c5d7e7c0f9b1a2c3d4e5f6071"
_AT = "2026-01-05T08:30:00Z"

_RUN: dict[str, Any] = {
    "id": _ID,
    "kind": "first",
    "status": "running",
    "stage": "transcribe",
    "done": 42.5,
    "total": 180.0,
    "attempts": 1,
    "reason": None,
    "created_at": _AT,
    "started_at": _AT,
    "finished_at": None,
}


def _config(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class FieldProblem(BaseModel):
    """One field that does not fit."""

    model_config = _config({"field": "limit", "code": "api.field_out_of_range", "detail": "..."})

    field: str
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details. `code` and `params` are for programs, `title` and `detail` for people."""

    model_config = _config(
        {
            "type": "urn:tingjian:problem:api.recording_unknown",
            "title": "Not found",
            "status": 404,
            "detail": f"There is no recording {_ID}; the list at /api/v1/recordings shows what there is.",
            "instance": f"/api/v1/recordings/{_ID}",
            "code": "api.recording_unknown",
            "params": {"id": _ID},
            "request_id": "5f0c1d2e3b4a",
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    params: dict[str, str]
    request_id: str
    errors: list[FieldProblem] = []


class MessageOut(BaseModel):
    """A sentence: its code and parameters for programs, `text` in the reader's language."""

    model_config = _config({"code": "audio.no_speech", "params": {}, "text": "Nobody speaks."})

    code: str
    params: dict[str, str]
    text: str


class RunOut(BaseModel):
    """One analysis of a recording and where it stands."""

    model_config = _config(_RUN)

    id: str
    kind: Annotated[str, Field(description="`first`, `retry`, `rescan` or `roles`.")]
    status: RunStatus
    stage: Annotated[str | None, Field(description="Stage under way, or the one that failed.")]
    done: Annotated[float, Field(description="Progress within the stage, in the stage's own units.")]
    total: Annotated[float, Field(description="0 where nothing is known yet.")]
    attempts: int
    reason: Annotated[MessageOut | None, Field(description="Why it failed or was skipped.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RecordingOut(BaseModel):
    """A recording, its newest run and the head of its newest result."""

    model_config = _config(
        {
            "id": _ID,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "name": "20260105-0830-agent17.wav",
            "size": 2880044,
            "duration": 180.0,
            "status": "done",
            "language": "zh",
            "attributes": {"agent": "17", "team": "renewals"},
            "roles": None,
            "created_at": _AT,
            "run": _RUN,
            "score": 86.5,
            "findings": 2,
            "worst": "critical",
        }
    )

    id: str
    sha256: str
    name: str
    size: Annotated[int, Field(description="Bytes.")]
    duration: Annotated[float | None, Field(description="Seconds of sound.")]
    status: RunStatus
    language: str | None
    attributes: dict[str, str]
    roles: Annotated[dict[str, str] | None, Field(description="Speaker label -> role as set by a person.")]
    created_at: datetime
    run: RunOut
    score: float | None
    findings: int
    worst: Severity | None


class UploadedOut(RecordingOut):
    """What came of an upload; for a duplicate, the first recording with the same content."""

    duplicate: bool


class RecordingPageOut(BaseModel):
    """One page, newest first."""

    model_config = _config({"items": [], "next_cursor": None})

    items: list[RecordingOut]
    next_cursor: Annotated[str | None, Field(description="Give it as `cursor` for the next page.")]


class ResultHeadOut(BaseModel):
    """One entry in the history of results."""

    model_config = _config(
        {
            "id": _ID,
            "run_id": _ID,
            "kind": "rescan",
            "created_at": _AT,
            "status": "done",
            "score": 86.5,
            "findings": 2,
            "worst": "critical",
            "packs": {"zh/common": 1, "zh/finance": 2},
        }
    )

    id: str
    run_id: str
    kind: str
    created_at: datetime
    status: RunStatus
    score: float | None
    findings: int
    worst: Severity | None
    packs: Annotated[dict[str, int], Field(description="Pack -> version that judged.")]


class ResultHistoryOut(BaseModel):
    """Every result of a recording, newest first."""

    model_config = _config({"items": []})

    items: list[ResultHeadOut]


class RolesIn(BaseModel):
    """Who is who, as a person says: either `swap` or `roles`."""

    model_config = _config({"roles": {"ch0": "agent", "ch1": "customer"}})

    swap: Annotated[bool, Field(description="Exchange agent and customer.")] = False
    roles: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=16)], Role],
        Field(max_length=16, description="Speaker label (`ch0`, `S1`, ...) -> role."),
    ] = {}


class RescanOut(BaseModel):
    """How many recordings were sent to be judged again."""

    model_config = _config({"queued": 12})

    queued: int


class PeaksOut(BaseModel):
    """A waveform drawn small; point k covers `k / points_per_second` seconds up to the next one."""

    model_config = _config({"points_per_second": 50, "points": 2, "channels": [[-12, 10, -90, 101]]})

    points_per_second: int
    points: int
    channels: Annotated[
        list[list[int]],
        Field(description="Per channel minimum, maximum, minimum, maximum, ...; full scale is 127."),
    ]


class HealthOut(BaseModel):
    """The process answers."""

    model_config = _config({"status": "ok", "version": "0.1.0"})

    status: str
    version: str


class ReadyOut(BaseModel):
    """What the service leans on, each `ok` or a sentence."""

    model_config = _config({"ready": True, "checks": {"database": "ok", "broker": "ok", "disk": "ok"}})

    ready: bool
    checks: dict[str, str]


def message_out(msg: Message | None, locale: str) -> MessageOut | None:
    """A message with its sentence."""
    return None if msg is None else MessageOut(code=msg.code, params=msg.params, text=render(msg, locale))


def run_out(run: RunView, locale: str) -> RunOut:
    """A run for the wire."""
    return RunOut(
        id=run.id,
        kind=run.kind,
        status=run.status,
        stage=run.stage,
        done=run.done,
        total=run.total,
        attempts=run.attempts,
        reason=message_out(run.reason, locale),
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def recording_out(view: RecordingView, locale: str) -> RecordingOut:
    """A recording for the wire."""
    return RecordingOut(**_fields(view, locale))


def uploaded_out(view: RecordingView, locale: str, *, duplicate: bool) -> UploadedOut:
    """The answer to an upload."""
    return UploadedOut(**_fields(view, locale), duplicate=duplicate)


def page_out(page: RecordingPage, locale: str) -> RecordingPageOut:
    """A page for the wire."""
    return RecordingPageOut(
        items=[recording_out(item, locale) for item in page.items], next_cursor=page.next_cursor
    )


def history_out(heads: Sequence[ResultHead]) -> ResultHistoryOut:
    """The history for the wire."""
    return ResultHistoryOut(items=[ResultHeadOut.model_validate(head, from_attributes=True) for head in heads])


def _fields(view: RecordingView, locale: str) -> dict[str, Any]:
    return {
        "id": view.id,
        "sha256": view.sha256,
        "name": view.name,
        "size": view.size,
        "duration": view.duration,
        "status": view.status,
        "language": view.language,
        "attributes": view.attributes,
        "roles": view.manual_roles,
        "created_at": view.created_at,
        "run": run_out(view.run, locale),
        "score": view.score,
        "findings": view.findings,
        "worst": view.worst,
    }
