"""What a recording costs: the whole pipeline beside plain faster-whisper (and WhisperX) on the same input.

    python -m bench.pipeline [--recordings FOLDER] [--form stereo_8k|mono_8k] [--rounds 3] [--json FILE]

Every contender runs in a process of its own, warmed up on the first recording before the clock starts, so that
loading models and compiling are not counted; contenders take turns within a round. What is compared is CPU
seconds (user + system, all threads), which a noisy machine disturbs less than wall time. The plain contender
is `BatchedInferencePipeline` with batch 8, beam 5, VAD and word times over each channel one after the other.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = 2
CONTENDERS = ("faster-whisper", "tingjian", "whisperx")


def main() -> None:
    """Run the rounds and print the table, or, called with `--contender`, be one contender."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, default=Path(__file__).parents[1] / "samples")
    parser.add_argument("--form", default="stereo_8k")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--contender", choices=CONTENDERS)
    options = parser.parse_args()
    files = sorted(options.recordings.rglob(f"*_{options.form}.flac"))
    if not files:
        sys.exit(f"No *_{options.form}.flac under {options.recordings}.")
    if options.contender:
        print(json.dumps(_be(options.contender, files)))
        return
    table = {name: [] for name in CONTENDERS}
    for turn in range(options.rounds):
        for name in CONTENDERS:
            figures = _measure(name, options, turn)
            if figures is not None:
                table[name].append(figures)
    _print(table, options)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


def _measure(name: str, options: argparse.Namespace, turn: int) -> dict[str, float] | None:
    command = [sys.executable, "-m", "bench.pipeline", "--contender", name]
    command += ["--recordings", str(options.recordings), "--form", options.form]
    environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        if turn == 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"{name}: not in the table ({reason})", file=sys.stderr)
        return None
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    print(
        f"round {turn + 1}  {name:15} {figures['cpu_s']:8.1f} CPU-s  {figures['wall_s']:8.1f} s", file=sys.stderr
    )
    return figures


def _be(name: str, files: list[Path]) -> dict[str, float]:
    work = {"faster-whisper": _plain, "tingjian": _tingjian, "whisperx": _whisperx}[name]()
    work(files[:1])
    wall, cpu = time.monotonic(), time.process_time()
    audio, stages = work(files)
    figures = {"audio_s": audio, "wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu}
    import resource

    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures | {f"stage {k}": v for k, v in stages.items()}


Work = Callable[[list[Path]], tuple[float, dict[str, float]]]


def _weights() -> Path:
    from qa.models.store import ensure
    from qa.settings import Settings

    return ensure("whisper-base", Settings())


def _plain() -> Work:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(str(_weights()), device="cpu", compute_type="int8", cpu_threads=THREADS)
    pipeline = BatchedInferencePipeline(model)

    def work(files: list[Path]) -> tuple[float, dict[str, float]]:
        audio = 0.0
        for file in files:
            channels = _channels(file)
            audio += len(channels[0]) / 16000
            for channel in channels:
                segments, _ = pipeline.transcribe(
                    channel, language="zh", batch_size=8, beam_size=5, vad_filter=True, word_timestamps=True
                )
                list(segments)
        return audio, {}

    return work


def _tingjian() -> Work:
    import hashlib

    from qa.core.result import Result
    from qa.pipeline.cache import NoStageCache
    from qa.pipeline.context import RecordingInput
    from qa.pipeline.runner import Pipeline
    from qa.settings import Settings, SpeechSettings

    settings = Settings(
        home=Path(tempfile.mkdtemp(prefix="bench-")), speech=SpeechSettings(threads=THREADS, language="zh")
    )
    pipeline = Pipeline(settings)

    def work(files: list[Path]) -> tuple[float, dict[str, float]]:
        audio = 0.0
        stages: dict[str, float] = {}
        for file in files:
            source = RecordingInput(file, hashlib.sha256(file.read_bytes()).hexdigest(), file.name)
            (result,) = pipeline.run([source], NoStageCache())
            if not isinstance(result, Result) or result.audio is None:
                sys.exit(f"{file.name}: {result}")
            audio += result.audio.duration
            for timing in result.timings:
                stages[timing.stage] = stages.get(timing.stage, 0.0) + timing.cpu_s
        return audio, stages

    return work


def _whisperx() -> Work:
    from qa.speech.torchaudio_compat import import_torchaudio

    import_torchaudio()
    sys.path.append(str(Path(__file__).parents[1] / "build" / "peers"))
    import whisperx

    model = whisperx.load_model(
        str(_weights()), "cpu", compute_type="int8", language="zh", threads=THREADS, vad_method="pyannote"
    )

    def work(files: list[Path]) -> tuple[float, dict[str, float]]:
        audio = 0.0
        for file in files:  # without word times: WhisperX aligns with a second model that only a hub has
            channels = _channels(file)
            audio += len(channels[0]) / 16000
            for channel in channels:
                model.transcribe(channel, batch_size=8)
        return audio, {}

    return work


def _channels(file: Path) -> tuple[Any, ...]:
    from faster_whisper.audio import decode_audio

    sound = decode_audio(str(file), split_stereo="stereo" in file.name)
    return sound if isinstance(sound, tuple) else (sound,)


def _print(table: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    print(
        f"\n{options.form}, Whisper base int8, {THREADS} threads, {platform.machine()}, median of {options.rounds}"
    )
    base = _median(table["faster-whisper"], "cpu_s")
    print(f"{'':16}{'CPU-s':>9}{'CPU-s/s':>9}{'x real time':>13}{'peak MB':>9}{'ratio':>8}")
    for name, rows in table.items():
        if rows:
            cpu, wall, audio = (_median(rows, k) for k in ("cpu_s", "wall_s", "audio_s"))
            print(
                f"{name:16}{cpu:9.1f}{cpu / audio:9.3f}{audio / wall:13.1f}"
                f"{_median(rows, 'peak_mb'):9.0f}{cpu / base:8.2f}"
            )
    for key in sorted({k for row in table["tingjian"] for k in row if k.startswith("stage ")}):
        print(f"  {key[6:]:14}{_median(table['tingjian'], key):9.1f}")


def _median(rows: list[dict[str, float]], key: str) -> float:
    return statistics.median(row[key] for row in rows)


if __name__ == "__main__":
    main()
