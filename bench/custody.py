"""What encryption at rest costs: throughput, and CPU seconds for an hour of sound.

python -m bench.custody [MEGABYTES]
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from qa.storage.sealed import new_key, seal, unsealed

HOUR_MB = 2 * 2 * 8000 * 3600 / 1e6
"""An hour of stereo telephone sound, 8 kHz, 16 bit."""


def timed(act: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    act()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - wall, cpu


def main(megabytes: int) -> None:
    """Seal a file of random bytes, read it in order, then in many places."""
    key = new_key()
    with tempfile.TemporaryDirectory() as folder:
        plain, sealed = Path(folder) / "plain", Path(folder) / "sealed"
        with plain.open("wb") as out:
            for _ in range(megabytes):
                out.write(os.urandom(10**6))

        def write() -> None:
            with plain.open("rb") as source, sealed.open("wb") as out:

                def part(data: bytes) -> None:
                    out.write(data)

                seal(source, part, key, "bench")

        def read() -> None:
            with unsealed(sealed.open("rb"), key, "bench") as source:
                while source.read(256 * 1024):
                    continue

        def jump() -> None:
            with unsealed(sealed.open("rb"), key, "bench") as source:
                for number in range(10_000):
                    source.seek(number * 7919 * 4096 % (megabytes * 10**6))
                    source.read(100)

        for name, act in (("seal", write), ("read", read)):
            wall, cpu = timed(act)
            hour = cpu / megabytes * HOUR_MB
            print(f"{name}: {megabytes / wall:.0f} MB/s, {hour:.3f} CPU s per hour of sound ({HOUR_MB:.0f} MB)")
        print(f"read 100 bytes anywhere: {timed(jump)[0] / 10_000 * 1e6:.0f} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
