"""Whisper itself, through faster-whisper and CTranslate2: windows of sound in, words with times out. No guards
here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.core.errors import ModelError
from qa.speech.rescore import best_reading
from qa.speech.textguards import compression, to_simplified

_Floats = NDArray[np.float32]

_PREPENDED: Final = "\"'“¿([{-"
_APPENDED: Final = "\"'.。,，!！?？:：”)]}、"
_FRAMES_PER_SECOND: Final = 100
_LONGEST_FRAMES: Final = 3000
_MOST_TOKENS: Final = 448


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as Whisper wrote it, seconds from the start of its window."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """What Whisper made of one window."""

    text: str
    words: tuple[HeardWord, ...]
    mean_log_probability: float
    no_speech_probability: float
    compression: float
    """Bytes of the text over bytes of the text compressed; repetition drives it up."""


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How one pass decodes."""

    beam_size: int = 5
    temperature: float = 0.0
    """Above 0 samples instead of searching: for windows that the first pass got wrong."""
    timestamps: bool = False
    """Let the model write its own time marks too: another way of reading a window that came out empty."""
    word_weight: float = 0.0
    """How much the words of a Mandarin reading count beside its sound; see `qa.speech.rescore`."""
    doubtful: float = -math.inf
    """Mean log probability under which a Mandarin window is read a second time, Traditional characters allowed."""
    simplified: bool = True
    """Keep Mandarin from coming out in Traditional characters, of which most cost two or three tokens."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a stretch is read by itself."""

    beam_size: int = 1
    silence: float = 1.0
    """Seconds of silence behind the sound: with none, the recogniser says the end again and again."""
    most_tokens: float = 10.0
    """Tokens per second that nobody reaches; a loop ends there."""


def is_traditional(text: str) -> bool:
    """Whether a text holds a character that only Traditional Chinese writes.

    Characters that GB 2312 has too (著 in 著名) are Simplified as well.
    """
    return any(
        c >= "\u2e80" and c != simple and not _in_gb2312(c)
        for c, simple in zip(text, to_simplified(text), strict=False)
    )


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def pick_device(device: str, compute_type: str) -> tuple[str, str]:
    """The real device and arithmetic for `auto`: a GPU with float16 where there is one, else the CPU with int8."""
    import ctranslate2

    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if compute_type == "auto":
        compute_type = "float16" if device == "cuda" else "int8"
    return device, compute_type


class Recogniser:
    """One loaded Whisper. Loads on first use, so that a worker process can fork before."""

    def __init__(self, folder: Path, device: str, compute_type: str, threads: int) -> None:
        self._folder = folder
        self._device = device
        self._compute_type = compute_type
        self._threads = threads

    @cached_property
    def _model(self) -> Any:
        from faster_whisper import WhisperModel

        device, compute_type = pick_device(self._device, self._compute_type)
        try:
            return WhisperModel(
                str(self._folder), device=device, compute_type=compute_type, cpu_threads=self._threads,
                local_files_only=True,
            )  # fmt: skip
        except (RuntimeError, ValueError, OSError) as exc:
            raise ModelError(
                "speech.whisper_cannot_load", folder=self._folder.name, device=device, reason=str(exc)
            ) from exc

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes that the model knows."""
        return tuple(self._model.supported_languages)

    def encode(self, sounds: Sequence[_Floats]) -> "Encoded":
        """Run the encoder over windows of at most thirty seconds."""
        model = self._model
        mels = [model.feature_extractor(sound)[..., :-1][:, :_LONGEST_FRAMES] for sound in sounds]
        frames = [mel.shape[1] for mel in mels]
        stacked = np.empty((len(mels), mels[0].shape[0], _LONGEST_FRAMES), np.float32)
        for row, mel in zip(stacked, mels, strict=True):
            row[:, : mel.shape[1]] = mel
            # The rest is as silent as the window gets, as in training; faster-whisper's zeros are a faint noise.
            row[:, mel.shape[1] :] = mel.min()
        output, parts = self._encode(stacked)
        return Encoded(output, tuple(frames), stacked, parts)

    def _encode(self, stacked: _Floats) -> tuple[Any, list[_Floats] | None]:
        from ctranslate2 import StorageView

        if self._model.model.device == "cuda":
            return self._model.encode(stacked), None
        # On a CPU eight windows together fall out of its caches: one by one costs a quarter less, for
        # the same numbers.
        parts = [np.array(self._model.encode(stacked[i : i + 1])) for i in range(len(stacked))]
        return StorageView.from_array(np.concatenate(parts)), parts

    def read_alone(
        self, sounds: Sequence[_Floats], language: str, options: ReadOptions
    ) -> list[tuple[str, float]]:
        """What each of some short stretches says and its mean log probability; no times, nothing chosen by words.

        The encoder is given the stretches and a little silence instead of thirty seconds mostly empty: an eighth
        of the cost, and it reads short stretches better.
        """
        model, tokenizer = self._model, self._tokenizer(language)
        mels = [model.feature_extractor(sound)[..., :-1][:, :_LONGEST_FRAMES] for sound in sounds]
        longest = max(mel.shape[1] for mel in mels) + round(options.silence * _FRAMES_PER_SECOND)
        length = min(_LONGEST_FRAMES, longest + longest % 2)
        stacked = np.empty((len(mels), mels[0].shape[0], length), np.float32)
        for row, mel in zip(stacked, mels, strict=True):
            row[:, : mel.shape[1]] = mel
            row[:, mel.shape[1] :] = mel.min()
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True)
        results = model.model.generate(
            self._encode(stacked)[0],
            [prompt] * len(sounds),
            beam_size=options.beam_size,
            max_length=min(_MOST_TOKENS, len(prompt) + round(options.most_tokens * length / _FRAMES_PER_SECOND)),
            suppress_blank=True,
            suppress_tokens=self._suppressed(simplified=language == "zh"),
            return_scores=True,
        )
        readings = []
        for result in results:
            ids = [t for t in result.sequences_ids[0] if t < tokenizer.eot]
            readings.append((tokenizer.decode(ids), float(result.scores[0])))
        return readings

    def languages_of(self, encoded: "Encoded") -> list[dict[str, float]]:
        """For each window, the probability of every language."""
        if not self._model.model.is_multilingual:
            return [{"en": 1.0} for _ in encoded.frames]
        return [
            {token[2:-2]: float(probability) for token, probability in row}
            for row in self._model.model.detect_language(encoded.output)
        ]

    def decode(self, encoded: "Encoded", language: str, options: DecodeOptions) -> list[Decoded]:
        """Write down what was said in each window, all in one language."""
        tokenizer = self._tokenizer(language)
        mandarin = language == "zh"
        readings = self._read(encoded.output, tokenizer, len(encoded.frames), options, mandarin=mandarin)
        doubtful = [
            i for i, r in enumerate(readings) if r.best(tokenizer, options, mandarin)[1] < options.doubtful
        ]
        if mandarin and options.simplified and doubtful:
            # Other characters, other beams: what is hard to read one way is often clear the other way.
            anyhow = replace(options, simplified=False)
            part = self._pick(encoded, doubtful)
            for index, more in zip(
                doubtful, self._read(part, tokenizer, len(doubtful), anyhow, mandarin=True), strict=True
            ):
                readings[index].hypotheses += more.hypotheses
        best = [r.best(tokenizer, options, mandarin) for r in readings]
        tokens = [[t for t in ids if t < tokenizer.eot] for ids, _ in best]
        aligned = self._align(encoded, tokens, tokenizer)
        out: list[Decoded] = []
        for reading, ids, (_, mean), words in zip(readings, tokens, best, aligned, strict=True):
            text = tokenizer.decode(ids)
            out.append(Decoded(text, words, float(mean), reading.no_speech, compression(text)))
        return out

    def _read(
        self, output: Any, tokenizer: Any, count: int, options: DecodeOptions, *, mandarin: bool
    ) -> list["_Reading"]:
        search: dict[str, Any] = {"beam_size": options.beam_size}
        if options.temperature > 0:
            search = {"beam_size": 1, "sampling_topk": 0}
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=not options.timestamps)
        results = self._model.model.generate(
            output,
            [prompt] * count,
            max_length=_MOST_TOKENS,
            suppress_blank=True,
            suppress_tokens=self._suppressed(simplified=mandarin and options.simplified),
            sampling_temperature=options.temperature,
            num_hypotheses=options.beam_size if mandarin and options.word_weight else 1,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        readings: list[_Reading] = []
        for result in results:
            totals = [s * len(ids) for ids, s in zip(result.sequences_ids, result.scores, strict=True)]
            found = list(zip(result.sequences_ids, totals, strict=True))
            readings.append(_Reading(found, float(result.no_speech_prob)))
        return readings

    def _pick(self, encoded: "Encoded", indices: Sequence[int]) -> Any:
        from ctranslate2 import StorageView

        if encoded.parts is None:
            return self._model.encode(encoded.features[list(indices)])
        return StorageView.from_array(np.concatenate([encoded.parts[i] for i in indices]))

    def _align(self, encoded: "Encoded", tokens: list[list[int]], tokenizer: Any) -> list[tuple[HeardWord, ...]]:
        from faster_whisper.transcribe import merge_punctuations

        out: list[tuple[HeardWord, ...]] = []
        for row in self._model.find_alignment(tokenizer, tokens, encoded.output, list(encoded.frames)):
            if row:
                merge_punctuations(row, _PREPENDED, _APPENDED)
            out.append(
                tuple(
                    HeardWord(w["word"], float(w["start"]), float(w["end"]), float(w["probability"]))
                    for w in row
                    if w["word"]
                )
            )
        return out

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)

    def _suppressed(self, *, simplified: bool) -> list[int]:
        return self._marks + self._traditional if simplified else self._marks

    @cached_property
    def _marks(self) -> list[int]:
        """Tokens that nobody says: brackets, notes, control marks. The same in every language."""
        from faster_whisper.transcribe import get_suppressed_tokens

        return list(get_suppressed_tokens(self._tokenizer("en"), [-1]))

    @cached_property
    def _traditional(self) -> list[int]:
        """Tokens that are whole Traditional characters."""
        tokenizer = self._model.hf_tokenizer
        texts = tokenizer.decode_batch([[i] for i in range(tokenizer.get_vocab_size())])
        return [index for index, text in enumerate(texts) if is_traditional(text)]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Windows as the encoder left them, on the device."""

    output: Any
    frames: tuple[int, ...]
    """Frames of real sound in each window, a hundredth of a second each."""
    features: _Floats
    """Log-mel spectrograms: windows, bands, frames."""
    parts: list[_Floats] | None = None
    """The encoder's output for each window, where it is in main memory."""


@dataclass(slots=True)
class _Reading:
    """What beam search came to for one window."""

    hypotheses: list[tuple[list[int], float]]
    """Tokens and the log probability of them all."""
    no_speech: float

    def best(self, tokenizer: Any, options: DecodeOptions, mandarin: bool) -> tuple[list[int], float]:
        """The tokens chosen and their mean log probability."""
        index = 0
        if mandarin and options.word_weight:
            texts = [tokenizer.decode(ids) for ids, _ in self.hypotheses]
            index = best_reading(texts, [s for _, s in self.hypotheses], options.word_weight)
        ids, total = self.hypotheses[index]
        # CTranslate2 leaves the end mark out of the length; Whisper's authors count it.
        return ids, total / (len(ids) + 1)
