"""Runs recordings with a known truth through the pipeline and measures what comes out."""

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import soundfile

from qa.core.base import Record
from qa.core.errors import NotFoundError
from qa.core.messages import message
from qa.core.result import Result, RunStatus
from qa.core.speech import AudioInfo
from qa.evaluate.cer import compare
from qa.evaluate.score import Cost, RecordingScore, score_call
from qa.evaluate.truth import Truth, TruthFile, Utterance, read_calls, read_manifest, require
from qa.pipeline.cache import FolderStageCache, NoStageCache
from qa.pipeline.context import RecordingInput, RunFailure
from qa.pipeline.runner import Pipeline

Progress = Callable[[int, int, str, str, float], None]
"""`progress(recording, recordings, name, stage, share done 0..1)`."""

PAUSE: Final = 0.6
"""Seconds of silence between utterances that are joined: single ones are shorter than a call may be."""
JOINED_SECONDS: Final = 600.0
"""Utterances of a manifest are joined into recordings of about this length."""


class Evaluation(Record, frozen=True):
    """What was measured."""

    scores: tuple[RecordingScore, ...]
    cost: Cost
    left_out: tuple[str, ...] = ()
    """Files or calls that could not be compared."""


@dataclass(frozen=True, slots=True)
class Job:
    """How recordings are analysed."""

    pipeline: Pipeline
    together: int = 1
    """Recordings given to the pipeline at a time."""
    progress: Progress = lambda _index, _total, _name, _stage, _share: None
    cache: Path | None = None
    """Folder that keeps stage outputs between runs, at the price of knowing no times."""


def evaluate_folder(folder: Path, job: Job, audio: str | None = None) -> Evaluation:
    """Evaluate the calls under `folder`, or, where there are none, the utterances of its `manifest.tsv`.

    `audio` names the file of each call (`stereo_8k`, ...); the first that exists where it is None. Raises
    `NotFoundError` where the folder holds neither.
    """
    require(folder)
    calls = read_calls(folder)
    if calls:
        return _evaluate_calls(calls, job, audio)
    return _evaluate_manifest(read_manifest(folder / "manifest.tsv"), job)


def _evaluate_calls(calls: Sequence[TruthFile], job: Job, audio: str | None) -> Evaluation:
    chosen = [(call.truth, path) for call in calls if (path := call.audio(audio))]
    left_out = tuple(call.truth.id for call in calls if call.audio(audio) is None)
    if not chosen:
        raise NotFoundError("evaluate.no_audio", audio=audio or "*", folder=calls[0].path.parent.parent)
    with _measured() as cost:
        results = _run([path for _, path in chosen], job)
        scores = tuple(
            score_call(truth, path.name, result or _nothing(truth, failure))
            for (truth, path), (result, failure) in zip(chosen, results, strict=True)
        )
    return Evaluation(scores, cost(scores), left_out)


def _evaluate_manifest(utterances: Sequence[Utterance], job: Job) -> Evaluation:
    with tempfile.TemporaryDirectory(prefix="tingjian-evaluate-") as scratch, _measured() as cost:
        joined, left_out = join_utterances(utterances, Path(scratch))
        results = _run([path for path, _ in joined], job)
        scores = tuple(
            _text_score(path, text, result, failure)
            for (path, text), (result, failure) in zip(joined, results, strict=True)
        )
    return Evaluation(scores, cost(scores), tuple(left_out))


def join_utterances(utterances: Sequence[Utterance], folder: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Join mono utterances of one sample rate, in order, into files of about `JOINED_SECONDS`.

    Returns the files with their texts, and the names of those that are not mono and were left out.
    """
    joined: list[tuple[Path, str]] = []
    left_out: list[str] = []
    by_rate: dict[int, list[tuple[np.ndarray[tuple[int, ...], np.dtype[np.int16]], str]]] = {}
    for utterance in utterances:
        samples, rate = soundfile.read(utterance.path, dtype="int16", always_2d=True)
        if samples.shape[1] != 1:
            left_out.append(utterance.path.name)
            continue
        by_rate.setdefault(rate, []).append((samples[:, 0], utterance.text))
    for rate, parts in by_rate.items():
        pause = np.zeros(int(PAUSE * rate), dtype=np.int16)
        limit = int(JOINED_SECONDS * rate)
        group: list[tuple[np.ndarray[tuple[int, ...], np.dtype[np.int16]], str]] = []
        for position, part in enumerate(parts):
            group.append(part)
            if sum(len(s) for s, _ in group) >= limit or position == len(parts) - 1:
                path = folder / f"joined-{len(joined) + 1:02d}-{rate}.flac"
                soundfile.write(path, np.concatenate([x for s, _ in group for x in (s, pause)]), rate)
                joined.append((path, "，".join(t for _, t in group)))
                group = []
    return joined, left_out


def _run(paths: Sequence[Path], job: Job) -> list[tuple[Result | None, RunFailure | None]]:
    store = FolderStageCache(job.cache) if job.cache else NoStageCache()
    outcomes: list[tuple[Result | None, RunFailure | None]] = []
    for first in range(0, len(paths), job.together):
        batch = [RecordingInput(p, _sha256(p), p.name) for p in paths[first : first + job.together]]

        def report(index: int, stage: str, done: float, total: float, offset: int = first) -> None:
            at = offset + index
            job.progress(at, len(paths), paths[at].name, stage, done / total if total else 0.0)

        outcomes += [
            (None, outcome) if isinstance(outcome, RunFailure) else (outcome, None)
            for outcome in job.pipeline.run(batch, store, report)
        ]
    return outcomes


def _nothing(truth: Truth, failure: RunFailure | None) -> Result:
    """A result that found nothing, for a recording that failed."""
    return Result(
        sha256="",
        name=truth.id,
        status=RunStatus.FAILED,
        audio=None,
        reason=failure.reason if failure else message("evaluate.no_result"),
    )


def _text_score(path: Path, text: str, result: Result | None, failure: RunFailure | None) -> RecordingScore:
    turns = result.transcript.turns if result and result.transcript else ()
    words = sorted((w for t in turns for w in t.words), key=lambda w: w.start)
    info: AudioInfo | None = result.audio if result else None
    return RecordingScore(
        id=path.stem,
        file=path.name,
        status=result.status.value if result else RunStatus.FAILED.value,
        reason=result.reason if result else failure.reason if failure else None,
        audio_s=info.duration if info else float(soundfile.info(path).duration),
        characters=compare(text, "".join(w.text for w in words)),
        timings=result.timings if result else (),
    )


@contextmanager
def _measured() -> Iterator[Callable[[Sequence[RecordingScore]], Cost]]:
    wall, cpu = time.monotonic(), time.process_time()

    def cost(scores: Sequence[RecordingScore]) -> Cost:
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB on Linux
        return Cost(
            wall_s=time.monotonic() - wall,
            cpu_s=time.process_time() - cpu,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
            cached=any(t.cached for s in scores for t in s.timings),
        )

    yield cost


def _sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def to_bytes(document: object) -> bytes:
    """JSON as `--json` writes it: indented, so that two runs can be compared line by line."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
