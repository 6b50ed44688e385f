"""Tell speakers apart: pyannote.audio's `SpeakerDiarization`, offline, at a cost a service can bear.

The pipeline is pyannote.audio's own (counting, reconstruction, annotation), built from segmentation-3.0 and CAM++.
Three of its steps are answered here: segmentation runs in blocks, so that four hours need no more memory than
four minutes; its local speakers are cut into stretches, each embedded once (see `qa.speech.stretches`); and the
stretches are clustered over the whole call. Heavy imports happen on first use, in the process that uses them.
"""

import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from qa.core.errors import ModelError
from qa.core.speech import ChannelActivity, Diarization, SpeakerSegment, VoicePoint
from qa.models import store
from qa.settings import Settings
from qa.speech.base import SAMPLE_RATE, Hook, Samples
from qa.speech.clustering import separation, unit

if TYPE_CHECKING:
    from qa.speech.offline import OfflineDiarization

SEGMENTATION: Final = "pyannote-segmentation-3.0"
EMBEDDING: Final = "campplus-zh-en"
HUB_PREFIX: Final = "pyannote/speaker-diarization-"
THREADS: Final = 1
"""Of torch on the CPU. The layers are too small to share: a second thread costs 1.5 times the CPU seconds for a
fifth less wall time on an idle machine, and seven times as much on a busy one, where its waiting spins."""
AXES: Final = 12
"""Axes kept of the 192 of an embedding: within one call they hold all but noise of what tells its voices apart."""


class PyannoteDiarizer:
    """The `Diarizer` of the pipeline: `settings.speech.diarization` is `offline` or the name of a hub pipeline."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: tuple[int, _Backend] | None = None

    @property
    def name(self) -> str:
        """Artefact and revision; part of the stage's cache key."""
        chosen = self._settings.speech.diarization
        return f"pyannote-offline({SEGMENTATION},{EMBEDDING})@2" if chosen == "offline" else _hub_name(chosen)

    def diarize(
        self, samples: Samples, activity: ChannelActivity, speakers: int | None, hook: Hook
    ) -> Diarization:
        """Who speaks when; `speakers` fixes their number, None lets the voices decide.

        Raises `ModelError` where a model is missing, damaged, or (hub pipelines) out of reach.
        """
        if not activity.speech or len(samples) == 0:
            return Diarization(0, (), (), self.name, 0.0)
        return self._backend().run(samples, activity, speakers, hook, self.name)

    def _backend(self) -> "_Backend":
        # A model that was loaded before a fork must not be used after it: its threads stayed behind.
        if self._loaded is None or self._loaded[0] != os.getpid():
            self._loaded = (os.getpid(), self._load())
        return self._loaded[1]

    def _load(self) -> "_Backend":
        import torch

        from qa.speech.torchaudio_compat import import_pyannote

        import_pyannote()
        speech = self._settings.speech
        torch.set_num_threads(THREADS)
        device = _device(speech.device)
        if speech.diarization != "offline":
            return _HubBackend(_hub_name(speech.diarization), device)
        from qa.speech.offline import build

        segmentation = store.ensure(SEGMENTATION, self._settings) / "pytorch_model.bin"
        embedding = store.ensure(EMBEDDING, self._settings) / "campplus_cn_en_common.pt"
        return _OfflineBackend(build(segmentation, embedding, device))


class _Backend(Protocol):
    def run(
        self, samples: Samples, activity: ChannelActivity, speakers: int | None, hook: Hook, name: str
    ) -> Diarization: ...


class _OfflineBackend:
    def __init__(self, pipeline: "OfflineDiarization") -> None:
        self._pipeline = pipeline

    def run(
        self, samples: Samples, activity: ChannelActivity, speakers: int | None, hook: Hook, name: str
    ) -> Diarization:
        total = len(samples) / SAMPLE_RATE
        with warnings.catch_warnings():
            # That fewer voices were heard than expected is a result, not a mistake of whoever called.
            warnings.simplefilter("ignore")
            output = self._pipeline.apply(
                {"uri": "call", "samples": samples, "activity": activity},
                num_speakers=speakers,
                hook=_progress(hook, total),
            )
        voices = self._pipeline.take_voices()
        segments = _segments(output.speaker_diarization)
        return Diarization(
            channel=0,
            segments=segments,
            speakers=tuple(dict.fromkeys(s.speaker for s in segments)),
            model=name,
            separation=round(separation(voices.vectors, voices.seconds, voices.labels), 4),
            voices=_points(voices.spans, voices.vectors, voices.seconds),
        )


class _HubBackend:
    """A published pipeline such as community-1, where the hub is reachable and its terms were accepted."""

    def __init__(self, name: str, device: str) -> None:
        import torch
        from pyannote.audio import Pipeline

        try:
            pipeline = Pipeline.from_pretrained(name)
        except Exception as error:  # the hub client raises errors of many libraries, all meaning the same here
            raise ModelError("speech.diarize_hub", name=name, why=type(error).__name__) from error
        if pipeline is None:
            raise ModelError("speech.diarize_hub", name=name, why="no such pipeline or terms not accepted")
        self._pipeline: Any = pipeline.to(torch.device(device))

    def run(
        self,
        samples: Samples,
        activity: ChannelActivity,  # noqa: ARG002 - a published pipeline finds speech by itself
        speakers: int | None,
        hook: Hook,
        name: str,
    ) -> Diarization:
        import torch

        waveform = torch.from_numpy(np.asarray(samples, np.float32) / 32768.0).unsqueeze(0)
        output = self._pipeline(
            {"waveform": waveform, "sample_rate": SAMPLE_RATE},
            num_speakers=speakers,
            hook=_progress(hook, len(samples) / SAMPLE_RATE),
        )
        segments = _segments(getattr(output, "speaker_diarization", output))
        names = tuple(dict.fromkeys(s.speaker for s in segments))
        centroids = getattr(output, "speaker_embeddings", None)
        return Diarization(0, segments, names, name, _centroid_gap(centroids))


def _hub_name(chosen: str) -> str:
    return chosen if "/" in chosen else HUB_PREFIX + chosen


def _device(wanted: str) -> str:
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _progress(hook: Hook, total: float) -> Callable[..., None]:
    """Translate pyannote.audio's hook: the two costly steps share the bar."""
    share = {"segmentation": (0.0, 0.3), "embeddings": (0.3, 0.7)}

    def report(step: str, _artefact: object, **progress: Any) -> None:
        done, of = progress.get("completed"), progress.get("total")
        if step in share and done is not None and of:
            first, width = share[step]
            hook("diarize", total * (first + width * min(1.0, done / of)), total)

    return report


def _segments(annotation: Any) -> tuple[SpeakerSegment, ...]:
    found: list[SpeakerSegment] = []
    names: dict[str, str] = {}
    for segment, _, label in annotation.itertracks(yield_label=True):
        speaker = names.setdefault(str(label), f"S{len(names)}")
        found.append(SpeakerSegment(speaker, round(segment.start, 3), round(segment.end, 3)))
    return tuple(found)


def _points(
    spans: list[tuple[float, float]], vectors: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[VoicePoint, ...]:
    """Turn embeddings into coordinates along the axes in which this call's stretches differ most."""
    if len(vectors) == 0:
        return ()
    weighted = vectors * np.sqrt(seconds)[:, None]
    _, axes = np.linalg.eigh(weighted.T @ weighted)
    kept = axes[:, ::-1][:, :AXES]
    at = np.round(vectors @ kept, 4).tolist()
    return tuple(VoicePoint(a, b, tuple(p)) for (a, b), p in zip(spans, at, strict=True))


def _centroid_gap(centroids: Any) -> float:
    if centroids is None or len(centroids) < 2:
        return 0.0
    vectors = unit(np.asarray(centroids, np.float64))
    closeness = vectors @ vectors.T
    return float(np.clip(1.0 - closeness[np.triu_indices(len(vectors), 1)].max(), 0.0, 1.0))
