"""pyannote.audio's `SpeakerDiarization` with memory, cost and stretches in hand.

Imports torch and pyannote.audio when it is imported: only `qa.speech.diarize` does so, on first use, after
`qa.speech.torchaudio_compat.import_pyannote`.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio import Inference, Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import BaseClustering
from pyannote.core import SlidingWindow, SlidingWindowFeature

from qa.core.errors import ModelError
from qa.core.speech import ChannelActivity
from qa.speech import campplus
from qa.speech.base import SAMPLE_RATE, Samples
from qa.speech.clustering import cluster_voices, unit
from qa.speech.stretches import Stretch, find_stretches, rasterise

FRAME_SAMPLES: Final = 270
"""Hop of segmentation-3.0, samples: 16.875 ms."""
WINDOW_SAMPLES: Final = 10 * SAMPLE_RATE
"""What segmentation-3.0 hears at a time."""
CHUNK_FRAMES: Final = 296
"""Frames used of a window's 589: its middle half, where both sides have context. The step is as long."""
LEAD_FRAMES: Final = 146
"""Frames of a window before the part that is used."""
BATCH_CHUNKS: Final = 32
"""Windows in memory at a time: 160 s of sound, 20 MB."""
QUIETEST_DB: Final = -70.0
"""Fainter frames are taken for this, relative to full scale: digital silence is not the noise of the line."""
PAUSE_LEVEL: Final = 0.3
"""Share of the range from noise to speech, in decibels, below which a frame may be part of a pause."""
FRAME_SECONDS: Final = FRAME_SAMPLES / SAMPLE_RATE
MIN_CLEAN_SECONDS: Final = 0.4
"""A stretch is embedded from the part in which nobody else talks if that is at least so long."""
MIN_SECONDS: Final = 0.25
"""Shorter stretches are not embedded (the statistics pooling needs a few frames): they follow their neighbours."""


@dataclass(frozen=True, slots=True)
class Voices:
    """The embedded stretches of one call: spans in seconds, unit vectors `(n, 192)`, speech seconds, clusters."""

    spans: list[tuple[float, float]]
    vectors: NDArray[np.float64]
    seconds: NDArray[np.float64]
    labels: NDArray[np.int64]


class CamPlusPlusModel(Model):
    """CAM++ as a pyannote.audio embedding model; frames of weight 0.5 or less are left out."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(sample_rate=SAMPLE_RATE, num_channels=1)
        self.network = campplus.load(checkpoint)
        self.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=10.0
        )

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return campplus.DIMENSION

    def forward(self, waveforms: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Embed `(batch, 1, samples)`, from frames of `weights` `(batch, frames)` above 0.5 where these are given.

        Rows with too few frames come out as NaN.
        """
        weights: torch.Tensor | None = kwargs.get("weights")
        rows = []
        for index, waveform in enumerate(waveforms[:, 0]):
            features = campplus.fbank(waveform)
            if weights is not None:
                mask = torch.nn.functional.interpolate(weights[None, None, index], size=len(features))[0, 0]
                features = features[mask > 0.5]
            rows.append(self.embed(features))
        return torch.stack(rows)

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Embed one filter bank `(frames, 80)`; NaN where it is too short."""
        if len(features) * campplus.FRAME_SECONDS < MIN_SECONDS:
            return torch.full((campplus.DIMENSION,), float("nan"), device=features.device)
        embedding: torch.Tensor = self.network((features - features.mean(0)).unsqueeze(0))[0]
        return embedding


class _NoPlda(PLDA):
    """The constructor wants one; clustering here does not use it."""

    def __init__(self) -> None:
        pass


class _StretchClustering(BaseClustering):
    """Clusters the stretches over the whole call, and lets each chunk's columns follow the stretch behind them."""

    expects_num_clusters = False

    def __init__(self, owner: "OfflineDiarization") -> None:
        super().__init__(metric="cosine")
        # In a list, lest pyannote.audio's attribute bookkeeping takes the pipeline for a part of this one.
        self._owner = [owner]

    def __call__(  # type: ignore[override] # its own annotation leaves out two of the three values it returns
        self, embeddings: NDArray[np.float32], num_clusters: int | None = None, **_: Any
    ) -> tuple[NDArray[np.int8], None, NDArray[np.float64]]:
        """Clusters `(chunks, columns)`, no soft scores, centroids."""
        labels, centroids = self._owner[0].cluster_stretches(num_clusters)
        columns = self._owner[0].columns
        hard = np.where(columns >= 0, labels[np.maximum(columns, 0)], -2).astype(np.int8)
        assert hard.shape == embeddings.shape[:2]  # noqa: S101 - both are laid out by `rasterise`
        return hard, None, centroids


class OfflineDiarization(SpeakerDiarization):
    """`SpeakerDiarization` over `{"uri", "samples", "activity"}`; see the module of `qa.speech.diarize`."""

    def __init__(self, segmentation: Model, embedding: CamPlusPlusModel) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().__init__(
                segmentation=segmentation,
                segmentation_step=0.5,
                embedding=embedding,
                plda=_NoPlda(),
                clustering="AgglomerativeClustering",
            )
        self._campplus = [embedding]
        self.clustering = _StretchClustering(self)
        self.instantiate({"segmentation": {"min_duration_off": 0.0}})
        self._stretches: list[Stretch] = []
        self._vectors: NDArray[np.float64] = np.zeros((0, campplus.DIMENSION))
        self._labels: NDArray[np.int64] = np.zeros(0, np.int64)
        self.columns: NDArray[np.int64] = np.zeros((0, 1), np.int64)

    def get_segmentations(
        self, file: Mapping[str, Any], hook: Callable[..., None] | None = None
    ) -> SlidingWindowFeature:
        """Run segmentation-3.0 block by block, and lay the stretches found out as local speakers."""
        samples: Samples = file["samples"]
        chunks = max(1, -(-len(samples) // (CHUNK_FRAMES * FRAME_SAMPLES)))
        wanted = _chunks_with_speech(file["activity"], chunks)
        active = np.zeros((chunks * CHUNK_FRAMES, 3), np.bool_)
        inference: Inference = self._segmentation
        for first in range(0, len(wanted), BATCH_CHUNKS):
            batch = wanted[first : first + BATCH_CHUNKS]
            scores = inference.infer(torch.stack([_window(samples, chunk) for chunk in batch]))
            for chunk, score in zip(batch, scores, strict=True):
                rows = slice(chunk * CHUNK_FRAMES, (chunk + 1) * CHUNK_FRAMES)
                active[rows] = score[LEAD_FRAMES : LEAD_FRAMES + CHUNK_FRAMES] > 0.5
            if hook is not None:
                hook("segmentation", None, completed=first + len(batch), total=len(wanted))
        self._stretches = find_stretches(active, CHUNK_FRAMES, _quiet(samples, active))
        data, self.columns = rasterise(self._stretches, chunks, CHUNK_FRAMES)
        seconds = CHUNK_FRAMES * FRAME_SECONDS
        return SlidingWindowFeature(data, SlidingWindow(start=0.0, duration=seconds, step=seconds))

    def get_embeddings(
        self,
        file: Mapping[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,  # noqa: ARG002 - clean speech is preferred whatever the caller says
        hook: Callable[..., None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed every stretch once, from its own sound alone."""
        samples: Samples = file["samples"]
        frames = max((s.end for s in self._stretches), default=0)
        talking = np.zeros(frames + 1, np.int8)
        for stretch in self._stretches:
            talking[stretch.start : stretch.end] += 1
        vectors = np.full((len(self._stretches), campplus.DIMENSION), np.nan)
        for index, stretch in enumerate(self._stretches):
            vectors[index] = self._embed(samples, stretch, talking)
            if hook is not None and (index % 16 == 0 or index + 1 == len(self._stretches)):
                hook("embeddings", None, completed=index + 1, total=len(self._stretches))
        self._vectors = unit(vectors)
        chunks, _, columns = binary_segmentations.data.shape
        # Clustering goes by the stretches; pyannote.audio only hands this through.
        return np.zeros((chunks, columns, 1), np.float32)

    def cluster_stretches(self, speakers: int | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Cluster of every stretch, and the centroids `(clusters, 192)`."""
        good = ~np.isnan(self._vectors[:, 0])
        seconds = self._seconds()
        labels = np.zeros(len(self._stretches), np.int64)
        labels[good] = cluster_voices(self._vectors[good], seconds[good], speakers)
        self._labels = _follow_neighbours(self._stretches, labels, good)
        names = range(int(self._labels.max(initial=0)) + 1)
        weighted = np.nan_to_num(self._vectors) * seconds[:, None]
        return self._labels, unit(np.stack([weighted[self._labels == k].sum(0) for k in names]))

    def take_voices(self) -> Voices:
        """The embedded stretches of the last call; they are forgotten here."""
        good = np.flatnonzero(~np.isnan(self._vectors[:, 0])) if len(self._vectors) else np.zeros(0, np.int64)
        spans = [_span(self._stretches[i]) for i in good]
        voices = Voices(spans, self._vectors[good], self._seconds()[good], self._labels[good])
        self._stretches, self._vectors = [], np.zeros((0, campplus.DIMENSION))
        self._labels, self.columns = np.zeros(0, np.int64), np.zeros((0, 1), np.int64)
        return voices

    def _seconds(self) -> NDArray[np.float64]:
        return np.array([(s.end - s.start) * FRAME_SECONDS for s in self._stretches])

    def _embed(self, samples: Samples, stretch: Stretch, talking: NDArray[np.int8]) -> NDArray[np.float64]:
        sound = samples[stretch.start * FRAME_SAMPLES : stretch.end * FRAME_SAMPLES]
        alone = talking[stretch.start : stretch.end] == 1
        if not alone.all() and alone.sum() * FRAME_SECONDS >= MIN_CLEAN_SECONDS:
            sound = sound[np.repeat(alone, FRAME_SAMPLES)[: len(sound)]]
        if len(sound) < MIN_SECONDS * SAMPLE_RATE:
            return np.full(campplus.DIMENSION, np.nan)
        model = self._campplus[0]
        with torch.inference_mode():
            features = campplus.fbank(_float(sound))
            embedding = model.embed(features.to(next(model.parameters()).device))
        return np.asarray(embedding.cpu().numpy(), dtype=np.float64)


def build(segmentation: Path, embedding: Path, device: str) -> OfflineDiarization:
    """The pipeline on `device` (`cpu`, `cuda`, ...), from the two verified checkpoints."""
    with warnings.catch_warnings():
        # Lightning remarks at length on the age of the checkpoint, which is the one that was published.
        warnings.simplefilter("ignore")
        model = Model.from_pretrained(segmentation)
    if model is None:
        raise ModelError("models.missing", name="pyannote-segmentation-3.0", file=segmentation.name)
    pipeline = OfflineDiarization(model, CamPlusPlusModel(embedding).eval())
    pipeline.to(torch.device(device))
    return pipeline


def _float(sound: Samples) -> torch.Tensor:
    return torch.from_numpy(np.asarray(sound, np.float32) / 32768.0)


def _window(samples: Samples, chunk: int) -> torch.Tensor:
    start = (chunk * CHUNK_FRAMES - LEAD_FRAMES) * FRAME_SAMPLES
    sound = np.asarray(samples[max(0, start) : max(0, start + WINDOW_SAMPLES)], np.float32) / 32768.0
    before = max(0, -start)
    return torch.from_numpy(np.pad(sound, (before, WINDOW_SAMPLES - before - len(sound)))).unsqueeze(0)


def _quiet(samples: Samples, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames as faint as a pause: in the lower part of the range between the call's noise and its speech."""
    spoken = np.flatnonzero(active.any(axis=1))
    level = np.full(len(active), QUIETEST_DB)
    block = 4096
    for first in range(0, min(len(active), len(samples) // FRAME_SAMPLES), block):
        sound = np.asarray(samples[first * FRAME_SAMPLES : (first + block) * FRAME_SAMPLES], np.float32)
        sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        level[first : first + len(sound)] = 20 * np.log10(np.sqrt((sound**2).mean(axis=1)) / 32768 + 1e-9)
    level = np.maximum(level, QUIETEST_DB)
    if len(spoken) == 0:
        return np.zeros(len(active), np.bool_)
    noise, speech = np.percentile(level, 5), np.percentile(level[spoken], 75)
    return np.asarray(level < noise + PAUSE_LEVEL * (speech - noise))


def _chunks_with_speech(activity: ChannelActivity, chunks: int) -> list[int]:
    seconds = CHUNK_FRAMES * FRAME_SECONDS
    wanted: set[int] = set()
    for span in activity.speech:
        wanted.update(range(int(span.start // seconds), min(chunks - 1, int(span.end // seconds)) + 1))
    return sorted(wanted)


def _span(stretch: Stretch) -> tuple[float, float]:
    return round(stretch.start * FRAME_SECONDS, 3), round(stretch.end * FRAME_SECONDS, 3)


def _follow_neighbours(
    stretches: list[Stretch], labels: NDArray[np.int64], good: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Give stretches too short to be embedded the speaker of the nearest that is."""
    known = np.flatnonzero(good)
    if len(known) == 0:
        return np.zeros(len(stretches), np.int64)
    middles = np.array([(s.start + s.end) / 2 for s in stretches])
    result = labels.copy()
    for index in np.flatnonzero(~good):
        result[index] = labels[known[np.abs(middles[known] - middles[index]).argmin()]]
    return result
