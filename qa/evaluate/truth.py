"""Ground truth as it lies beside recordings: a JSON per call, or a `manifest.tsv` for a folder of utterances."""

import csv
from pathlib import Path
from typing import Final

import msgspec

from qa.core.errors import InputError, NotFoundError
from qa.core.roles import Role
from qa.core.transcript import Span

AUDIO_PREFERENCE: Final = ("stereo_8k", "stereo_16k", "mono_8k", "mono_16k")
"""Which file of a call is taken where none was asked for: roles are surest on stereo, and calls come at 8 kHz."""


class TruthTurn(msgspec.Struct, frozen=True):
    """What was really said; other keys of the JSON are ignored."""

    role: Role
    start: float
    end: float
    text: str
    id: int = 0
    channel: int = 0
    tags: tuple[str, ...] = ()
    intended_emotion: str = ""

    @property
    def span(self) -> Span:
        """When it was said."""
        return Span(self.start, self.end)


class Truth(msgspec.Struct, frozen=True):
    """One call as it really was."""

    id: str
    turns: tuple[TruthTurn, ...]
    files: dict[str, str]
    """Audio kind (`stereo_8k`, `mono_8k`, ...) -> file name beside the JSON."""
    duration: float = 0.0
    language: str = ""
    talk_time: dict[str, float] | None = None
    """Role -> seconds."""
    silences_ge_3s: tuple[tuple[float, float], ...] | None = None
    overlaps: tuple[tuple[float, float, int, int], ...] | None = None
    """Start, end, id of the turn that is cut into, id of the turn that cuts in."""
    expect: dict[str, object] = {}


class TruthFile(msgspec.Struct, frozen=True):
    """A truth and where it was read from."""

    truth: Truth
    path: Path

    def audio(self, kind: str | None) -> Path | None:
        """The recording of that kind, or the first by preference; None where the call has none that exists."""
        kinds = (kind,) if kind else (*AUDIO_PREFERENCE, *self.truth.files)
        for one in kinds:
            name = self.truth.files.get(one)
            if name and (self.path.parent / name).is_file():
                return self.path.parent / name
        return None


class Utterance(msgspec.Struct, frozen=True):
    """One row of a `manifest.tsv`: a file and its text."""

    path: Path
    text: str


def require(where: Path) -> None:
    """Raise `NotFoundError` unless there is something to evaluate: a file, or a folder with ground truth."""
    if where.is_file():
        return
    if not where.is_dir():
        raise NotFoundError("evaluate.no_folder", folder=where)
    if not (where / "manifest.tsv").is_file() and not read_calls(where):
        raise NotFoundError("evaluate.nothing_here", folder=where)


def read_calls(folder: Path) -> list[TruthFile]:
    """Every call under `folder` in order of path. JSON files that describe no turns are passed over."""
    found: list[TruthFile] = []
    for path in sorted(folder.rglob("*.json")):
        raw = path.read_bytes()
        try:
            if not {"turns", "files"} <= msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).keys():
                continue
        except msgspec.DecodeError:
            continue  # some other JSON that happens to lie there
        try:
            found.append(TruthFile(msgspec.json.decode(raw, type=Truth), path))
        except msgspec.ValidationError as exc:
            raise InputError("evaluate.bad_truth", file=path, reason=exc) from exc
    return found


def read_manifest(path: Path) -> list[Utterance]:
    """The rows of a `manifest.tsv` (tab-separated, with a head line) whose file exists and whose text is known."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"file", "transcript"} <= set(rows.fieldnames or ()):
            raise InputError("evaluate.bad_manifest", file=path)
        found = [
            Utterance(path.parent / row["file"], row["transcript"] or "") for row in rows if row["transcript"]
        ]
    existing = [u for u in found if u.path.is_file()]
    if not existing:
        raise NotFoundError("evaluate.nothing_here", folder=path.parent)
    return existing
