"""The whole result of one run: what `scan --json`, the API and the database keep."""

from enum import StrEnum

from qa.core.base import Record
from qa.core.behaviour import CallBehaviour
from qa.core.correction import CorrectedTurn
from qa.core.finding import Check, Finding
from qa.core.messages import Message
from qa.core.scorecard import ScorecardResult
from qa.core.speech import AudioInfo, Diarization, GuardReport
from qa.core.transcript import Transcript


class RunStatus(StrEnum):
    """Where an analysis stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    """Nothing to analyse (too short, no speech): said with the reason, and not a failure."""
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Nothing more happens without a person."""
        return self in (RunStatus.DONE, RunStatus.SKIPPED, RunStatus.FAILED)


class RoleDecision(Record, frozen=True):
    """How speakers were given their roles, and how sure that is."""

    roles: dict[str, str]
    """Speaker label -> role."""
    confidence: float
    method: str
    """`channel_map`, `content`, `voice+content`, `manual`."""
    reasons: tuple[Message, ...] = ()
    swap_suspected: bool = False


class Analysis(Record, frozen=True):
    """What the text stages found."""

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    scorecard: ScorecardResult | None
    packs: dict[str, int]
    """Pack id -> version that was used."""


class StageTiming(Record, frozen=True):
    """What one stage cost."""

    stage: str
    wall_s: float
    cpu_s: float
    cached: bool


class Result(Record, frozen=True):
    """Everything one run has to say about one recording."""

    sha256: str
    name: str
    status: RunStatus
    audio: AudioInfo | None
    reason: Message | None = None
    """Why it was skipped or failed."""
    transcript: Transcript | None = None
    corrected: tuple[CorrectedTurn, ...] = ()
    """Turns of the transcript that show a person's words."""
    roles: RoleDecision | None = None
    guards: tuple[GuardReport, ...] = ()
    """One per channel."""
    diarization: Diarization | None = None
    behaviour: CallBehaviour | None = None
    """How it was spoken; absent from results made before it was measured."""
    analysis: Analysis | None = None
    models: dict[str, str] = {}
    """Stage -> artefact and revision."""
    attributes: dict[str, str] = {}
    timings: tuple[StageTiming, ...] = ()
