"""Fuzzes the verifier: whatever lies in a pack, it answers in sentences and takes no changed one for intact.

    python tools/fuzz_verify.py [CORPUS] [-max_total_time=600]

The input picks a way to touch a good pack: other bytes in a file, another value in a signed manifest, a zip file
made of anything, lines of the audit log, or a key file.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qa.exports.verify"]):
    from qa.exports import verify
from qa.exports.chain import digest_of
from qa.exports.manifest import About, PackWriter, Refers, Rule
from qa.exports.sign import SigningKey

KEY = SigningKey.new()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOME = Path(tempfile.mkdtemp(prefix="tj-fuzz-"))
ORIGINAL = HOME / "original"


class WrongError(Exception):
    """The verifier was wrong about a pack."""


def make_pack() -> dict[str, bytes]:
    """A good pack; returns its files."""
    with PackWriter(ORIGINAL, About("default", "li", NOW, (Rule("r", 1),))) as pack:
        refers = Refers("rule", "v", "rec")
        pack.add_bytes("f.csv", b'n,rule,v,rec\r\n1,r,1,a\r\n2,r,1,"a"\r\n', refers)
        pack.add_bytes("f.jsonl", b'{"n":1,"rule":"r","v":1,"rec":"a"}\n{"n":2,"rule":"r","v":1}\n', refers)
        pack.add_bytes("f.bin", b"binary")
        pack.add_recordings([{"id": "a", "sha256": "0" * 64, "size": 1}])
        events, last = [], verify.GENESIS
        for seq in range(1, 4):
            event = {
                "id": str(seq), "tenant": "default", "seq": seq, "at": NOW, "observed_at": NOW, "actor": "li",
                "action": "a.b", "recording_id": None, "details": {}, "previous_hash": last,
            }  # fmt: skip
            last = event["hash"] = verify.link(last, digest_of(event))
            events.append(event)
        pack.add_events(events, lambda one: one["seq"] != 2)
        pack.close(KEY, [KEY.statement(NOW)])
    return {str(one.relative_to(ORIGINAL)): one.read_bytes() for one in ORIGINAL.rglob("*") if one.is_file()}


FILES = make_pack()
NAMES = sorted(name for name in FILES if name != "verify.py")


def look(place: Path, *, changed: bool) -> None:
    """Verify; say every sentence in both languages; a changed pack must not be intact."""
    report = verify.verify(place, [KEY.id])
    for said in [*report.problems, *report.notes, report.verdict]:
        said.sentence("en")
        said.sentence("zh")
    if changed == (report.exit_code == verify.INTACT):
        raise WrongError(f"changed={changed} exit={report.exit_code}")


def with_file(name: str, content: bytes) -> None:
    """The good pack with another content of one file."""
    file = ORIGINAL / name
    file.write_bytes(content)
    try:
        look(ORIGINAL, changed=content != FILES[name])
    finally:
        file.write_bytes(FILES[name])


def any_file(data: atheris.FuzzedDataProvider) -> None:
    """Other bytes at some place of some file."""
    name = NAMES[data.ConsumeIntInRange(0, len(NAMES) - 1)]
    good = FILES[name]
    start = data.ConsumeIntInRange(0, len(good))
    end = data.ConsumeIntInRange(start, len(good))
    with_file(name, good[:start] + data.ConsumeBytes(data.remaining_bytes()) + good[end:])


def signed_manifest(data: atheris.FuzzedDataProvider) -> None:
    """A manifest with anything in one of its fields, signed as it should be."""
    manifest = json.loads(FILES[verify.MANIFEST])
    place, field = manifest, sorted(manifest)[data.ConsumeIntInRange(0, len(manifest) - 1)]
    while isinstance(place[field], (dict, list)) and place[field] and data.ConsumeBool():
        place = place[field]
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        field = keys[data.ConsumeIntInRange(0, len(keys) - 1)]
    text = data.ConsumeUnicodeNoSurrogates(data.remaining_bytes())
    try:
        place[field] = json.loads(text)
    except (ValueError, RecursionError):
        place[field] = text
    try:
        content = verify.canonical(manifest)
    except (ValueError, RecursionError):
        return
    (ORIGINAL / verify.MANIFEST).write_bytes(content)
    (ORIGINAL / verify.SIGNATURE).write_bytes(KEY.sign(content).hex().encode() + b"\n")
    try:
        report = verify.verify(ORIGINAL, [KEY.id])
        for said in [*report.problems, *report.notes]:
            said.sentence("zh")
    finally:
        for name in (verify.MANIFEST, verify.SIGNATURE):
            (ORIGINAL / name).write_bytes(FILES[name])


def any_zip(data: atheris.FuzzedDataProvider) -> None:
    """Anything as a zip file."""
    file = HOME / "any.zip"
    file.write_bytes(data.ConsumeBytes(data.remaining_bytes()))
    verify.verify(file, [KEY.id])


def touched_zip(data: atheris.FuzzedDataProvider) -> None:
    """A good zip file with other bytes at some place; what lies in it may still be as it was."""
    good = ZIPPED
    start = data.ConsumeIntInRange(0, len(good))
    end = data.ConsumeIntInRange(start, min(len(good), start + 64))
    file = HOME / "touched.zip"
    file.write_bytes(good[:start] + data.ConsumeBytes(64) + good[end:])
    verify.verify(file, [KEY.id])


def any_key_file(data: atheris.FuzzedDataProvider) -> None:
    """Anything as a key file, and what comes out of it as statements."""
    try:
        ids, statements = verify.read_keys(data.ConsumeUnicode(data.remaining_bytes()))
    except ValueError:
        return
    verify.verify(ORIGINAL, ids, statements)


def any_rows(data: atheris.FuzzedDataProvider) -> None:
    """Rows come out as they went in, and a place is named wherever two lists of rows differ."""
    import io

    kind = "csv" if data.ConsumeBool() else "jsonl"
    content = data.ConsumeBytes(data.remaining_bytes())
    rows = list(verify.records(io.BytesIO(content), kind, lambda _: None))
    if b"".join(rows) != content:
        raise WrongError("rows")
    one, two = (b"".join(map(verify.row_hash, part)) for part in (rows[::2], rows[1::2]))
    if (verify.compare_rows("f", one, two) is None) != (one == two):
        raise WrongError("compare")


WAYS: tuple[Callable[[atheris.FuzzedDataProvider], None], ...] = (
    any_file, any_file, signed_manifest, any_zip, touched_zip, any_key_file, any_rows,
)  # fmt: skip
ZIPPED = Path(shutil.make_archive(str(HOME / "good"), "zip", ORIGINAL)).read_bytes()


def one_input(raw: bytes) -> None:
    """One input of the fuzzer."""
    data = atheris.FuzzedDataProvider(raw)
    WAYS[data.ConsumeIntInRange(0, len(WAYS) - 1)](data)


if __name__ == "__main__":
    look(ORIGINAL, changed=False)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
