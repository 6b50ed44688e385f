"""Whisper itself, through faster-whisper and CTranslate2: windows of sound in, words with times out. No guards here."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.core.errors import ModelError

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
    timestamps: bool = True
    """Let the model write its own time marks. It then loses far fewer windows than without."""


def compression(text: str) -> float:
    """Bytes over compressed bytes, as Whisper's authors measure repetition."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


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
        stacked = np.zeros((len(mels), mels[0].shape[0], _LONGEST_FRAMES), np.float32)
        for row, mel in zip(stacked, mels, strict=True):
            row[:, : mel.shape[1]] = mel
        return Encoded(model.encode(stacked), tuple(frames))

    def languages_of(self, encoded: "Encoded") -> list[dict[str, float]]:
        """For each window, the probability of every language."""
        if not self._model.model.is_multilingual:
            return [{"en": 1.0} for _ in encoded.frames]
        return [
            {token[2:-2]: float(probability) for token, probability in row}
            for row in self._model.model.detect_language(encoded.output)
        ]

    def decode(self, encoded: "Encoded", languages: Sequence[str], options: DecodeOptions) -> list[Decoded]:
        """Write down what was said in each window, in the given language of each."""
        tokenizers = {language: self._tokenizer(language) for language in set(languages)}
        any_tokenizer = next(iter(tokenizers.values()))
        prompts = [
            self._model.get_prompt(tokenizers[language], [], without_timestamps=not options.timestamps)
            for language in languages
        ]
        search: dict[str, Any] = {"beam_size": options.beam_size}
        if options.temperature > 0:
            search = {"beam_size": 1, "num_hypotheses": options.beam_size, "sampling_topk": 0}
        results = self._model.model.generate(
            encoded.output,
            prompts,
            max_length=_MOST_TOKENS,
            suppress_blank=True,
            suppress_tokens=self._suppressed(any_tokenizer),
            sampling_temperature=options.temperature,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        tokens = [[t for t in r.sequences_ids[0] if t < any_tokenizer.eot] for r in results]
        aligned = self._align(encoded, tokens, languages, tokenizers)
        out: list[Decoded] = []
        for result, ids, words in zip(results, tokens, aligned, strict=True):
            text = any_tokenizer.decode(ids)
            length = len(result.sequences_ids[0])
            # CTranslate2 divides the score by the length without the end mark; Whisper's authors count it.
            mean = result.scores[0] * length / (length + 1)
            out.append(Decoded(text, words, float(mean), float(result.no_speech_prob), compression(text)))
        return out

    def _align(
        self,
        encoded: "Encoded",
        tokens: list[list[int]],
        languages: Sequence[str],
        tokenizers: dict[str, Any],
    ) -> list[tuple[HeardWord, ...]]:
        from faster_whisper.transcribe import merge_punctuations

        if len(tokenizers) == 1:
            rows = self._model.find_alignment(
                next(iter(tokenizers.values())), tokens, encoded.output, list(encoded.frames)
            )
        else:
            rows = self._align_mixed(encoded, tokens, languages, tokenizers)
        out: list[tuple[HeardWord, ...]] = []
        for row in rows:
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

    def _align_mixed(
        self,
        encoded: "Encoded",
        tokens: list[list[int]],
        languages: Sequence[str],
        tokenizers: dict[str, Any],
    ) -> list[list[dict[str, Any]]]:
        """Windows of several languages in one batch: the start sequence differs, so one call for each language.

        The other languages' windows are aligned with no text, which costs next to nothing.
        """
        rows: list[list[dict[str, Any]]] = [[] for _ in tokens]
        for language, tokenizer in tokenizers.items():
            mine = [ids if wanted == language else [] for ids, wanted in zip(tokens, languages, strict=True)]
            found = self._model.find_alignment(tokenizer, mine, encoded.output, list(encoded.frames))
            for index, row in enumerate(found):
                if languages[index] == language:
                    rows[index] = row
        return rows

    def _tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)

    def _suppressed(self, tokenizer: Any) -> list[int]:
        from faster_whisper.transcribe import get_suppressed_tokens

        return list(get_suppressed_tokens(tokenizer, [-1]))


@dataclass(frozen=True, slots=True)
class Encoded:
    """Windows as the encoder left them, on the device."""

    output: Any
    frames: tuple[int, ...]
    """Frames of real sound in each window, a hundredth of a second each."""
