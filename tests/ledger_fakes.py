"""A pipeline that needs no model, and sound to feed the ledger with. The real pipeline is tested beside it."""

import io
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qa.core.base import encode
from qa.core.finding import Check, Evidence, Finding, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis, Result, RoleDecision, RunStatus
from qa.core.roles import Role
from qa.core.scorecard import ScorecardResult
from qa.core.speech import AudioInfo
from qa.pipeline.context import Phase, Progress, RecordingInput, RunFailure, StageCache
from qa.services.doorbell import Queue

STAGES = ("decode", "activity", "transcribe", "turns", "rules")


def wav_bytes(seed: int = 0, seconds: float = 6.0, rate: int = 8000) -> bytes:
    """A mono WAV whose content depends on `seed`."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        pattern = bytes((seed * 31 + i) % 251 for i in range(64)) + seed.to_bytes(8, "little")
        count = int(seconds * rate) * 2
        out.writeframes((pattern * (count // len(pattern) + 1))[:count])
    return buffer.getvalue()


@dataclass
class FakePipeline:
    """Takes each recording through five stages and the cache, as the real one does."""

    stage_seconds: float = 0.0
    """How long one stage works, reporting progress all the while."""
    outcome: Callable[[RecordingInput], Result | RunFailure] | None = None
    before: Callable[[RecordingInput, str], None] | None = None
    computed: list[tuple[str, str]] = field(default_factory=list)
    """(sha256, stage) of everything that did not come from the cache."""
    batches: list[int] = field(default_factory=list)
    version: str = "1"
    pack_version: int = 1

    def run(
        self, inputs: Sequence[RecordingInput], cache: StageCache, progress: Progress, phase: Phase
    ) -> list[Result | RunFailure]:
        self.batches.append(len(inputs))
        return [self._one(index, source, cache, progress) for index, source in enumerate(inputs)]

    def _one(
        self, index: int, source: RecordingInput, cache: StageCache, progress: Progress
    ) -> Result | RunFailure:
        for stage in STAGES:
            key = (source.sha256, stage, self.version, f"{self.pack_version if stage == 'rules' else 0:064x}")
            if cache.get(*key) is not None:
                progress(index, stage, 1.0, 1.0)
                continue
            progress(index, stage, 0.0, 1.0)
            if self.before:
                self.before(source, stage)
            end = time.monotonic() + self.stage_seconds
            while time.monotonic() < end:
                progress(index, stage, 1 - (end - time.monotonic()) / self.stage_seconds, 1.0)
                time.sleep(0.005)
            self.computed.append((source.sha256, stage))
            cache.put(*key, encode({"stage": stage, "sha256": source.sha256}))
        return self.outcome(source) if self.outcome else self.result(source)

    def result(self, source: RecordingInput) -> Result:
        roles = dict(source.manual_roles or {"ch0": "agent", "ch1": "customer"})
        speaker = Role(roles["ch0"])
        evidence = Evidence(0, speaker, 0, 4, 1.0, 2.0, 0, "稳赚不赔", MatchKind.EXACT, 0.9)
        label = {"zh-Hans": "保证收益", "en": "Guaranteed return"}
        finding = Finding(
            "zh.finance.guaranteed", 1, "forbidden", label, Severity.CRITICAL, speaker, (evidence,),
            message("rules.said", quote="稳赚不赔"), 0.9,
        )  # fmt: skip
        check = Check(
            "zh.finance.guaranteed", 1, "forbidden", label, Outcome.FAILED, finding.reason,
            Severity.CRITICAL, (finding,),
        )  # fmt: skip
        card = ScorecardResult("zh.common.service", 1, 80.0, None, ())
        return Result(
            sha256=source.sha256,
            name=source.name,
            status=RunStatus.DONE,
            audio=AudioInfo("wav", "pcm_s16le", 8000, 1, 1, 6.0, 6.0),
            roles=RoleDecision(roles, 1.0, "manual" if source.manual_roles else "content"),
            analysis=Analysis((check,), (finding,), card, {"zh/finance": self.pack_version}),
            attributes=dict(source.attributes),
        )


@dataclass
class RecordingBell:
    """Remembers rings; the queue length can be set."""

    rings: list[tuple[Queue, str]] = field(default_factory=list)
    length: int | None = None

    def ring(self, queue: Queue, run_id: str) -> None:
        self.rings.append((queue, run_id))

    def waiting(self, queue: Queue) -> int | None:
        return self.length


def skipped(source: RecordingInput) -> Result:
    """What the pipeline says of a recording without speech."""
    return Result(source.sha256, source.name, RunStatus.SKIPPED, None, message("pipeline.no_speech"))


def write_wav(path: Path, seed: int = 0, seconds: float = 6.0) -> Path:
    """A WAV file."""
    path.write_bytes(wav_bytes(seed, seconds))
    return path
