"""What makes the recogniser more than a wrapper: nothing heard is lost unnoticed, nothing unheard is kept.

Every window's words are put back into the time of the recording, clamped to detected speech and checked. Speech
left without words is a hole; holes are decoded again in windows of their own, and what stays empty is marked
unintelligible.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from qa.core.speech import ChannelTranscription, GuardReport, RecoveredWords, RemovedWords
from qa.core.transcript import Span, Word
from qa.speech.base import SAMPLE_RATE, ChannelInput, Samples
from qa.speech.echo import EchoOptions, echo_spans
from qa.speech.language import LanguageChoice
from qa.speech.recogniser import Decoded, DecodeOptions
from qa.speech.textguards import (
    foreign_script,
    has_letters,
    is_cjk,
    loop_words,
    phantoms_in,
    syllables_like,
)
from qa.speech.timing import clamped, monotone, uncovered
from qa.speech.windows import LONGEST, Window, cut_long, pack

_LONGEST_BELIEVABLE: Final = 5.0
"""Seconds beyond which no single word of any length is believed."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way of decoding a hole again."""

    context: float
    """Seconds of the neighbouring sound taken along on either side."""
    longest: float
    """Seconds that holes lying far apart share in one window; 0 gives each its own."""
    shortest: float = 0.0
    """Seconds from which a hole is worth it."""
    timestamps: bool = False
    temperature: float = 0.0

    def decode(self, first: DecodeOptions) -> DecodeOptions:
        """The options of the recogniser for it, given those of the first decode."""
        return replace(first, temperature=self.temperature, timestamps=self.timestamps)


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """Thresholds of the guards, with where each comes from."""

    max_compression: float = 2.4
    """Above it a window is a loop (Whisper's authors, arXiv 2212.04356, section 4.5)."""
    min_log_probability: float = -1.0
    """Mean log probability below which a window is distrusted (same source)."""
    max_no_speech: float = 0.6
    """With a low log probability, a no-speech probability above this means nobody spoke (same source)."""
    max_rate: float = 14.0
    """Letters or characters of Chinese per second of speech that nobody reaches: fast Mandarin is 7 to 8
    syllables a second (Pellegrino et al., Language 87:3, 2011, give 5.2 as the mean)."""
    max_rate_alphabetic: float = 40.0
    """The same for scripts with letters: 8 syllables of up to five letters."""
    min_hole: float = 1.0
    """Seconds of speech without a word, inside a span that has words, that are decoded again: shorter is
    hesitation."""
    min_silent_span: float = 0.35
    """A whole span of speech without a word is decoded again from this length on: 对 takes 0.2 s, 没有了 0.6 s."""
    longest_word: float = 0.8
    """Seconds one Chinese character can cover; longer means that the alignment was stretched over something
    unsaid."""
    slack: float = 0.5
    """Seconds a word's time may lie beside detected speech and still belong to it: alignment wanders that far."""
    recovered_trust: float = 0.8
    """Factor on the trust of words that only a second decode found."""
    suspicious_trust: float = 0.7
    """Factor on the trust of words in a window with a low log probability."""
    echo: EchoOptions = field(default_factory=EchoOptions)
    attempts: tuple[Attempt, ...] = (
        Attempt(context=0.4, longest=25.0),
        Attempt(context=2.0, longest=0.0, shortest=0.6, timestamps=True),
    )
    """First the holes together, which costs one window for many hesitations; then what still has no word alone,
    with more around it and the model's own time marks, which make it read on where it gave up before."""


@dataclass(slots=True)
class Draft:
    """One channel while it is being transcribed."""

    index: int
    input: ChannelInput
    speech: tuple[Span, ...] = field(init=False)
    """Where somebody speaks on this channel, in order; without the echo of another channel."""
    words: list[Word] = field(default_factory=list)
    """In order of their start."""
    removed: list[RemovedWords] = field(default_factory=list)
    recovered: list[RecoveredWords] = field(default_factory=list)
    redecoded: float = 0.0
    attempt: int = 0

    def __post_init__(self) -> None:
        self.speech = self.input.activity.speech

    @property
    def samples(self) -> Samples:
        """The channel's sound."""
        return self.input.samples

    def speech_in(self, span: Span) -> tuple[Span, ...]:
        """The spans of speech that share time with `span`."""
        first = bisect_right(self.speech, span.start, key=lambda s: s.end)
        last = bisect_left(self.speech, span.end, key=lambda s: s.start)
        return self.speech[first:last]

    def words_from(self, start: float, end: float) -> list[Word]:
        """The words that start in `start..end`."""
        first = bisect_left(self.words, start, key=lambda w: w.start)
        return self.words[first : bisect_right(self.words, end, key=lambda w: w.start)]

    def replace(self, old: Sequence[Word], new: Iterable[Word]) -> None:
        """Put words in the place of others."""
        gone = {id(w) for w in old}
        self.words = sorted((*(w for w in self.words if id(w) not in gone), *new), key=lambda w: w.start)


class Guards:
    """Judges what was decoded and says what to decode again."""

    def __init__(self, options: GuardOptions) -> None:
        self.options = options

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The further decodes, in order."""
        return self.options.attempts

    def drop_echoes(self, drafts: Sequence[Draft]) -> None:
        """Take speech that is an echo of another channel of the same recording out before anything is decoded.

        Channels of one recording have the same length; those of different recordings that happen to have it are
        not alike in sound, so nothing is dropped.
        """
        for draft in drafts:
            for other in drafts:
                if other is not draft and len(other.samples) == len(draft.samples):
                    found = echo_spans(draft.samples, other.samples, draft.speech, self.options.echo)
                    draft.speech = tuple(s for s in draft.speech if s not in found)
                    draft.removed += (RemovedWords(s.start, s.end, "", "echo") for s in found)

    def add(self, draft: Draft, window: Window, decoded: Decoded, language: str) -> None:
        """Take over what stands up to the checks; the rest is removed and counted."""
        words, removed = self.judge(window, decoded, draft.speech_in(window.span), language)
        if draft.attempt == 0:
            draft.replace((), words)
            draft.removed += removed
            return
        draft.redecoded += window.duration
        self._recover(draft, window.span, words)

    def judge(
        self, window: Window, decoded: Decoded, speech: Sequence[Span], language: str
    ) -> tuple[list[Word], list[RemovedWords]]:
        """The words of one window in recording time, and what a guard took out, each with the guard's name."""
        o = self.options
        texts = [w.text for w in decoded.words]
        verdicts: dict[int, str] = {}
        unsure = decoded.mean_log_probability < o.min_log_probability
        if unsure and decoded.no_speech_probability > o.max_no_speech:
            verdicts = dict.fromkeys(range(len(texts)), "no_speech")
        for guard, found in (
            ("loop", loop_words(texts)),
            ("phantom", phantoms_in(texts, language, unsure=unsure)),
        ):
            for index in (i for r in found for i in r):
                verdicts.setdefault(index, guard)
        if decoded.compression > o.max_compression and "loop" not in verdicts.values():
            verdicts = dict.fromkeys(range(len(texts)), "loop")
        words: list[Word] = []
        removed: list[RemovedWords] = []
        factor = o.suspicious_trust if unsure else 1.0
        for index, heard in enumerate(decoded.words):
            place = window.locate(heard.start, heard.end)
            inside = clamped(place, speech, o.slack)
            guard = verdicts.get(index, "")
            if not guard and foreign_script(heard.text, language):
                guard = "script"
            if not guard and inside is None:
                guard = "non_speech"
            if inside is not None and not guard:
                probability = round(heard.probability, 4)
                words.append(
                    Word(heard.text, inside.start, inside.end, probability, round(probability * factor, 4))
                )
            elif has_letters(heard.text):
                removed.append(RemovedWords(round(place.start, 3), round(place.end, 3), heard.text, guard))
        too_fast, slow = self._too_fast(words, speech)
        removed += (RemovedWords(w.start, w.end, w.text, "rate") for w in too_fast)
        return slow, removed

    def holes(self, draft: Draft, attempt: Attempt) -> list[Window]:
        """Windows over the speech that has no words yet."""
        draft.attempt += 1
        total = len(draft.samples) / SAMPLE_RATE
        regions: list[Span] = []
        for hole in self._uncovered(draft, draft.speech):
            if hole.duration < attempt.shortest:
                continue
            start, end = max(0.0, hole.start - attempt.context), min(total, hole.end + attempt.context)
            near = bool(regions) and start <= regions[-1].end
            if near and end - regions[-1].start <= LONGEST:
                regions[-1] = Span(regions[-1].start, end)
            else:
                regions.append(Span(max(start, regions[-1].end) if near else start, end))
        return pack(draft.index, cut_long(draft.samples, regions, LONGEST - 1), attempt.longest)

    def finish(self, draft: Draft, choice: LanguageChoice) -> ChannelTranscription:
        """The channel's words, in order, and the report of what was done to them."""
        report = GuardReport(
            removed=tuple(draft.removed),
            recovered=tuple(draft.recovered),
            unintelligible=tuple(
                Span(round(s.start, 3), round(s.end, 3)) for s in self._uncovered(draft, draft.speech)
            ),
            redecoded_seconds=round(draft.redecoded, 2),
        )
        words = tuple(monotone(draft.words, len(draft.samples) / SAMPLE_RATE))
        return ChannelTranscription(draft.index, choice.language, round(choice.probability, 4), words, report)

    def _uncovered(self, draft: Draft, speech: Sequence[Span]) -> list[Span]:
        """The parts of these spans of speech that are without words for too long."""
        o = self.options
        holes: list[Span] = []
        for span in speech:
            near = draft.words_from(span.start - _LONGEST_BELIEVABLE, span.end)
            times = [self._believable(w) for w in near if has_letters(w.text)]
            inside = [t for t in times if t.end > span.start and t.start < span.end]
            if not inside:
                holes += [span] if span.duration >= o.min_silent_span else []
            else:
                holes += (gap for gap in uncovered(span, inside) if gap.duration >= o.min_hole)
        return holes

    def _believable(self, word: Word) -> Span:
        """The time a word can really have taken: alignment stretches words over what was not written."""
        amount = syllables_like(word.text) if is_cjk(word.text) else max(1.0, syllables_like(word.text) / 5)
        longest = min(self.options.longest_word * amount, _LONGEST_BELIEVABLE)
        return Span(word.start, max(min(word.end, word.start + longest), word.start + 0.01))

    def _recover(self, draft: Draft, region: Span, words: Sequence[Word]) -> None:
        """Put the words of a second decode where speech had none; words already there stay, unless the new ones
        say more.
        """
        slack, factor = self.options.slack, self.options.recovered_trust
        for hole in self._uncovered(draft, draft.speech_in(region)):
            near = Span(hole.start - slack, hole.end + slack)
            new = [w for w in words if near.start <= _middle(w) <= near.end]
            candidates = draft.words_from(near.start - _LONGEST_BELIEVABLE, near.end)
            old = [w for w in candidates if near.start <= _middle(w) <= near.end]
            if sum(syllables_like(w.text) for w in new) <= sum(syllables_like(w.text) for w in old):
                continue
            found = [Word(w.text, w.start, w.end, w.probability, round(w.trust * factor, 4)) for w in new]
            draft.replace(old, found)
            text = "".join(w.text for w in found)
            draft.recovered.append(RecoveredWords(round(found[0].start, 3), round(found[-1].end, 3), text))

    def _too_fast(self, words: Sequence[Word], speech: Sequence[Span]) -> tuple[list[Word], list[Word]]:
        """Words in spans that hold more than anybody can say, and the others."""
        o = self.options
        bad: list[Word] = []
        for span in speech:
            inside = [w for w in words if span.start <= w.start <= span.end and w not in bad]
            amount = sum(syllables_like(w.text) for w in inside)
            limit = o.max_rate if any(is_cjk(w.text) for w in inside) else o.max_rate_alphabetic
            if amount > limit * (span.duration + o.slack):
                bad += inside
        return bad, [w for w in words if w not in bad]


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
