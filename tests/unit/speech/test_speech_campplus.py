import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from speech_samples import CALLS, mono, truth

from qa.models import store
from qa.settings import Settings
from qa.speech.diarize import EMBEDDING


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_adapter_loads_neither_torch_nor_pyannote() -> None:
    heavy = "{'torch', 'torchaudio', 'pyannote', 'pyannote.audio'} & set(sys.modules)"
    assert python(f"import sys, qa.speech.diarize, qa.speech.turns; print({heavy} or 'none')") == "none"


def test_pyannote_is_imported_with_its_telemetry_off_whatever_the_environment_says() -> None:
    code = """
import os
os.environ["PYANNOTE_METRICS_ENABLED"] = "1"
from qa.speech.torchaudio_compat import import_pyannote
import_pyannote()
from pyannote.audio.telemetry.metrics import is_metrics_enabled
print(is_metrics_enabled())
"""
    assert python(code) == "False"


@pytest.fixture(scope="module")
def embeddings() -> dict[str, list[tuple[str, NDArray[np.float64]]]]:
    import torch

    from qa.speech import campplus

    torch.set_num_threads(1)
    network = campplus.load(store.ensure(EMBEDDING, Settings()) / "campplus_cn_en_common.pt")
    found: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
    for call in CALLS:
        sound = torch.from_numpy(mono(call).astype(np.float32) / 32768)
        for turn in truth(call)["turns"]:
            if turn["end"] - turn["start"] < 2.0:
                continue
            features = campplus.fbank(sound[int(turn["start"] * 16000) : int(turn["end"] * 16000)])
            with torch.inference_mode():
                vector = network((features - features.mean(0)).unsqueeze(0))[0].double().numpy()
            found.setdefault(call, []).append((turn["role"], vector / np.linalg.norm(vector)))
    return found


@pytest.mark.models
def test_the_published_weights_fit_the_network_and_tell_same_from_different_speakers(
    embeddings: dict[str, list[tuple[str, NDArray[np.float64]]]],
) -> None:
    same, different = [], []
    for turns in embeddings.values():
        for i, (role, vector) in enumerate(turns):
            for other_role, other in turns[i + 1 :]:
                (same if role == other_role else different).append(float(vector @ other))
    assert np.median(same) - np.median(different) > 0.3
    threshold = (np.median(same) + np.median(different)) / 2
    errors = sum(s < threshold for s in same) + sum(d > threshold for d in different)
    assert errors / (len(same) + len(different)) < 0.05


@pytest.mark.models
def test_an_embedding_does_not_depend_on_the_batch_it_is_computed_in() -> None:
    import torch

    from qa.speech import campplus

    network = campplus.load(store.ensure(EMBEDDING, Settings()) / "campplus_cn_en_common.pt")
    features = torch.randn(3, 234, campplus.MEL_BINS, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together = network(features)
        alone = torch.cat([network(row.unsqueeze(0)) for row in features])
    assert together.shape == (3, campplus.DIMENSION)
    assert torch.allclose(together, alone, atol=1e-4)
