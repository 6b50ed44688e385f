#!/usr/bin/env python3
"""Checks a Tingjian evidence pack: nothing in it was changed, removed, added, doubled or put in another order.

    python3 verify.py PACK [--trust KEYID | --key FILE] [--lang zh|en]

PACK is a folder or a zip file. It needs no network, no database and nothing but Python (3.9 or newer); a copy of
this file lies in every pack, but whoever wants proof takes it from somewhere else than the pack. The format is
described in docs/evidence.md. In short:

    manifest.json   canonical JSON: size and SHA-256 of every file, rules, versions, where the audit log stood
    manifest.sig    an Ed25519 signature over the bytes of manifest.json
    manifest.tsr    perhaps: the word of a time-stamping authority (RFC 3161) on when manifest.sig existed
    NAME.rows       beside a file of rows: a short hash of each row, so that the row can be named that was touched
    audit.jsonl     a stretch of the audit log, each event bound to the one before it

Exit code: 0 all of it is as it was signed, by a key you trust; 1 it is not; 2 this cannot be read as a pack;
3 all of it is as it was signed, but you did not say whose key you trust.

The file is long because it is whole: whoever has to believe it reads this one, from top to bottom.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import json
import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

INTACT, TAMPERED, UNREADABLE, UNTRUSTED = 0, 1, 2, 3

FORMAT, SCHEMA = "tingjian-evidence", 1
MANIFEST, SIGNATURE, STAMP = "manifest.json", "manifest.sig", "manifest.tsr"
RECORDINGS, EVENTS = "recordings.jsonl", "audit.jsonl"
ROWS_SUFFIX = ".rows"
GENESIS = "0" * 64
"""What the first event of a chain names as the hash before it."""

MAX_MANIFEST = 64 * 2**20
MAX_FILES = 100_000
MAX_LINE = 16 * 2**20
MAX_TOLD = 20
"""Rows of one file that are named one by one."""
MAX_RATIO = 200
"""No file of a pack shrinks so much when it is zipped; what seems to is made to fill disks."""
RATIO_FROM = 64 * 2**20
_BLOCK = 2**20
_ROW_HASH = 16

# ---------------------------------------------------------------------------------------------------------------
# Canonical JSON (RFC 8785)

_quoted = json.encoder.encode_basestring


def canonical(value: object) -> bytes:
    """The one way to write a JSON value, so that its hash is always the same (RFC 8785).

    UTF-8, no spaces, keys in the order of their UTF-16 code units, shortest escapes, numbers as ECMAScript prints
    them. Beyond the RFC, integers of any size are written with all their digits.
    Raises `ValueError` for NaN, an infinity or half a surrogate pair, and `TypeError` for what JSON has not.
    """
    return _canonical(value).encode("utf-8")


def _canonical(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return "{" + ",".join(f"{_quoted(key)}:{_canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """As ECMAScript's `Number::toString`: Python finds the same digits but places the point otherwise."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = digits.partition(".")
    figures = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(figures))
    figures = figures.rstrip("0")
    if len(figures) <= point <= 21:
        return sign + figures + "0" * (point - len(figures))
    if 0 < point <= 21:
        return sign + figures[:point] + "." + figures[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + figures
    mantissa = figures[0] + ("." + figures[1:] if len(figures) > 1 else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


# ---------------------------------------------------------------------------------------------------------------
# The chain of the audit log

EVENT_FIELDS = ("action", "actor", "at", "details", "id", "observed_at", "recording_id", "seq", "tenant")
"""What the digest of an audit event covers."""


def event_digest(event: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of what an event says."""
    return hashlib.sha256(canonical({name: event[name] for name in EVENT_FIELDS})).hexdigest()


def link(previous_hash: str, digest: str) -> str:
    """The hash of an event: SHA-256 over the 32 bytes of the hash before it and the 32 bytes of its own digest.

    So an event that is nobody's business can be left out of a pack and stand there as its digest alone.
    """
    return hashlib.sha256(bytes.fromhex(previous_hash) + bytes.fromhex(digest)).hexdigest()


# ---------------------------------------------------------------------------------------------------------------
# Ed25519 (RFC 8032, section 5.1.7), verification alone: it handles nothing secret, so it need not be fast or
# take the same time for every input. A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(a: _Point, b: _Point) -> _Point:
    one = (a[1] - a[0]) * (b[1] - b[0]) % _P
    two = (a[1] + a[0]) * (b[1] + b[0]) % _P
    three = 2 * a[3] * b[3] * _D % _P
    four = 2 * a[2] * b[2] % _P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(factor: int, point: _Point) -> _Point:
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _point(encoded: bytes) -> _Point | None:
    """The point that 32 bytes stand for: y, and the lowest bit of x as the highest bit of all."""
    y = int.from_bytes(encoded, "little")
    odd, y = y >> 255, y & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = _P - x
    return (x, y, 1, x * y % _P)


_BASE = _point(bytes([0x58]) + bytes([0x66]) * 31)


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` was made with the secret of `public_key` (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64 or _BASE is None:
        return False
    key, commitment = _point(public_key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _L:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    left = _times(scalar, _BASE)
    right = _add(commitment, _times(int.from_bytes(hashed, "little") % _L, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def key_id(public_key: bytes) -> str:
    """A key's name: SHA-256 of its 32 public bytes, as hex digits. The first sixteen are enough to name it."""
    return hashlib.sha256(public_key).hexdigest()


# ---------------------------------------------------------------------------------------------------------------
# What is said

# fmt: off
SENTENCES = {
    "intact": (
        "{pack}: everything is as it was signed ({files} files, {rows} rows, {events} audit events; key {key}, "
        "{created}).",
        "{pack}：内容与签名时完全一致（{files} 个文件、{rows} 行、{events} 条审计事件；密钥 {key}，{created}）。"),
    "failed": (
        "{pack}: NOT as it was signed: {count} problems.",
        "{pack}：与签名时不一致，发现 {count} 个问题。"),
    "not_found": (
        "{pack}: there is no such file or folder.",
        "{pack}：没有这个文件或文件夹。"),
    "not_a_pack": (
        "{pack} is neither a folder nor a zip file: name the evidence pack.",
        "{pack} 既不是文件夹也不是 zip 文件，请指定证据包。"),
    "half_written": (
        "{pack} has no manifest.json: it was not finished, or is no evidence pack; export it again.",
        "{pack} 里没有 manifest.json：证据包没有写完，或者不是证据包，请重新导出。"),
    "manifest_unreadable": (
        "manifest.json cannot be read as the list of contents it should be ({reason}): nothing can be proven.",
        "manifest.json 无法作为内容清单读取（{reason}），因此什么都无法证明。"),
    "newer_schema": (
        "manifest.json is of format {schema}, this program knows {known}: take a newer verify.py.",
        "manifest.json 的格式版本是 {schema}，本程序只认识 {known}，请使用更新的 verify.py。"),
    "signature_missing": (
        "There is no manifest.sig: the pack is not signed.",
        "没有 manifest.sig：证据包没有签名。"),
    "signature_unreadable": (
        "manifest.sig is not what a signature looks like.",
        "manifest.sig 的内容不是签名的格式。"),
    "signature_wrong": (
        "The signature does not fit manifest.json: one of the two was changed.",
        "签名与 manifest.json 不符：两者之一被改动过。"),
    "key_mismatch": (
        "manifest.json names key {key}, but the public key it holds is {found}.",
        "manifest.json 写的密钥是 {key}，但其中的公钥是 {found}。"),
    "foreign_key": (
        "The pack is signed with key {key}, which is not the one you trust and not vouched for by it.",
        "证据包由密钥 {key} 签名，它不是您信任的密钥，也没有得到该密钥的背书。"),
    "key_unsupported": (
        "Key {key} took the place of {previous} without a valid word of the old key: it was lost, or this is "
        "forged. Ask the sender for the number of the key on another way.",
        "密钥 {key} 接替 {previous} 时没有旧密钥的有效背书：旧密钥遗失，或声明是伪造的。请通过其他途径"
        "向发送方核对密钥编号。"),
    "key_ended": (
        "The pack says it was made at {created}, after key {key} had ended at {ended}.",
        "证据包声称制作于 {created}，但密钥 {key} 已于 {ended} 停用。"),
    "key_unchecked": (
        "Whose key {key} is was not checked: name the one you trust with --trust KEYID or --key FILE.",
        "没有核对密钥 {key} 属于谁：请用 --trust 密钥编号 或 --key 文件 指明您信任的密钥。"),
    "bad_key_file": (
        "{file} is no public key: it should hold a PEM public key, 64 hex digits, or the sender's keys.jsonl.",
        "{file} 不是公钥：应为 PEM 公钥、64 位十六进制数字，或发送方的 keys.jsonl。"),
    "bad_name": (
        "{file}: a file of that name could be written outside the folder, so it is not opened.",
        "{file}：这样的文件名可能指向文件夹之外，因此不予打开。"),
    "not_plain": (
        "{file} is a link or a device, not a file: nothing in a pack may point elsewhere.",
        "{file} 是链接或设备而不是文件：证据包里的内容不得指向别处。"),
    "twice": (
        "{file} is in the zip file twice.",
        "{file} 在 zip 文件中出现了两次。"),
    "too_many": (
        "The pack holds more than {limit} files.",
        "证据包里的文件超过 {limit} 个。"),
    "bomb": (
        "{file} would grow to {size} bytes from {packed}: this is made to fill a disk and is not unpacked.",
        "{file} 将从 {packed} 字节膨胀到 {size} 字节，属于压缩炸弹，不予解压。"),
    "unreadable": (
        "{file} cannot be read: {reason}.",
        "{file} 无法读取：{reason}。"),
    "missing": (
        "{file} is missing.",
        "缺少 {file}。"),
    "additional": (
        "{file} was not in the pack when it was signed.",
        "{file} 在签名时不在证据包里。"),
    "changed": (
        "{file} was changed: its SHA-256 is another one.",
        "{file} 被改动过：SHA-256 不符。"),
    "size": (
        "{file} was changed: it has {found} bytes, {expected} were signed.",
        "{file} 被改动过：现有 {found} 字节，签名时为 {expected} 字节。"),
    "row_changed": (
        "{file}: row {row} was changed.",
        "{file}：第 {row} 行被改动过。"),
    "row_removed": (
        "{file}: row {row} was removed.",
        "{file}：第 {row} 行被删除。"),
    "row_doubled": (
        "{file}: row {row} is there again as row {again}.",
        "{file}：第 {row} 行在第 {again} 行重复出现。"),
    "row_added": (
        "{file}: row {row} was added.",
        "{file}：第 {row} 行是后来添加的。"),
    "row_moved": (
        "{file}: the rows were put in another order; row {row} holds what was row {was}.",
        "{file}：行的顺序被改动；第 {row} 行现在是原来第 {was} 行的内容。"),
    "rows_cut": (
        "{file}: it ends after row {last}; {count} rows at the end are missing.",
        "{file}：在第 {last} 行之后中断，末尾缺少 {count} 行。"),
    "row_count": (
        "{file}: it has {found} rows, manifest.json says {expected}.",
        "{file}：共 {found} 行，manifest.json 写的是 {expected} 行。"),
    "row_unreadable": (
        "{file}: row {row} cannot be read.",
        "{file}：第 {row} 行无法读取。"),
    "stale_rule": (
        "{file}: row {row} refers to version {version} of rule {rule}, which is not among the rules of the pack.",
        "{file}：第 {row} 行引用了规则 {rule} 的版本 {version}，而证据包的规则清单里没有它。"),
    "unknown_recording": (
        "{file}: row {row} refers to recording {recording}, which is not among the recordings of the pack.",
        "{file}：第 {row} 行引用了录音 {recording}，而证据包的录音清单里没有它。"),
    "event_unreadable": (
        "audit.jsonl: line {line} is not an audit event.",
        "audit.jsonl：第 {line} 行不是审计事件。"),
    "event_order": (
        "audit.jsonl: event {found} stands where event {expected} should be.",
        "audit.jsonl：本应是第 {expected} 号事件的位置出现了第 {found} 号事件。"),
    "event_changed": (
        "audit.jsonl: event {seq} is not what was recorded, or not after what was recorded.",
        "audit.jsonl：第 {seq} 号事件与记录不符，或与前一事件衔接不上。"),
    "event_time": (
        "audit.jsonl: event {seq} is dated before the event ahead of it.",
        "audit.jsonl：第 {seq} 号事件的时间早于前一事件。"),
    "chain_cut": (
        "audit.jsonl: it ends with event {seq}; the log stood at event {head} when the pack was signed.",
        "audit.jsonl：止于第 {seq} 号事件，而签名时日志已到第 {head} 号事件。"),
    "chain_head": (
        "audit.jsonl: the hash of the last event is not the one that was signed.",
        "audit.jsonl：最后一个事件的哈希与签名的不一致。"),
    "stamp_other": (
        "manifest.tsr is a time stamp of something else than this manifest.sig.",
        "manifest.tsr 不是这个 manifest.sig 的时间戳。"),
    "stamp_unchecked": (
        "The time stamp belongs to this signature; to see who made it: openssl ts -verify -in manifest.tsr -data "
        "manifest.sig -CAfile AUTHORITY.pem",
        "时间戳与此签名对应；要核对由谁签发：openssl ts -verify -in manifest.tsr -data manifest.sig "
        "-CAfile 机构证书.pem"),
    "bad_trust": (
        "“{key}” is no number of a key: give its first 16 hex digits or more.",
        "“{key}”不是密钥编号：请给出至少前 16 位十六进制数字。"),
    "more": (
        "{file}: {count} more rows of this kind.",
        "{file}：另有 {count} 行存在同类问题。"),
}
# fmt: on
"""Code -> English, Chinese."""


class Said(NamedTuple):
    """One thing there is to say about a pack: which sentence, and what stands in its gaps."""

    code: str
    params: dict[str, object]

    def sentence(self, lang: str = "en") -> str:
        """In English, or in Chinese where `lang` begins with zh."""
        return SENTENCES[self.code][lang.startswith("zh")].format_map(self.params)


class Report:
    """What came of looking at a pack."""

    def __init__(self, pack: str) -> None:
        self.pack = pack
        self.problems: list[Said] = []
        self.notes: list[Said] = []
        self.readable = False
        self.trusted = False
        self.key = self.created = ""
        self.files = self.rows = self.events = 0
        self.manifest: dict[str, object] = {}

    def wrong(self, code: str, **params: object) -> None:
        """Something is not as it should be."""
        self.problems.append(Said(code, params))

    @property
    def exit_code(self) -> int:
        """As the docstring of this file says."""
        if not self.readable:
            return UNREADABLE
        if self.problems:
            return TAMPERED
        return INTACT if self.trusted else UNTRUSTED

    @property
    def verdict(self) -> Said:
        """The last sentence, which sums up."""
        if self.problems:
            return Said("failed", {"pack": self.pack, "count": len(self.problems)})
        told = {"pack": self.pack, "files": self.files, "rows": self.rows, "events": self.events}
        return Said("intact", {**told, "key": self.key[:16], "created": self.created})


# ---------------------------------------------------------------------------------------------------------------
# The pack as a folder or a zip file

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNREADABLE = (OSError, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile)


def safe_name(name: str) -> bool:
    """Whether a name stays inside the folder on every system: `/` between parts, no `..`, `:` or `\\`."""
    parts = name.split("/")
    if not name or len(name) > 1024 or "\\" in name or ":" in name or _CONTROL.search(name):
        return False
    return all(part not in ("", ".", "..") and len(part) <= 255 for part in parts)


class _Folder:
    def __init__(self, path: Path, report: Report) -> None:
        self._path = path
        self.sizes: dict[str, int] = {}
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            with os.scandir(path / inside) as entries:
                for entry in entries:
                    name = f"{inside}{entry.name}"
                    if entry.is_symlink():
                        report.wrong("not_plain", file=shown(name))
                    elif entry.is_dir():
                        waiting.append(f"{name}/")
                    elif not entry.is_file():
                        report.wrong("not_plain", file=shown(name))
                    elif not safe_name(name):
                        report.wrong("bad_name", file=shown(name))
                    else:
                        self.sizes[name] = entry.stat(follow_symlinks=False).st_size
            if len(self.sizes) + len(waiting) > MAX_FILES:
                report.wrong("too_many", limit=MAX_FILES)
                return

    def open(self, name: str) -> IO[bytes]:
        # A link could have been put there since: never follow one.
        descriptor = os.open(self._path / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        return os.fdopen(descriptor, "rb")

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path, report: Report) -> None:
        self._zip = zipfile.ZipFile(path)
        self.sizes: dict[str, int] = {}
        entries = self._zip.infolist()
        if len(entries) > MAX_FILES:
            report.wrong("too_many", limit=MAX_FILES)
            entries = []
        for entry in entries:
            name = entry.filename
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if name in self.sizes:
                report.wrong("twice", file=shown(name))
            elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                report.wrong("not_plain", file=shown(name))
            elif not safe_name(name.rstrip("/")) or entry.orig_filename != name:
                report.wrong("bad_name", file=shown(name))
            elif entry.file_size > max(RATIO_FROM, MAX_RATIO * entry.compress_size):
                report.wrong("bomb", file=shown(name), size=entry.file_size, packed=entry.compress_size)
            elif not entry.is_dir():
                self.sizes[name] = entry.file_size
        # Entries can lie over each other, so that each of them looks harmless.
        total, packed = sum(self.sizes.values()), path.stat().st_size
        if total > RATIO_FROM + MAX_RATIO * packed:
            report.wrong("bomb", file=shown(path.name), size=total, packed=packed)
            self.sizes = {}
        # A folder that somebody zipped as a whole.
        top = next(iter(self.sizes), "").partition("/")[0] + "/"
        self._top = ""
        if MANIFEST not in self.sizes and all(name.startswith(top) for name in self.sizes):
            self._top = top
            self.sizes = {name[len(top) :]: size for name, size in self.sizes.items()}

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._top + name)

    def close(self) -> None:
        self._zip.close()


def shown(text: object, limit: int = 200) -> str:
    """Something out of a pack as it may stand in a sentence on a terminal: no control characters, not endless."""
    plain = "".join(one if one.isprintable() else "?" for one in str(text)[: limit + 1])
    return plain if len(plain) <= limit else plain[:limit] + "…"


# ---------------------------------------------------------------------------------------------------------------
# Rows


def records(stream: IO[bytes], kind: str, digest: Callable[[bytes], object]) -> Iterator[bytes]:
    """The rows of a file, line ends included; `digest` is fed everything that was read.

    A row of a JSONL file is a line; one of a CSV file goes on over line ends that stand between quotes. A row
    longer than `MAX_LINE` comes in pieces.
    """
    pieces: list[bytes] = []
    length, open_quote = 0, False
    while line := stream.readline(_BLOCK):
        digest(line)
        pieces.append(line)
        length += len(line)
        if kind == "csv":
            open_quote ^= bool(line.count(b'"') % 2)
        if (line.endswith(b"\n") and not open_quote) or length > MAX_LINE:
            yield b"".join(pieces)
            pieces, length = [], 0
    if pieces:
        yield b"".join(pieces)


def row_kind(name: str) -> str | None:
    """How rows of a file are told apart; None where they are not."""
    ending = name.rpartition(".")[2].lower()
    return ending if ending in ("csv", "jsonl") else None


def row_hash(row: bytes) -> bytes:
    """The short hash of a row: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(row).digest()[:_ROW_HASH]


def compare_rows(name: str, signed: bytes, found: bytes) -> Said | None:
    """The first place where rows differ, from their hashes end to end. Rows count from 1, a header included."""
    if signed == found:
        return None
    was = [signed[i : i + _ROW_HASH] for i in range(0, len(signed), _ROW_HASH)]
    now = [found[i : i + _ROW_HASH] for i in range(0, len(found), _ROW_HASH)]
    at = next((i for i in range(min(len(was), len(now))) if was[i] != now[i]), min(len(was), len(now)))
    ends = at == len(now) or (at == len(now) - 1 < len(was) - 1 and now[at] not in was)  # cut within a row
    if ends:
        return Said("rows_cut", {"file": name, "last": at, "count": len(was) - at})
    fewer, more = len(now) < len(was), len(now) > len(was)
    if fewer and now[at] in was[at:]:
        return Said("row_removed", {"file": name, "row": at + 1})
    if more and now[at] in was[:at]:
        return Said("row_doubled", {"file": name, "row": was.index(now[at]) + 1, "again": at + 1})
    if now[at] in was:
        return Said("row_moved", {"file": name, "row": at + 1, "was": was.index(now[at]) + 1})
    if more and (at >= len(was) or now[at + 1] == was[at]):
        return Said("row_added", {"file": name, "row": at + 1})
    return Said("row_changed", {"file": name, "row": at + 1})


class _References:
    """Checks that the rows of one file speak of rules and recordings which the pack lists."""

    def __init__(self, entry: Mapping[str, object], known: _Known) -> None:
        self._name, self._known = str(entry["path"]), known
        self.said: list[Said] = []
        self.count = 0
        self._kind = row_kind(self._name)
        refers = entry.get("refers")
        self._columns = {k: str(v) for k, v in refers.items()} if isinstance(refers, dict) else {}
        self._header: list[str] = []
        self.wanted = bool(self._columns) and self._kind is not None

    def check(self, number: int, row: bytes) -> None:
        try:
            fields = self._fields(number, row)
        except (ValueError, csv.Error, RecursionError):
            self._wrong("row_unreadable", row=number)
            return
        if fields is None:
            return
        rule, version = (fields.get(self._columns.get(name, "")) for name in ("rule", "version"))
        if rule not in (None, "") and (str(rule), str(version)) not in self._known.rules:
            said = {"rule": shown(rule), "version": shown(version)}
            self._wrong("stale_rule", row=number, **said)
        recording = fields.get(self._columns.get("recording", ""))
        if recording not in (None, "") and str(recording) not in self._known.recordings:
            self._wrong("unknown_recording", row=number, recording=shown(recording))

    def problems(self) -> list[Said]:
        """The first of them, and how many more there are."""
        more = self.count - len(self.said)
        return [*self.said, *([Said("more", {"file": self._name, "count": more})] if more else [])]

    def _wrong(self, code: str, **params: object) -> None:
        self.count += 1
        if self.count <= MAX_TOLD:
            self.said.append(Said(code, {"file": self._name, **params}))

    def _fields(self, number: int, row: bytes) -> dict[str, object] | None:
        if self._kind == "jsonl":
            fields = json.loads(row)
            if not isinstance(fields, dict):
                raise ValueError
            return fields
        values = next(csv.reader([row.decode("utf-8-sig")], strict=True))
        if number == 1:
            self._header = values
            return None
        if len(values) != len(self._header):
            raise ValueError
        return {name: values[i] for i, name in enumerate(self._header)}


class _Known(NamedTuple):
    rules: set[tuple[str, str]]
    recordings: set[str]


# ---------------------------------------------------------------------------------------------------------------
# Looking at a pack

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


def verify(
    path: str | os.PathLike[str],
    trust: Sequence[str] = (),
    statements: Sequence[Mapping[str, object]] = (),
    progress: Progress | None = None,
) -> Report:
    """Look at the pack at `path`.

    `trust`: ids of keys, or their first digits; that these are enough is the caller's to see to. `statements`:
    what is known of the sender's keys beside what the pack says, the lines of a `keys.jsonl`.
    """
    place = Path(path)
    report = Report(shown(place.name or place))
    pack = _open(place, report)
    if pack is None:
        return report
    try:
        _look(pack, report, trust, statements, progress or (lambda _done, _all: None))
    except RecursionError:
        report.wrong("unreadable", file=report.pack, reason="nesting")
    finally:
        pack.close()
    return report


def _open(place: Path, report: Report) -> _Folder | _Zip | None:
    try:
        if place.is_dir():
            return _Folder(place, report)
        if not place.exists():
            report.wrong("not_found", pack=shown(place))
        elif not zipfile.is_zipfile(place):
            report.wrong("not_a_pack", pack=shown(place))
        else:
            return _Zip(place, report)
    except _UNREADABLE as error:
        report.wrong("unreadable", file=shown(place), reason=_reason(error))
    return None


def _look(
    pack: _Folder | _Zip,
    report: Report,
    trust: Sequence[str],
    statements: Sequence[Mapping[str, object]],
    progress: Progress,
) -> None:
    if MANIFEST not in pack.sizes:
        report.wrong("half_written", pack=report.pack)
        return
    manifest, signed = _manifest(pack, report)
    if manifest is None:
        return
    report.readable, report.manifest = True, manifest
    _signature(pack, report, manifest, signed)
    _trust(report, manifest, trust, statements)
    _files(pack, report, manifest, progress)
    if isinstance(manifest["audit"], dict):
        _audit(pack, report, manifest["audit"])
    _stamp(pack, report)


def _manifest(pack: _Folder | _Zip, report: Report) -> tuple[dict[str, object] | None, bytes]:
    data = _small(pack, MANIFEST, report)
    if data is None:
        return None, b""
    try:
        manifest = json.loads(data)
        if canonical(manifest) != data:
            raise ValueError("not in canonical form")
        _shape(manifest)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        report.wrong("manifest_unreadable", reason=_reason(error))
        return None, data
    if manifest["schema"] != SCHEMA:
        report.wrong("newer_schema", schema=shown(manifest["schema"]), known=SCHEMA)
        return None, data
    return manifest, data


def _shape(manifest: object) -> None:
    """Raise `ValueError`, `TypeError` or `KeyError` where the manifest lacks what is used below."""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError("format")
    if manifest["schema"] != SCHEMA:
        return
    wanted = {"key_id": str, "public_key": str, "created": str, "files": list, "rules": list, "keys": list}
    for name, kind in wanted.items():
        if not isinstance(manifest[name], kind):
            raise ValueError(name)
    if not isinstance(manifest["audit"], (dict, type(None))):
        raise ValueError("audit")
    if manifest["audit"] is not None:
        head = manifest["audit"]
        numbers = (head["first_seq"], head["head"]["seq"])
        if not all(type(one) is int for one in numbers) or not _is_hash(head["previous_hash"]):
            raise ValueError("audit")
    paths = set()
    for entry in manifest["files"]:
        good = isinstance(entry["path"], str) and isinstance(entry["size"], int) and _is_hash(entry["sha256"])
        if not good or not isinstance(entry.get("rows", 0), int) or entry["path"] in paths:
            raise ValueError("files")
        paths.add(entry["path"])
    for rule in manifest["rules"]:
        if not isinstance(rule["id"], str):
            raise ValueError("rules")
        _ = rule["version"]


def _is_hash(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) is not None


def _small(pack: _Folder | _Zip, name: str, report: Report) -> bytes | None:
    """All of a file that has to be held in memory."""
    try:
        with pack.open(name) as stream:
            data = stream.read(MAX_MANIFEST + 1)
    except _UNREADABLE as error:
        report.wrong("unreadable", file=name, reason=_reason(error))
        return None
    if len(data) > MAX_MANIFEST:
        report.wrong("unreadable", file=name, reason=f"> {MAX_MANIFEST} bytes")
        return None
    return data


def read_small(path: str | os.PathLike[str], name: str) -> bytes | None:
    """One of the small files of a pack; None where it cannot be had."""
    report = Report("")
    pack = _open(Path(path), report)
    if pack is None:
        return None
    try:
        return _small(pack, name, report) if name in pack.sizes else None
    finally:
        pack.close()


def _signature(pack: _Folder | _Zip, report: Report, manifest: Mapping[str, object], signed: bytes) -> None:
    report.key, report.created = shown(manifest["key_id"]), shown(manifest["created"])
    public = _hex(manifest["public_key"])
    if key_id(public) != manifest["key_id"]:
        report.wrong("key_mismatch", key=report.key[:16], found=key_id(public)[:16])
    if SIGNATURE not in pack.sizes:
        report.wrong("signature_missing")
        return
    data = _small(pack, SIGNATURE, report)
    if data is None:
        return
    # Exactly 128 lower-case hex digits and a line end: so no byte of this file can change unseen either.
    if not re.fullmatch(rb"[0-9a-f]{128}\n", data):
        report.wrong("signature_unreadable")
    elif not signed_by(public, signed, bytes.fromhex(data.decode())):
        report.wrong("signature_wrong")


def _hex(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text))
    except ValueError:
        return b""


def statement_bytes(statement: Mapping[str, object]) -> bytes:
    """What is signed of a statement about a key: all of it but the two signatures."""
    return canonical({k: v for k, v in statement.items() if k not in ("signature", "endorsement")})


def vouched(statement: Mapping[str, object], previous: Mapping[str, object] | None) -> bool:
    """Whether a statement about a key is signed by that key and, where there was one before, by that one too."""
    public, said = _hex(statement.get("public_key")), statement_bytes(statement)
    if key_id(public) != statement.get("key_id") or not signed_by(public, said, _hex(statement.get("signature"))):
        return False
    if previous is None:
        return True
    linked = statement.get("previous") == previous.get("key_id")
    return linked and signed_by(_hex(previous.get("public_key")), said, _hex(statement.get("endorsement")))


def _trust(
    report: Report,
    manifest: Mapping[str, object],
    trust: Sequence[str],
    statements: Sequence[Mapping[str, object]],
) -> None:
    mine = str(manifest["key_id"])
    for statement in statements:
        ended = statement.get("previous_ended")
        if statement.get("previous") == mine and isinstance(ended, str) and report.created > ended:
            report.wrong("key_ended", created=report.created, key=report.key[:16], ended=shown(ended))
    if not trust:
        report.notes.append(Said("key_unchecked", {"key": report.key}))
        return

    def trusted(one: str) -> bool:
        return any(one.startswith(wanted.lower()) for wanted in trust)

    told = [*statements, *_dicts(manifest["keys"])]
    known = {str(one.get("key_id")): one for one in reversed(told)}
    # From the key that signed back to one that is trusted; each step needs the word of the older key.
    for _ in range(len(known) + 1):
        if trusted(mine):
            report.trusted = True
            return
        newer = known.get(mine, {})
        older = known.get(str(newer.get("previous")))
        if older is None:
            break
        if not vouched(newer, older):
            who = {"key": shown(mine)[:16], "previous": shown(older.get("key_id"))[:16]}
            report.wrong("key_unsupported", **who)
            return
        mine = str(older.get("key_id"))
    report.wrong("foreign_key", key=report.key[:16])


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _files(pack: _Folder | _Zip, report: Report, manifest: Mapping[str, object], progress: Progress) -> None:
    entries = {str(entry["path"]): entry for entry in _dicts(manifest["files"])}
    for name in sorted(set(pack.sizes) - set(entries) - {MANIFEST, SIGNATURE, STAMP}):
        report.wrong("additional", file=shown(name))
    done, total = 0, sum(size for name, size in pack.sizes.items() if name in entries)
    known = _Known(
        {(str(rule["id"]), str(rule["version"])) for rule in _dicts(manifest["rules"])},
        _recordings(pack, manifest),
    )
    broken: set[str] = set()
    # The hashes of rows come first: only with them whole can a row be named.
    for name in sorted(entries, key=lambda one: not one.endswith(ROWS_SUFFIX)):
        entry = entries[name]
        if name not in pack.sizes:
            report.wrong("missing" if safe_name(name) else "bad_name", file=shown(name))
            broken.add(name)
            continue
        report.files += 1
        side = name + ROWS_SUFFIX
        signed_rows = None
        if side in pack.sizes and side in entries and side not in broken:
            signed_rows = _row_hashes(pack, side)
        before = len(report.problems)
        try:
            rows = _file(pack, report, entry, signed_rows, known)
            report.rows += rows * (name not in (RECORDINGS, EVENTS))
        except _UNREADABLE as error:
            report.wrong("unreadable", file=shown(name), reason=_reason(error))
        if len(report.problems) > before:
            broken.add(name)
        done += pack.sizes[name]
        progress(done, total)


def _dicts(value: object) -> list[dict[str, object]]:
    return [one for one in _as_list(value) if isinstance(one, dict)]


def _file(
    pack: _Folder | _Zip,
    report: Report,
    entry: Mapping[str, object],
    signed_rows: bytes | None,
    known: _Known,
) -> int:
    """Check one file; returns how many rows it has, as far as rows of it are known."""
    name, size = str(entry["path"]), entry["size"]
    digest, rows, found = hashlib.sha256(), bytearray(), pack.sizes[name]
    kind = row_kind(name) if signed_rows is not None else None
    references = _References(entry, known)
    with pack.open(name) as stream:
        if kind is None:
            while block := stream.read(_BLOCK):
                digest.update(block)
        else:
            for number, row in enumerate(records(stream, kind, digest.update), 1):
                rows += row_hash(row)
                if references.wanted:
                    references.check(number, row)
    if digest.hexdigest() != entry["sha256"]:
        place = compare_rows(name, signed_rows, bytes(rows)) if signed_rows is not None else None
        if place is not None:
            report.problems.append(place)
        elif found != size:
            report.wrong("size", file=name, found=found, expected=size)
        else:
            report.wrong("changed", file=name)
        return 0  # what a changed row refers to is no news beside the change itself
    report.problems += references.problems()
    if signed_rows is not None and kind is not None:
        count = len(rows) // _ROW_HASH - (kind == "csv")
        place = compare_rows(name, signed_rows, bytes(rows))
        if place is not None:
            report.problems.append(place)
        if entry.get("rows", count) != count:
            report.wrong("row_count", file=name, found=count, expected=entry["rows"])
        return count
    return 0


def _row_hashes(pack: _Folder | _Zip, side: str) -> bytes | None:
    try:
        hashes = bytearray()
        with pack.open(side) as stream:
            for line in _lines(stream):
                hashes += bytes.fromhex(line.decode("ascii"))
        return bytes(hashes)
    except (*_UNREADABLE, UnicodeDecodeError):
        return None


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE):
        yield line


def _recordings(pack: _Folder | _Zip, manifest: Mapping[str, object]) -> set[str]:
    if not manifest.get("recordings") or RECORDINGS not in pack.sizes:
        return set()
    try:
        with pack.open(RECORDINGS) as stream:
            return {str(json.loads(line)["id"]) for line in _lines(stream)}
    except (*_UNREADABLE, KeyError, TypeError, RecursionError):
        return set()  # what is wrong with the file itself is told where its hash is checked


def _audit(pack: _Folder | _Zip, report: Report, audit: Mapping[str, object]) -> None:
    head = audit["head"]
    if EVENTS not in pack.sizes or not isinstance(head, dict):
        return
    try:
        with pack.open(EVENTS) as stream:
            _walk(_lines(stream), report, audit, head)
    except _UNREADABLE as error:
        report.wrong("unreadable", file=EVENTS, reason=_reason(error))


def _walk(lines: Iterable[bytes], report: Report, audit: Mapping[str, object], head: Mapping[str, object]) -> None:
    """Go along the events; the first that does not fit is named, and what follows it proves nothing."""
    expected, last, latest = int(str(audit["first_seq"])), str(audit["previous_hash"]), ""
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            seq, withheld = event["seq"], event.get("digest")
            digest = withheld if withheld is not None else event_digest(event)
            following = link(last, digest)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            report.wrong("event_unreadable", line=number)
            return
        if seq != expected:
            report.wrong("event_order", found=shown(seq), expected=expected)
            return
        if withheld is None:
            if event.get("previous_hash") != last or event.get("hash") != following:
                report.wrong("event_changed", seq=seq)
                return
            if str(event["at"]) < latest:
                report.wrong("event_time", seq=seq)
            latest = str(event["at"])
        expected, last = expected + 1, following
        report.events += 1
    if expected - 1 != head["seq"]:
        report.wrong("chain_cut", seq=expected - 1, head=shown(head["seq"]))
    elif last != head.get("hash"):
        report.wrong("chain_head")


def _stamp(pack: _Folder | _Zip, report: Report) -> None:
    """A time stamp holds the hash of what it stamps; who made it needs more than this file can check."""
    if STAMP not in pack.sizes or SIGNATURE not in pack.sizes:
        return
    stamp, signature = _small(pack, STAMP, report), _small(pack, SIGNATURE, report)
    if stamp is None or signature is None:
        return
    if b"\x04\x20" + hashlib.sha256(signature).digest() in stamp:  # an OCTET STRING of 32 bytes
        report.notes.append(Said("stamp_unchecked", {}))
    else:
        report.wrong("stamp_other")


def _reason(error: BaseException) -> str:
    told = error.strerror if isinstance(error, OSError) else str(error)
    return shown(told or type(error).__name__, 120)


# ---------------------------------------------------------------------------------------------------------------
# The command

_SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a PEM file (RFC 8410)."""


def read_keys(text: str) -> tuple[list[str], list[dict[str, object]]]:
    """Ids to trust and statements out of a key file: a PEM public key, 64 hex digits, or a `keys.jsonl`, whose
    every key is trusted. Raises `ValueError` for anything else."""
    plain = text.strip()
    if re.fullmatch("[0-9a-fA-F]{64}", plain):
        return [key_id(bytes.fromhex(plain))], []
    if plain.startswith("-----BEGIN PUBLIC KEY-----"):
        try:
            der = base64.b64decode("".join(plain.splitlines()[1:-1]), validate=True)
        except binascii.Error:
            raise ValueError("PEM") from None
        if len(der) != len(_SPKI) + 32 or not der.startswith(_SPKI):
            raise ValueError("not Ed25519")
        return [key_id(der[len(_SPKI) :])], []
    try:
        statements = [json.loads(line) for line in plain.splitlines()]
    except RecursionError:
        raise ValueError("JSON") from None
    if not statements or not all(isinstance(one, dict) and _is_hash(one.get("key_id")) for one in statements):
        raise ValueError("JSON")
    return [str(one["key_id"]) for one in statements], statements


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one pack and say what came of it."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks a Tingjian evidence pack. 核验证据包。")
    parser.add_argument("pack", help="folder or zip file / 文件夹或 zip 文件")
    parser.add_argument(
        "--trust", action="append", default=[], metavar="KEYID", help="key you trust / 信任的密钥编号"
    )
    parser.add_argument("--key", metavar="FILE", help="public key or keys.jsonl you trust / 信任的公钥文件")
    parser.add_argument("--lang", default=os.environ.get("LANG", "en"), help="zh | en")
    given = parser.parse_args(arguments)
    trust: list[str] = list(given.trust)
    statements: list[dict[str, object]] = []
    if given.key:
        try:
            ids, statements = read_keys(Path(given.key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return _complain(Said("bad_key_file", {"file": shown(given.key)}), given.lang)
        trust += ids
    for key in trust:
        if not re.fullmatch("[0-9a-fA-F]{16,64}", key):
            return _complain(Said("bad_trust", {"key": shown(key)}), given.lang)
    report = verify(given.pack, trust, statements)
    for said in [*report.problems, *report.notes, *([report.verdict] if report.readable else [])]:
        sys.stdout.write(said.sentence(given.lang) + "\n")
    return report.exit_code


def _complain(said: Said, lang: str) -> int:
    sys.stderr.write(said.sentence(lang) + "\n")
    return UNREADABLE


if __name__ == "__main__":
    sys.exit(main())
