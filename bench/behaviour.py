"""What behaviour and tone cost: beside the transcription, and beside librosa and Praat on the same features.

    python -m bench.behaviour [--recordings FOLDER] [--form stereo_8k] [--rounds 5] [--no-pipeline]

Features: pitch and level every 20 ms over each channel from end to end, CPU seconds per second of sound, the best
of the rounds, one thread. Peers that are not installed are left out: `pip install --target build/peers --no-deps
librosa==0.11.0 numba llvmlite lazy_loader audioread pooch soxr joblib msgpack decorator praat-parselmouth`.
Praat is GPL: it is a yardstick here and no part of the program.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path.append(str(Path(__file__).parents[1] / "build" / "peers"))

import numpy as np  # noqa: E402 - threads are set before

from qa.audio.decode import DecodeLimits, decode  # noqa: E402
from qa.audio.samples import SAMPLE_RATE  # noqa: E402
from qa.audio.voice import pitch_of, voice_frames  # noqa: E402
from qa.core.transcript import Span  # noqa: E402

Features = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Samples (16 bit) -> pitch in Hz (0 or NaN where unvoiced), level."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, default=Path(__file__).parents[1] / "samples")
    parser.add_argument("--form", default="stereo_8k")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-pipeline", action="store_true")
    options = parser.parse_args()
    files = sorted(options.recordings.rglob(f"*_{options.form}.flac"))
    if not files:
        sys.exit(f"No *_{options.form}.flac under {options.recordings}.")
    with tempfile.TemporaryDirectory() as scratch:
        channels = [c for f in files for c in decode(f, Path(scratch) / f.stem, DecodeLimits(), _quiet).channels]
        seconds = sum(len(c) for c in channels) / SAMPLE_RATE
        print(f"{seconds:.0f} s of channel sound, CPU seconds per second")
        for label, features in _contenders().items():
            features(np.asarray(channels[0]))
            best = min(
                _cpu(lambda f=features: [f(np.asarray(c)) for c in channels]) for _ in range(options.rounds)
            )
            print(f"  {label:10s} {best / seconds:.5f}")
    if not options.no_pipeline:
        _stages(files)


def _quiet(_stage: str, _done: float, _total: float) -> None:
    """Report to nobody."""


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _contenders() -> dict[str, Features]:
    found: dict[str, Features] = {"tingjian": _ours}
    for label, features, module in (("librosa", _librosa, "librosa"), ("Praat", _praat, "parselmouth")):
        try:
            __import__(module)
        except ImportError:
            print(f"  {label} is not installed")
        else:
            found[label] = features
    return found


def _ours(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    frames = voice_frames(samples, [Span(0.0, len(samples) / SAMPLE_RATE)])
    return pitch_of(frames)[0], frames.level


def _librosa(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import librosa

    sound = samples.astype(np.float32) / 32768
    pitch = librosa.yin(sound, fmin=75, fmax=500, sr=SAMPLE_RATE, frame_length=1024, hop_length=320)
    return pitch, librosa.feature.rms(y=sound, frame_length=640, hop_length=320)[0]


def _praat(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import parselmouth

    sound = parselmouth.Sound(samples.astype(np.float64) / 32768, SAMPLE_RATE)
    pitch = sound.to_pitch_ac(time_step=0.02, pitch_floor=75, pitch_ceiling=500)
    return pitch.selected_array["frequency"], sound.to_intensity(minimum_pitch=75, time_step=0.02).values[0]


def _stages(files: list[Path]) -> None:
    """Share of the stage in what transcription takes, model loading left out."""
    from qa.pipeline.cache import NoStageCache
    from qa.pipeline.context import RecordingInput
    from qa.pipeline.runner import Pipeline
    from qa.settings import Settings

    with tempfile.TemporaryDirectory() as home:
        pipeline = Pipeline(Settings(home=Path(home)))
        inputs = [RecordingInput(f, f.stem, f.name) for f in files]
        pipeline.run(inputs[:1], NoStageCache())
        spent: dict[str, float] = {}
        for one in inputs:
            result = pipeline.run([one], NoStageCache())[0]
            for timing in getattr(result, "timings", ()):
                spent[timing.stage] = spent.get(timing.stage, 0.0) + timing.cpu_s
    share = spent["behaviour"] / spent["transcribe"]
    print(f"behaviour {spent['behaviour']:.2f} CPU-s, transcription {spent['transcribe']:.1f} CPU-s: {share:.2%}")


if __name__ == "__main__":
    main()
