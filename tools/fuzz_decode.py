"""Fuzzes the decoder: any bytes give sound or a sentence, within the limits, and never end the process.

    python tools/fuzz_decode.py CORPUS [-max_total_time=600]

Start it with short recordings of many formats in the corpus folder (`make fuzz` makes them): what lies under the
decoder is FFmpeg, which is not instrumented, so coverage guides little here and good seeds guide much. The first
byte of an input picks the extension.
"""

import logging
import shutil
import sys
import tempfile
import wave
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qa.audio"]):
    from qa.audio.decode import DecodeLimits, decode
from qa.core.errors import TingjianError

LIMITS = DecodeLimits(max_bytes=2**20, max_seconds=120.0, max_channels=4)
SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".amr", ".gsm", ".vox", ".g729", ".al", ".webm", "")
HOME = Path(tempfile.mkdtemp(prefix="tj-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108


def one_input(raw: bytes) -> None:
    """One input of the fuzzer: an extension and the bytes of a file."""
    if not raw:
        return
    path = HOME / f"call{SUFFIXES[raw[0] % len(SUFFIXES)]}"
    path.write_bytes(raw[1:])
    work = HOME / "work"
    try:
        sound = decode(path, work, LIMITS)
        longest = max((len(one) for one in sound.channels), default=0) / 16000
        if longest > LIMITS.max_seconds + 1 or len(sound.channels) > LIMITS.max_channels:
            raise RuntimeError(f"over the limits: {longest} s, {len(sound.channels)} channels")
    except TingjianError:
        if work.exists() and any(work.iterdir()):
            raise RuntimeError("left something behind") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
        path.unlink(missing_ok=True)


def make_seeds(folder: Path) -> None:
    """Two seconds of a tone in every format that PyAV can write here."""
    import av
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    tone = (np.sin(np.arange(16000) * 0.2) * 8000).astype(np.int16)
    formats = {
        ".mp3": "mp3",
        ".flac": "flac",
        ".ogg": "libopus",
        ".opus": "libopus",
        ".m4a": "aac",
        ".webm": "libopus",
    }
    for number, suffix in enumerate(SUFFIXES):
        file = HOME / f"seed{suffix}"
        if suffix in formats:
            with av.open(str(file), "w") as out:
                rate = 48000 if "opus" in formats[suffix] else 8000
                stream = out.add_stream(formats[suffix], rate=rate, layout="mono")
                frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
                frame.sample_rate = 8000
                for one in av.AudioResampler(stream.format, "mono", rate).resample(frame):
                    out.mux(stream.encode(one))
                out.mux(stream.encode(None))
        elif suffix in (".wav", ""):
            with wave.open(str(file), "wb") as sound:
                sound.setparams((1, 2, 8000, 0, "NONE", ""))
                sound.writeframes(tone.tobytes())
        else:
            file.write_bytes(tone.tobytes()[:4000])
        (folder / f"tone{number}").write_bytes(bytes([number]) + file.read_bytes()[:20000])
        file.unlink()


if __name__ == "__main__":
    logging.disable()
    if sys.argv[1:2] == ["--seeds"]:
        make_seeds(Path(sys.argv[2]))
    else:
        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()
