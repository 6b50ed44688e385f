"""From what was typed to the recordings that are meant."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from qa.audio.names import shown_name
from qa.core.errors import InputError

# fmt: off
SUFFIXES: Final = frozenset({
    ".wav", ".wave", ".w64", ".flac", ".mp3", ".mp2", ".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".aac",
    ".ogg", ".oga", ".opus", ".webm", ".mkv", ".avi", ".wma", ".wmv", ".asf", ".flv", ".amr", ".3gp",
    ".3g2", ".gsm", ".au", ".snd", ".aif", ".aiff", ".caf", ".spx", ".vox", ".raw", ".alaw", ".ulaw",
    ".al", ".ul", ".g722", ".g726", ".g729",
})
# fmt: on
"""What a folder is searched for. A file that is named itself is tried whatever it is called."""


class Given(msgspec.Struct, frozen=True):
    """One recording as it was given, and what is known of it before it is decoded."""

    path: Path
    sha256: str
    name: str
    same_as: str | None = None
    """Name of an earlier one with the same bytes."""
    unreadable: str | None = None
    """Why it cannot be read at all."""


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """Files in the order given; folders are searched for audio and video, hidden ones left out, by path.

    Raises `InputError` for a path that does not exist and for a folder with nothing to listen to.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not _hidden(p, path))
            files = [p for p in inside if p.is_file()]
            if not files:
                raise InputError("cli.nothing_in_folder", folder=path)
            found.update(dict.fromkeys(files))
        elif path.exists():
            found[path] = None
        else:
            raise InputError("cli.no_such_file", file=shown_name(path))
    return list(found)


def identify(paths: Sequence[Path]) -> Iterator[Given]:
    """Hash each file; one whose bytes were seen before says which it repeats."""
    seen: dict[str, str] = {}
    for path in paths:
        name = shown_name(path)
        try:
            with path.open("rb") as data:
                sha256 = hashlib.file_digest(data, "sha256").hexdigest()
        except OSError as exc:
            yield Given(path, "", name, unreadable=exc.strerror or type(exc).__name__)
            continue
        yield Given(path, sha256, name, same_as=seen.get(sha256))
        seen.setdefault(sha256, name)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
