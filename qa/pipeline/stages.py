"""The stages of one analysis, in order.

decode -> activity -> transcribe -> diarize -> turns -> behaviour | correct -> rules -> hear_again -> verify

Everything left of the bar is the speech phase; what stands right of it runs again alone when a rule changes. Only
`hear_again` goes back to the sound, for accusations that were not heard a second time before.
A stage says what its output depends on besides the recording itself (`fingerprint`); its name, its version and
the fingerprints of the stages before it make the key under which the output is kept.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from typing_extensions import override

from qa.audio.decode import VERSION as DECODE_VERSION
from qa.core.base import Record
from qa.core.behaviour import CallBehaviour
from qa.core.calltime import with_hour
from qa.core.correction import CorrectedTurn, corrected
from qa.core.messages import message
from qa.core.result import Analysis, RoleDecision
from qa.core.roles import Role
from qa.core.speech import Activity, AudioInfo, ChannelTranscription, Diarization, Transcription
from qa.core.transcript import Transcript
from qa.pipeline.adapters import Toolbox
from qa.pipeline.context import Phase, RunContext, SkipRecording, present
from qa.pipeline.hearing import HearAgain, Verify
from qa.pipeline.metrics import call_context, day_of
from qa.pipeline.stage import Stage, StageHook, samples_of
from qa.speech.base import ChannelInput
from qa.speech.behaviour import Recording, measure
from qa.speech.tone_model import tone_model
from qa.speech.turns import build_transcript


class Decode(Stage[AudioInfo]):
    """The recording becomes 16 kHz samples per channel on disk. Only what is known about it is cached."""

    name = "decode"
    version = str(DECODE_VERSION)
    output = AudioInfo

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return repr(self.tools.decode_limits)

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[AudioInfo]:
        return [samples_of(ctx, self.tools, hook).info for ctx in batch]

    @override
    def accept(self, ctx: RunContext, out: AudioInfo) -> None:
        ctx.info = out
        minimum = self.tools.settings.intake.min_seconds
        if out.duration < minimum:
            raise SkipRecording(message("pipeline.too_short", seconds=out.duration, minimum=minimum))


class DetectActivity(Stage[Activity]):
    """Where somebody speaks, and what else is heard."""

    name = "activity"
    version = "1"
    output = Activity

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return self.tools.detector.name

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Activity]:
        return [
            self.tools.detector.detect(samples_of(ctx, self.tools).channels, lambda _s, d, t: hook(d, t))
            for ctx in batch
        ]

    @override
    def accept(self, ctx: RunContext, out: Activity) -> None:
        ctx.activity = out
        if not any(c.speech for c in out.channels):
            raise SkipRecording(message("pipeline.no_speech"))


class Transcribe(Stage[Transcription]):
    """Words, with the guards' report. Channels of all recordings in the batch are decoded together."""

    name = "transcribe"
    version = "1"
    batched = True
    output = Transcription

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return f"{self.tools.transcriber.name} {self._language(ctx)}"

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Transcription]:
        inputs: list[ChannelInput] = []
        for ctx in batch:
            for samples, activity in zip(
                samples_of(ctx, self.tools).channels, present(ctx.activity).channels, strict=True
            ):
                inputs.append(ChannelInput(samples, activity, self._language(ctx)))
        transcribed = iter(self.tools.transcriber.transcribe(inputs, lambda _s, d, t: hook(d, t)))
        return [
            Transcription(
                tuple(_renumber(next(transcribed), i) for i in range(len(samples_of(ctx, self.tools).channels))),
                model=self.tools.model_label,
                compute_type=self.tools.transcriber.compute_type,
                device=self.tools.transcriber.device,
            )
            for ctx in batch
        ]

    @override
    def accept(self, ctx: RunContext, out: Transcription) -> None:
        ctx.transcription = out
        if not any(c.words or c.guards.unintelligible for c in out.channels):
            raise SkipRecording(message("pipeline.no_speech"))

    def _language(self, ctx: RunContext) -> str | None:
        wanted = ctx.source.language or self.tools.settings.speech.language
        return None if wanted == "auto" else wanted


class DiarizationOutput(Record, frozen=True):
    """Diarisation of the one channel of a mono call."""

    diarization: Diarization


class Diarize(Stage[DiarizationOutput]):
    """Who speaks when, where one channel carries several people."""

    name = "diarize"
    version = "2"
    output = DiarizationOutput

    @override
    def applies(self, ctx: RunContext) -> bool:
        return _shared_channel(ctx) is not None

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return f"{self.tools.diarizer.name} {self._speakers(ctx)}"

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[DiarizationOutput]:
        outs = []
        for ctx in batch:
            channel = present(_shared_channel(ctx))
            diarization = self.tools.diarizer.diarize(
                samples_of(ctx, self.tools).channels[channel],
                present(ctx.activity).channels[channel],
                self._speakers(ctx),
                lambda _s, d, t: hook(d, t),
            )
            outs.append(DiarizationOutput(msgspec.structs.replace(diarization, channel=channel)))
        return outs

    @override
    def accept(self, ctx: RunContext, out: DiarizationOutput) -> None:
        one_party = present(ctx.info).channels > 1 and len(out.diarization.speakers) < 2
        ctx.diarization = None if one_party else out.diarization

    def _speakers(self, ctx: RunContext) -> int | None:
        """Beside a dead channel there may be one party or both, so the voices decide."""
        if present(ctx.info).channels > 1:
            return None
        return self.tools.settings.speech.speakers or None


def _shared_channel(ctx: RunContext) -> int | None:
    """The only channel on which anything was recorded; None where several were."""
    info = present(ctx.info)
    alive = [c for c in range(info.channels) if c not in info.dead_channels]
    return alive[0] if len(alive) == 1 else None


class TurnsOutput(Record, frozen=True):
    """The transcript and how its roles were decided."""

    transcript: Transcript
    roles: RoleDecision


class BuildTurns(Stage[TurnsOutput]):
    """Words become turns, speakers become agent and customer."""

    name = "turns"
    version = "1"
    output = TurnsOutput

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        manual = sorted((ctx.source.manual_roles or {}).items())
        return f"{self.tools.role_options!r} {manual}"

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[TurnsOutput]:
        outs = []
        for ctx in batch:
            manual = {k: Role(v) for k, v in (ctx.source.manual_roles or {}).items()} or None
            transcript, roles = build_transcript(
                present(ctx.info),
                present(ctx.transcription),
                present(ctx.activity),
                ctx.diarization,
                self.tools.role_options,
                manual,
            )
            outs.append(TurnsOutput(transcript, roles))
        return outs

    @override
    def accept(self, ctx: RunContext, out: TurnsOutput) -> None:
        ctx.transcript, ctx.roles = out.transcript, out.roles


class MeasureBehaviour(Stage[CallBehaviour]):
    """How it was spoken: silences, interruptions, rates, levels, pitch, tone."""

    name = "behaviour"
    version = "1"
    output = CallBehaviour

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return f"{tone_model().label} {self.tools.behaviour_options} {self.tools.tone_options}"

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[CallBehaviour]:
        return [
            measure(
                Recording(
                    info=present(ctx.info),
                    channels=samples_of(ctx, self.tools).channels,
                    activity=present(ctx.activity),
                    transcript=present(ctx.transcript),
                    diarization=ctx.diarization,
                    echoes=_echoes(present(ctx.transcription)),
                ),
                self.tools.behaviour_options,
                self.tools.tone_options,
            )
            for ctx in batch
        ]

    @override
    def accept(self, ctx: RunContext, out: CallBehaviour) -> None:
        ctx.behaviour = out


class CorrectionOutput(Record, frozen=True):
    """The transcript with a person's words in it."""

    transcript: Transcript
    corrected: tuple[CorrectedTurn, ...]


class CorrectWords(Stage[CorrectionOutput]):
    """Turns get the words that a person heard. Behaviour stays as it was measured on the recogniser's."""

    name = "correct"
    version = "1"
    phase = Phase.TEXT
    output = CorrectionOutput

    @override
    def applies(self, ctx: RunContext) -> bool:
        return bool(ctx.source.corrections)

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        return repr(sorted(msgspec.structs.astuple(c) for c in ctx.source.corrections))

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[CorrectionOutput]:
        return [CorrectionOutput(*corrected(present(c.transcript), c.source.corrections)) for c in batch]

    @override
    def accept(self, ctx: RunContext, out: CorrectionOutput) -> None:
        ctx.transcript, ctx.corrected = out.transcript, out.corrected


class ApplyRules(Stage[Analysis]):
    """Checks, findings and the score."""

    name = "rules"
    version = "5"
    phase = Phase.TEXT
    output = Analysis

    @override
    def fingerprint(self, ctx: RunContext) -> str:
        rules, zone = self.tools.settings.rules, self.tools.settings.time_zone
        attributes = sorted(with_hour(ctx.source.attributes, zone).items())
        day = day_of(ctx.source.called_at, zone)
        model = rules.model_url and f"{rules.model_url} {rules.model_name}"
        return f"{self.tools.rulebook.fingerprint} {attributes} {day} {rules.scorecard} {model}"

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Analysis]:
        rulebook, tools = self.tools.rulebook, self.tools
        return [rulebook.analyse(present(ctx.transcript), call_context(ctx, tools)) for ctx in batch]

    @override
    def accept(self, ctx: RunContext, out: Analysis) -> None:
        ctx.analysis = out


_ROAD: Final = (
    Decode, DetectActivity, Transcribe, Diarize, BuildTurns, MeasureBehaviour, CorrectWords, ApplyRules,
    HearAgain, Verify,
)  # fmt: skip


def all_stages(tools: Toolbox) -> tuple[Stage[Any], ...]:
    """Every stage in the order a recording takes."""
    return tuple(kind(tools) for kind in _ROAD)


def _echoes(transcription: Transcription) -> frozenset[int]:
    """Channels on which the guards heard the other channel."""
    return frozenset(c.channel for c in transcription.channels if any(r.guard == "echo" for r in c.guards.removed))


def _renumber(transcription: ChannelTranscription, channel: int) -> ChannelTranscription:
    return msgspec.structs.replace(transcription, channel=channel)
