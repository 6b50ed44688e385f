"""One recording's outcome against its truth, and the sum over recordings."""

from collections.abc import Iterable, Sequence

from qa.core.base import Record
from qa.core.messages import Message
from qa.core.result import Result, StageTiming
from qa.evaluate.behaviour import BehaviourScore, score_behaviour
from qa.evaluate.behaviour import as_json as behaviour_json
from qa.evaluate.cer import CharacterErrors, call_errors
from qa.evaluate.coverage import Coverage, coverage
from qa.evaluate.der import DiarizationErrors, diarization_errors
from qa.evaluate.families import FAMILIES, Counts, FamilyResult, judge
from qa.evaluate.roles import RoleTime, role_time
from qa.evaluate.timeline import Labelled, talk
from qa.evaluate.truth import Truth

COLLAR = 0.25
"""Seconds around a reference boundary that the lenient diarisation error leaves out; the NIST custom."""


class RecordingScore(Record, frozen=True):
    """All measures of one recording. Those that need turns are None where the truth is text alone."""

    id: str
    file: str
    status: str
    reason: Message | None
    audio_s: float
    characters: CharacterErrors
    coverage: Coverage | None = None
    roles: RoleTime | None = None
    der: DiarizationErrors | None = None
    der_collar: DiarizationErrors | None = None
    families: dict[str, FamilyResult] = {}
    behaviour: BehaviourScore | None = None
    timings: tuple[StageTiming, ...] = ()


def score_call(truth: Truth, file: str, result: Result) -> RecordingScore:
    """Measure one analysed call. A skipped or failed one is given as a result without a transcript."""
    transcript = result.transcript
    audio = result.audio
    by_channel = audio is not None and audio.channels > 1
    reference = [Labelled(t.role.value, t.start, t.end) for t in truth.turns]
    heard = _speakers(result)
    return RecordingScore(
        id=truth.id,
        file=file,
        status=result.status.value,
        reason=result.reason,
        audio_s=audio.duration if audio else truth.duration,
        characters=call_errors(truth.turns, transcript, by_channel=by_channel),
        coverage=coverage(truth.turns, transcript, by_channel=by_channel),
        roles=role_time(truth.turns, transcript, by_channel=by_channel),
        der=diarization_errors(reference, heard),
        der_collar=diarization_errors(reference, heard, COLLAR),
        families=judge(truth.turns, result.analysis),
        behaviour=score_behaviour(truth, result.behaviour),
        timings=result.timings,
    )


def sum_characters(scores: Iterable[RecordingScore]) -> CharacterErrors:
    """Errors and characters of all recordings together: a long call weighs more than a short one."""
    return sum((s.characters for s in scores), CharacterErrors(0, 0))


def sum_family(scores: Iterable[RecordingScore], family: str) -> Counts:
    """The counts of one family over all recordings."""
    return sum((s.families[family].counts for s in scores if family in s.families), Counts())


def sum_roles(scores: Iterable[RecordingScore]) -> RoleTime:
    """Role time of all recordings."""
    return sum((s.roles for s in scores if s.roles), RoleTime(0.0, 0.0))


def sum_der(scores: Iterable[RecordingScore], *, collar: bool) -> DiarizationErrors:
    """Diarisation errors of all recordings."""
    found = ((s.der_collar if collar else s.der) for s in scores)
    return sum((d for d in found if d), DiarizationErrors(0.0, 0.0, 0.0, 0.0))


def as_json(scores: Sequence[RecordingScore], cost: "Cost") -> dict[str, object]:
    """What `--json` writes: `recordings` and `total`."""
    audio = sum(s.audio_s for s in scores)
    return {
        "recordings": [_recording_json(s) for s in scores],
        "total": {
            "audio_s": round(audio, 3),
            **_measures(scores),
            "stages": {} if cost.cached else _stages(scores, audio),
            **cost.as_json(audio),
        },
    }


class Cost(Record, frozen=True):
    """What the whole evaluation took, model loading included."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    cached: bool
    """Part of the work came from an earlier run, so time says nothing."""

    def as_json(self, audio_s: float) -> dict[str, float | None]:
        """The cost per second of sound."""
        told = bool(audio_s) and not self.cached
        return {
            "rtf": round(self.wall_s / audio_s, 4) if told else None,
            "cpu_s_per_audio_s": round(self.cpu_s / audio_s, 4) if told else None,
            "peak_mb": round(self.peak_mb, 1),
        }


def _measures(scores: Sequence[RecordingScore]) -> dict[str, object]:
    measured = [s for s in scores if s.coverage]
    measures: dict[str, object] = {"cer": _rounded(sum_characters(scores).rate)}
    if measured:
        coverages = [s.coverage for s in measured if s.coverage]
        measures |= {
            "lost_speech_s": round(sum(c.lost_seconds for c in coverages), 3),
            "invented_words": sum(len(c.invented) for c in coverages),
            "role_accuracy": _rounded(sum_roles(measured).share),
            "der": _rounded(sum_der(measured, collar=False).rate),
            "der_collar_025": _rounded(sum_der(measured, collar=True).rate),
            "families": {f: counts_json(sum_family(measured, f)) for f in FAMILIES},
        }
    spoken = [s.behaviour for s in scores if s.behaviour]
    if spoken:
        measures["behaviour"] = behaviour_json(spoken)
    return measures


def _recording_json(score: RecordingScore) -> dict[str, object]:
    line: dict[str, object] = {
        "id": score.id,
        "file": score.file,
        "status": score.status,
        "reason": score.reason.code if score.reason else None,
        "audio_s": round(score.audio_s, 3),
        "characters": score.characters.characters,
        "errors": score.characters.errors,
        **_measures([score]),
        "stages": _stages([score], score.audio_s),
    }
    if score.coverage:
        if score.behaviour:
            tone = {"customer_angry": score.behaviour.customer_angry, "agent_rough": score.behaviour.agent_rough}
            line["tone"] = tone
        line["lost_turns"] = list(score.coverage.lost_turns)
        line["invented"] = list(score.coverage.invented)
        line["families"] = {
            family: {**counts_json(r.counts), "missed": list(r.missed), "false": list(r.false)}
            for family, r in score.families.items()
        }
    return line


def _stages(scores: Sequence[RecordingScore], audio_s: float) -> dict[str, dict[str, float]]:
    """Wall and CPU seconds of each stage per second of sound; what came from a cache is left out."""
    costs: dict[str, list[float]] = {}
    for timing in (t for s in scores for t in s.timings if not t.cached):
        cost = costs.setdefault(timing.stage, [0.0, 0.0])
        cost[0] += timing.wall_s
        cost[1] += timing.cpu_s
    if not audio_s:
        return {}
    return {k: {"rtf": round(w / audio_s, 4), "cpu": round(c / audio_s, 4)} for k, (w, c) in costs.items()}


def counts_json(counts: Counts) -> dict[str, float | int | None]:
    """Counts with precision and recall, which are null where there is nothing to divide by."""
    return {
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "precision": _rounded(counts.precision),
        "recall": _rounded(counts.recall),
    }


def _speakers(result: Result) -> list[Labelled[str]]:
    """Who talked when: as diarised where that was needed, otherwise by the words of each channel."""
    if result.diarization:
        return [Labelled(s.speaker, s.start, s.end) for s in result.diarization.segments]
    turns = result.transcript.turns if result.transcript else ()
    return [part for t in turns for part in talk(t, t.speaker)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
