"""A small evidence pack with everything in it, and ways to touch it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qa.exports import verify
from qa.exports.chain import digest_of
from qa.exports.manifest import About, PackWriter, Refers, Rule
from qa.exports.sign import SigningKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = (Rule("zh.finance.guaranteed", 3), Rule("zh.common.greeting", 1))
ROWS = 12


def events(count: int, first: int = 1, last_hash: str = verify.GENESIS) -> Iterator[dict[str, Any]]:
    """A stretch of an audit log."""
    for seq in range(first, first + count):
        at = NOW + timedelta(seconds=seq)
        event: dict[str, Any] = {
            "id": f"{seq:032x}", "tenant": "default", "seq": seq, "at": at, "observed_at": at, "actor": "li",
            "action": "review.verdict" if seq % 2 else "signin.ok", "recording_id": f"{seq % 3:032x}",
            "details": {"score": 80.5, "理由": "不成立"}, "previous_hash": last_hash,
        }  # fmt: skip
        last_hash = event["hash"] = verify.link(last_hash, digest_of(event))
        yield event


def make_pack(folder: Path, key: SigningKey, **options: Any) -> Path:
    """Rows in CSV, JSONL and something binary, recordings, events of which every other one is withheld."""
    statements = options.pop("statements", None) or [key.statement(NOW)]
    with PackWriter(folder / options.pop("name", "pack"), About("default", "li", NOW, RULES)) as pack:
        csv = ["n,recording_id,rule,rule_version,quote\r\n"]
        lines = []
        for n in range(1, ROWS + 1):
            rule = RULES[n % 2]
            row = {"n": n, "recording_id": f"{n % 3:032x}", "rule": rule.id, "rule_version": rule.version}
            csv.append(",".join(map(str, row.values())) + f',"稳赚 {n},\n第二行"\r\n')
            lines.append(json.dumps({**row, "quote": f"稳赚 {n}"}, ensure_ascii=False) + "\n")
        refers = Refers("rule", "rule_version", "recording_id")
        pack.path("rows/findings.csv").write_bytes(b"\xef\xbb\xbf" + "".join(csv).encode())
        pack.add_file("rows/findings.csv", ROWS, refers)
        pack.path("rows/findings.jsonl").write_text("".join(lines), encoding="utf-8")
        pack.add_file("rows/findings.jsonl", ROWS, refers)
        pack.add_bytes("rows/findings.parquet", bytes(range(256)))
        pack.add_recordings({"id": f"{n:032x}", "sha256": f"{n:064x}", "size": n} for n in range(3))
        pack.add_events(events(10), lambda event: bool(event["seq"] % 2))
        pack.close(key, statements, options.pop("stamp", None), **options)
    return pack.target


def codes(pack: Path, *trust: str, **more: Any) -> list[str]:
    return [said.code for said in verify.verify(pack, trust, **more).problems]


def sentences(pack: Path, *trust: str) -> list[str]:
    return [said.sentence() for said in verify.verify(pack, trust).problems]


def resign(pack: Path, key: SigningKey, **changes: Any) -> None:
    """Make manifest and signature fit what lies in the folder now, as a forger would."""
    manifest = json.loads((pack / "manifest.json").read_bytes()) | changes
    manifest |= {"key_id": key.id, "public_key": key.public.hex()}
    for entry in manifest["files"]:
        data = (pack / entry["path"]).read_bytes()
        if verify.row_kind(entry["path"]):
            with (pack / entry["path"]).open("rb") as source:
                rows = list(verify.records(source, entry["path"].rpartition(".")[2], lambda _: None))
            side = pack / (entry["path"] + verify.ROWS_SUFFIX)
            side.write_text("".join(verify.row_hash(row).hex() + "\n" for row in rows))
            entry["rows"] = len(rows) - entry["path"].endswith(".csv")
        entry |= {"size": len(data), "sha256": verify.hashlib.sha256(data).hexdigest()}
    for entry in manifest["files"]:
        if entry["path"].endswith(verify.ROWS_SUFFIX):
            data = (pack / entry["path"]).read_bytes()
            entry |= {"size": len(data), "sha256": verify.hashlib.sha256(data).hexdigest()}
    data = verify.canonical(manifest)
    (pack / "manifest.json").write_bytes(data)
    (pack / "manifest.sig").write_text(key.sign(data).hex() + "\n")


def files_of(pack: Path) -> list[str]:
    return sorted(str(one.relative_to(pack)) for one in pack.rglob("*") if one.is_file() or one.is_symlink())
