"""Memory stays flat however long the recording is."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PEAK_MB = 200
"""Cap on the whole process while decoding, of which the imports (numpy, scipy, PyAV) are about 120."""


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1, 4])
def test_hours_of_stereo_are_decoded_in_flat_memory(tmp_path: Path, hours: int) -> None:
    script = f"""
        import struct
        from pathlib import Path
        import numpy as np
        from qa.audio.decode import decode
        path = Path({str(tmp_path)!r}) / "long.wav"
        minute = np.random.default_rng(0).integers(0, 256, 2 * 60 * 8000, dtype=np.uint8).tobytes()
        size = len(minute) * 60 * {hours}
        with path.open("wb") as out:
            fmt = struct.pack("<HHIIHH", 7, 2, 8000, 16000, 2, 8)
            out.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + fmt)
            out.write(b"data" + struct.pack("<I", size))
            for _ in range(60 * {hours}):
                out.write(minute)
        audio = decode(path, Path({str(tmp_path)!r}) / "work")
        # not ru_maxrss: that starts at what the parent had when it forked
        status = Path("/proc/self/status").read_text()
        decoding = int(status.split("VmHWM:")[1].split()[0]) // 1024
        assert audio.info.duration == 3600.0 * {hours}, audio.info
        assert audio.info.channels == 2
        print(decoding)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, timeout=500
    )
    assert int(done.stdout) < PEAK_MB
