"""The sample calls as the speech stages see them: 16 kHz sound and the turns that are true."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SAMPLES = Path(__file__).parents[3] / "samples"
CALLS = tuple(sorted(p.parent.name for p in SAMPLES.glob("*/*.json")))


def truth(call: str) -> dict[str, Any]:
    """The ground truth of a sample call."""
    return dict(json.loads((SAMPLES / call / f"{call}.json").read_text(encoding="utf-8")))


def mono(call: str) -> NDArray[np.int16]:
    """The call on one channel at 16 kHz, mixed down where the sample has two."""
    files = truth(call)["files"]
    name = files.get("mono_8k") or files["stereo_8k"]
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    parts = []
    with av.open(str(SAMPLES / call / name)) as container:
        for frame in container.decode(audio=0):
            parts += [f.to_ndarray()[0] for f in resampler.resample(frame)]
    parts += [f.to_ndarray()[0] for f in resampler.resample(None)]
    return np.concatenate(parts)
