"""The two stages that stand between a finding and an accusation: hear it again, and see whether it holds."""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from qa.core.errors import NotFoundError
from qa.core.finding import Evidence, Finding
from qa.core.result import Analysis
from qa.core.speech import SecondHearing, SecondReading
from qa.pipeline.context import Phase, RunContext, present
from qa.pipeline.metrics import call_context
from qa.pipeline.replaced import Heard
from qa.pipeline.stage import Stage, StageHook, samples_of
from qa.pipeline.stretches import accusations, spoken, stretches
from qa.pipeline.verify import verified
from qa.speech.base import Again

log = logging.getLogger(__name__)

QUICK_SECONDS: Final = 10.0
"""Longest stretch of the quick reading that several quotes share. Short stretches decoded together cost a third of
long ones, and the recogniser reads them as well."""
CAREFUL_SECONDS: Final = 20.0
"""The same for the careful reading, which takes twice the context: other windows hear other things."""
_AROUND: Final = 4
"""Characters on either side of a quote that must agree too before the quick reading is enough: a negation stands
within them."""


class HearAgain(Stage[SecondHearing]):
    """What critical findings rest on, decoded a second time: other windows, another search, no word preferred.

    The key holds the places of the quotes and not the rules, so that changed rules which find the same decode
    nothing. A recording without an accusation never gets here.
    """

    name = "hear_again"
    version = "1"
    phase = Phase.TEXT
    output = SecondHearing

    @override
    def applies(self, ctx: RunContext) -> bool:
        return self.tools.settings.verification.enabled and bool(_accusations(ctx))

    @override
    def input_hash(self, ctx: RunContext) -> str:
        quotes = sorted({(e.channel, e.start, e.end, e.quote) for e in _evidence(ctx)})
        verify = self.tools.settings.verification
        before = [ctx.input_hashes[stage] for stage in ("decode", "activity", "transcribe")]
        options = (verify.context_seconds, verify.similar, QUICK_SECONDS, CAREFUL_SECONDS, _AROUND)
        parts = [self.name, self.version, self.tools.transcriber.second_name, repr(options), repr(quotes), *before]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[SecondHearing]:
        return [self._hear(ctx) for ctx in batch]

    @override
    def accept(self, ctx: RunContext, out: SecondHearing) -> None:
        ctx.hearing = out

    def _hear(self, ctx: RunContext) -> SecondHearing:
        try:
            samples_of(ctx, self.tools)
        except NotFoundError:  # the text of a call may be kept longer than its sound
            return SecondHearing(())
        context = self.tools.settings.verification.context_seconds
        quick = self._read(ctx, _evidence(ctx), context, QUICK_SECONDS, careful=False)
        heard = Heard(present(ctx.transcript), quick)
        doubtful = [e for e in _evidence(ctx) if not self._agreed(heard, e)]
        careful = self._read(ctx, doubtful, 2 * context, CAREFUL_SECONDS, careful=True)
        return SecondHearing((*quick, *careful))

    def _agreed(self, heard: Heard, evidence: Evidence) -> bool:
        pieces = (heard.piece(evidence), heard.piece(evidence, _AROUND))
        return all(p is not None and p.agreement >= self.tools.settings.verification.similar for p in pieces)

    def _read(
        self, ctx: RunContext, evidence: Sequence[Evidence], context: float, longest: float, *, careful: bool
    ) -> list[SecondReading]:
        activity, duration = present(ctx.activity), present(ctx.info).duration
        readings: list[SecondReading] = []
        for channel, spans in stretches(evidence, activity, duration, context, longest).items():
            language = present(ctx.transcription).channels[channel].language
            again = Again(samples_of(ctx, self.tools).channels[channel], spans, language)
            for span, heard in zip(spans, self.tools.transcriber.hear_again(again, careful=careful), strict=True):
                text, sure = heard.text, heard.probability
                readings.append(SecondReading(channel, span.start, span.end, text, sure, careful))
        return readings


class Verify(Stage[Analysis]):
    """The judgement with what the second hearing says of it: nobody is accused of what was heard only once."""

    name = "verify"
    version = "2"
    phase = Phase.TEXT
    kept = False
    output = Analysis

    @override
    def applies(self, ctx: RunContext) -> bool:
        return bool(_accusations(ctx))

    @override
    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Analysis]:
        return [self._verified(ctx) for ctx in batch]

    @override
    def accept(self, ctx: RunContext, out: Analysis) -> None:
        ctx.analysis = out

    def _verified(self, ctx: RunContext) -> Analysis:
        analysis = verified(
            present(ctx.analysis),
            _accusations(ctx),
            present(ctx.transcript),
            ctx.hearing,
            lambda transcript: self.tools.rulebook.analyse(transcript, call_context(ctx, self.tools)),
            self.tools.verify_options,
        )
        counts = Counter(f.support.value for f in analysis.findings if f.support)
        log.info("accusations heard again: %s", " ".join(f"{k} {n}" for k, n in sorted(counts.items())))
        return analysis


def _accusations(ctx: RunContext) -> tuple[Finding, ...]:
    """Critical findings on spoken words; words that a person has heard and corrected need no second hearing."""
    by_hand = {c.turn for c in ctx.corrected}
    found = accusations(present(ctx.analysis).findings)
    return tuple(f for f in found if not any(e.turn in by_hand for e in f.evidence))


def _evidence(ctx: RunContext) -> list[Evidence]:
    return [e for f in _accusations(ctx) for e in spoken(f)]
