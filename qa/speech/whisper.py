"""The recogniser with its guards: windows over the detected speech of all channels, decoded together, checked,
decoded again."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qa.core.speech import ChannelTranscription
from qa.speech.base import Again, ChannelInput, Hook, Reheard, no_hook
from qa.speech.guards import Draft, GuardOptions, Guards
from qa.speech.language import LanguageVote
from qa.speech.recogniser import Decoded, DecodeOptions, ReadOptions, Recogniser, pick_device
from qa.speech.windows import Piece, Window, WindowOptions, plan_windows


@dataclass(frozen=True, slots=True)
class WhisperOptions:
    """Which Whisper, where it runs, and how it is guarded."""

    model: str = "base"
    """Size, hub name or folder; only named here, the weights come from the folder given to the transcriber."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto` for a GPU where there is one."""
    compute_type: str = "auto"
    """CTranslate2's arithmetic; `auto` is float16 on a GPU and int8 on the CPU."""
    threads: int = 0
    """CPU threads; 0 leaves it to CTranslate2."""
    batch_size: int = 8
    """Windows decoded together, of whatever channel and recording."""
    beam_size: int = 5
    """Beam width. On read Mandarin 5 makes a tenth fewer errors than 1."""
    word_weight: float = 0.3
    """How much real words count when several readings sound alike, Mandarin only (`qa.speech.rescore`). On the
    development calls 0.1 to 1 make 0.2 to 0.4 fewer errors in a hundred characters; 0 leaves it to the sound."""
    doubtful: float = -0.2
    """Mean log probability under which a window is read a second time, Traditional characters allowed, and the
    best of all readings is taken. On the development calls that is one window in five, and half an error less in
    a hundred characters over all; -inf turns it off."""
    simplified: bool = True
    """Keep Mandarin from coming out in Traditional characters, which nobody can tell by ear and which cost a fifth
    more time. What still comes out in them is kept."""
    quick: ReadOptions = field(default_factory=ReadOptions)
    """How a second hearing reads: other windows, another search, by the sound alone."""
    careful: ReadOptions = field(default_factory=lambda: ReadOptions(beam_size=5, silence=2.0))
    """How it reads once more what the quick way does not bear out."""
    windows: WindowOptions = field(default_factory=WindowOptions)
    guards: GuardOptions = field(default_factory=GuardOptions)


class WhisperTranscriber:
    """Words of several channels at once, guards included. Loads the model on first use, never before a fork."""

    def __init__(
        self, options: WhisperOptions, model_dir: Path | Callable[[], Path], label: str | None = None
    ) -> None:
        """`label` is the artefact and its revision, e.g. `whisper-base@ebe41f70`."""
        self.options = options
        self._model_dir = model_dir
        self._label = label or f"whisper-{options.model}"
        self._guards = Guards(options.guards)

    @property
    def name(self) -> str:
        """Artefact, revision and options that change results."""
        o = self.options
        changing = (
            o.beam_size,
            o.batch_size,
            o.compute_type,
            o.word_weight,
            o.doubtful,
            o.simplified,
            o.windows,
            o.guards,
        )
        return f"{self._label} {hashlib.sha256(repr(changing).encode()).hexdigest()[:8]}"

    @property
    def second_name(self) -> str:
        """Artefact, revision and options that change what is heard a second time."""
        o = self.options
        changing = (o.compute_type, o.batch_size, o.quick, o.careful)
        return f"{self._label} {hashlib.sha256(repr(changing).encode()).hexdigest()[:8]}"

    @property
    def device(self) -> str:
        """Where it really runs."""
        return pick_device(self.options.device, self.options.compute_type)[0]

    @property
    def compute_type(self) -> str:
        """In which arithmetic it really runs."""
        return pick_device(self.options.device, self.options.compute_type)[1]

    def transcribe(self, inputs: Sequence[ChannelInput], hook: Hook = no_hook) -> list[ChannelTranscription]:
        """One transcription per input, in order; `channel` is the index in `inputs`."""
        drafts = [Draft(i, item) for i, item in enumerate(inputs)]
        self._guards.drop_echoes(drafts)
        vote = LanguageVote([item.language for item in inputs])
        windows = [w for d in drafts for w in plan_windows(d.index, d.samples, d.speech, self.options.windows)]
        total = sum(w.duration for w in windows)
        o = self.options
        first = DecodeOptions(o.beam_size, word_weight=o.word_weight, doubtful=o.doubtful, simplified=o.simplified)
        self._decode(windows, drafts, vote, first, hook, 0.0, total)
        for attempt in self._guards.attempts:
            again: list[Window] = []
            for draft in drafts:
                again += self._guards.holes(draft, attempt)
            if not again:
                break
            extra = sum(w.duration for w in again)
            self._decode(again, drafts, vote, attempt.decode(first), hook, total, total + extra)
            total += extra
        return [self._guards.finish(draft, vote.choice(draft.index)) for draft in drafts]

    def hear_again(self, again: Again, *, careful: bool = False) -> list[Reheard]:
        """What each stretch holds, in order, heard by itself: nothing of the first decode is used."""
        how = self.options.careful if careful else self.options.quick
        heard: list[Reheard] = []
        for first in range(0, len(again.spans), self.options.batch_size):
            spans = again.spans[first : first + self.options.batch_size]
            sounds = [Window(0, (Piece(0.0, s.start, s.end),)).sound(again.samples) for s in spans]
            for text, mean in self._recogniser.read_alone(sounds, again.language, how):
                heard.append(Reheard(text, round(math.exp(min(0.0, mean)), 4)))
        return heard

    @cached_property
    def _recogniser(self) -> Recogniser:
        o = self.options
        folder = self._model_dir if isinstance(self._model_dir, Path) else self._model_dir()
        return Recogniser(folder, o.device, o.compute_type, o.threads)

    def _decode(
        self,
        windows: Sequence[Window],
        drafts: Sequence[Draft],
        vote: LanguageVote,
        options: DecodeOptions,
        hook: Hook,
        done: float,
        total: float,
    ) -> None:
        for first in range(0, len(windows), self.options.batch_size):
            batch = windows[first : first + self.options.batch_size]
            for window, decoded in self._decode_batch(batch, drafts, vote, options):
                language = vote.choice(window.source).language
                self._guards.add(drafts[window.source], window, decoded, language)
            done += sum(w.duration for w in batch)
            hook("transcribe", done, total)

    def _decode_batch(
        self, batch: Sequence[Window], drafts: Sequence[Draft], vote: LanguageVote, options: DecodeOptions
    ) -> Iterator[tuple[Window, Decoded]]:
        recogniser = self._recogniser
        sounds = [w.sound(drafts[w.source].samples) for w in batch]
        encoded = recogniser.encode(sounds)
        if any(not vote.decided(w.source) for w in batch):
            heard = recogniser.languages_of(encoded)
            vote.hear([w.source for w in batch], [w.duration for w in batch], heard)
        languages = [vote.choice(w.source).language for w in batch]
        if len(set(languages)) == 1:
            yield from zip(batch, recogniser.decode(encoded, languages[0], options), strict=True)
            return
        for language in dict.fromkeys(languages):  # rare: encoding again is simpler than taking a batch apart
            mine = [i for i, wanted in enumerate(languages) if wanted == language]
            part = recogniser.encode([sounds[i] for i in mine])
            yield from zip((batch[i] for i in mine), recogniser.decode(part, language, options), strict=True)
