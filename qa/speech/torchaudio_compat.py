"""Make `import pyannote.audio` work beside a CPU build of torch, quietly and without telling anybody.

pyannote.audio imports torchaudio, whose wheel on the package index is linked against CUDA libraries that a CPU
build of torch does not carry, so the import of its compiled extension fails. Nothing here needs that extension:
the Kaldi filter bank and the resampler are pure Python. Only when the plain import fails is the extension
replaced by an empty stand-in; where torchaudio fits torch, nothing is touched.
"""

import importlib
import os
import sys
import warnings
from types import ModuleType
from typing import Final

from qa.core.errors import ModelError

METRICS_VARIABLE: Final = "PYANNOTE_METRICS_ENABLED"
"""pyannote.audio sends durations of recordings to its makers unless this variable is `0` before its import."""


def import_torchaudio() -> ModuleType:
    """The torchaudio package, with its compiled extension replaced where that cannot be loaded."""
    try:
        return importlib.import_module("torchaudio")
    except OSError:
        _forget("torchaudio")
    sys.modules["torchaudio._extension"] = _stand_in()
    return importlib.import_module("torchaudio")


def import_pyannote() -> ModuleType:
    """The pyannote.audio package, its telemetry switched off before the first line of it runs.

    Raises `ModelError` (`speech.diarize_unavailable`) where it cannot be imported at all.
    """
    os.environ[METRICS_VARIABLE] = "0"
    try:
        import_torchaudio()
        with warnings.catch_warnings():
            # torchcodec, which fails beside CPU torch for the same reason, is reported as a page-long warning;
            # sound is only ever handed over as tensors, so that nothing is decoded by it.
            warnings.simplefilter("ignore")
            return importlib.import_module("pyannote.audio")
    except (ImportError, OSError) as error:
        raise ModelError("speech.diarize_unavailable", why=type(error).__name__) from error


def _stand_in() -> ModuleType:
    stub = ModuleType("torchaudio._extension")

    def check_cuda_version() -> None:
        return None

    def fail_if_no_align(function: object) -> object:
        return function

    vars(stub).update(
        _check_cuda_version=check_cuda_version,
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=fail_if_no_align,
    )
    return stub


def _forget(package: str) -> None:
    """Drop a package whose import broke off half-way, so that it can be tried again."""
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]
