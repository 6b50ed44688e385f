"""Whatever is done to a pack, the verifier notices and names the place."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from exports_kit import NOW, ROWS, codes, events, files_of, make_pack, resign, sentences
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.exports import verify
from qa.exports.chain import digest_of, event_line
from qa.exports.sign import SigningKey

KEY = SigningKey.new()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("original"), KEY)


@pytest.fixture
def pack(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "pack"))


def test_an_untouched_pack_is_intact_as_a_folder_and_as_a_zip_and_by_the_file_in_it(tmp_path: Path) -> None:
    folder = make_pack(tmp_path, KEY)
    zipped = make_pack(tmp_path, KEY, name="pack.zip", as_zip=True)
    for pack in (folder, zipped):
        report = verify.verify(pack, [KEY.id[:16]])
        assert (report.exit_code, report.problems, report.files) == (verify.INTACT, [], 10)
        assert report.events == 10
        assert report.rows == 2 * ROWS
    done = subprocess.run(
        [sys.executable, "-I", folder / "verify.py", zipped, "--trust", KEY.id, "--lang", "zh"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "内容与签名时完全一致" in done.stdout


def test_a_folder_zipped_as_a_whole_is_the_same_pack(pack: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "again"), "zip", pack.parent, pack.name)
    assert verify.verify(tmp_path / "again.zip", [KEY.id]).exit_code == verify.INTACT


def test_without_a_key_to_trust_nothing_is_said_about_whose_it_is(pack: Path) -> None:
    report = verify.verify(pack)
    assert report.exit_code == verify.UNTRUSTED
    assert [note.code for note in report.notes] == ["key_unchecked"]


CLASSES: dict[str, Callable[[int], bool]] = {
    "digit": lambda b: 48 <= b < 58,
    "letter": lambda b: 97 <= b < 123,
    "punctuation": lambda b: b in b'{}[]:,"._-',
    "line end": lambda b: b in b"\r\n",
    "space": lambda b: b == 32,
    "control": lambda b: b < 32 and b not in b"\r\n",
    "high": lambda b: b > 127,
}


def test_a_flipped_byte_of_every_class_in_every_file_is_caught_and_the_file_named(
    original: Path, pack: Path
) -> None:
    tried = 0
    for name in files_of(original):
        data = (original / name).read_bytes()
        for matches in CLASSES.values():
            places = [place for place, byte in enumerate(data) if matches(byte)]
            for place in {places[0], places[len(places) // 2], places[-1]} if places else ():
                flipped = bytearray(data)
                flipped[place] ^= 1
                (pack / name).write_bytes(flipped)
                report = verify.verify(pack, [KEY.id])
                assert report.exit_code in (verify.TAMPERED, verify.UNREADABLE), (name, place)
                told = " ".join(said.sentence() for said in report.problems)
                assert name in told or "manifest.json" in told, (name, place, told)
                tried += 1
        (pack / name).write_bytes(data)
    assert tried > 100
    assert verify.verify(pack, [KEY.id]).exit_code == verify.INTACT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_change_anywhere_goes_unnoticed(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    pack = Path(shutil.copytree(original, tmp_path_factory.mktemp("any") / "pack"))
    file = pack / data.draw(st.sampled_from(files_of(pack)))
    content = file.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 50)))
    changed = content[:start] + data.draw(st.binary(max_size=50)) + content[end:]
    file.write_bytes(changed)
    assert (verify.verify(pack, [KEY.id]).exit_code == verify.INTACT) == (changed == content)


def _rows(file: Path) -> list[bytes]:
    with file.open("rb") as source:
        return list(verify.records(source, file.suffix[1:], lambda _: None))


@pytest.mark.parametrize("name", ["rows/findings.csv", "rows/findings.jsonl"])
@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        (lambda r: [*r[:4], r[4].replace("稳赚".encode(), "稳亏".encode()), *r[5:]], "row 5 was changed"),
        (lambda r: r[:4] + r[5:], "row 5 was removed"),
        (lambda r: r[:4] + r[6:], "row 5 was removed"),
        (lambda r: r[:5] + r[4:], "row 5 is there again as row 6"),
        (lambda r: [*r, r[3]], "row 4 is there again as row"),
        (lambda r: [*r[:4], r[5], r[4], *r[6:]], "row 5 holds what was row 6"),
        (lambda r: [*r[:1], *r[:0:-1]], "put in another order; row 2"),
        (lambda r: r[:7], "it ends after row 7"),
        (lambda r: [*r[:6], r[6][:10]], "it ends after row 6"),
        (lambda r: [*r[:4], b"made up\r\n", *r[4:]], "row 5 was added"),
        (lambda r: [], "it ends after row 0"),
    ],
    ids=["changed", "removed", "two removed", "doubled", "doubled at the end", "exchanged", "turned round", "cut",
         "cut within a row", "added", "emptied"],
)  # fmt: skip
def test_the_row_is_named(
    pack: Path, name: str, touch: Callable[[list[bytes]], list[bytes]], expected: str
) -> None:
    (pack / name).write_bytes(b"".join(touch(_rows(pack / name))))
    (told,) = sentences(pack, KEY.id)
    assert told.startswith(f"{name}: ")
    assert expected in told


def _touch_events(pack: Path, touch: Callable[[list[bytes]], list[bytes]]) -> list[str]:
    file = pack / "audit.jsonl"
    file.write_bytes(b"".join(touch(file.read_bytes().splitlines(keepends=True))))
    return sentences(pack, KEY.id)


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        (lambda e: [*e[:4], e[4].replace(b"li", b"bo"), *e[5:]], "event 5 is not what was recorded"),
        (lambda e: e[:4] + e[5:], "event 6 stands where event 5 should be"),
        (lambda e: [*e[:4], e[5], e[4], *e[6:]], "event 6 stands where event 5 should be"),
        (lambda e: e[:5] + e[4:], "event 5 stands where event 6 should be"),
        (lambda e: e[:8], "it ends with event 8; the log stood at event 10"),
        (lambda e: [b"rubbish\n", *e], "line 1 is not an audit event"),
        (lambda e: [b"[" * 100_000 + b"\n", *e], "line 1 is not an audit event"),
    ],
    ids=["changed", "removed", "reordered", "doubled", "truncated", "rubbish", "nested"],
)
def test_the_place_in_the_chain_is_named(
    pack: Path, touch: Callable[[list[bytes]], list[bytes]], expected: str
) -> None:
    assert any(expected in told for told in _touch_events(pack, touch))


def test_a_chain_rewritten_from_the_start_is_caught(pack: Path) -> None:
    forged = [{**one, "actor": "nobody"} for one in events(10)]
    last = verify.GENESIS
    for one in forged:
        one["previous_hash"] = last
        last = one["hash"] = verify.link(last, digest_of(one))
    (pack / "audit.jsonl").write_bytes(b"".join(map(event_line, forged)))
    assert "chain_head" in codes(pack, KEY.id)


def test_a_pack_signed_anew_by_somebody_else_is_foreign(pack: Path) -> None:
    file = pack / "rows/findings.csv"
    file.write_bytes(file.read_bytes().replace("稳赚 3".encode(), "稳亏 3".encode()))
    forger = SigningKey.new()
    resign(pack, forger, keys=[forger.statement(NOW)])
    assert codes(pack, KEY.id) == ["foreign_key"]
    # A statement of the forger's own that it follows the trusted key does not help.
    resign(pack, forger, keys=[KEY.statement(NOW), forger.statement(NOW, KEY.statement(NOW))])
    assert codes(pack, KEY.id) == ["key_unsupported"]
    forged = forger.statement(NOW, KEY.statement(NOW)) | {"endorsement": "00" * 64}
    resign(pack, forger, keys=[KEY.statement(NOW), forged])
    assert codes(pack, KEY.id) == ["key_unsupported"]


def test_a_stolen_name_of_a_key_does_not_fit_its_public_half(pack: Path) -> None:
    forger = SigningKey.new()
    resign(pack, forger)
    manifest = json.loads((pack / "manifest.json").read_bytes()) | {"key_id": KEY.id}
    data = verify.canonical(manifest)
    (pack / "manifest.json").write_bytes(data)
    (pack / "manifest.sig").write_text(forger.sign(data).hex() + "\n")
    assert codes(pack, KEY.id) == ["key_mismatch"]


def test_the_follower_of_a_trusted_key_is_trusted(tmp_path: Path) -> None:
    new = SigningKey.new()
    first = KEY.statement(NOW)
    pack = make_pack(tmp_path, new, statements=[first, new.statement(NOW, KEY)])
    assert verify.verify(pack, [KEY.id]).exit_code == verify.INTACT
    alone = make_pack(tmp_path, new, statements=[first, new.statement(NOW, first)], name="alone")
    assert codes(alone, KEY.id) == ["key_unsupported"]
    assert verify.verify(alone, [new.id]).exit_code == verify.INTACT


def test_a_pack_dated_after_its_key_had_ended_is_told(pack: Path) -> None:
    new = SigningKey.new()
    history = [KEY.statement(NOW.replace(month=1)), new.statement(NOW.replace(month=2), KEY)]
    assert codes(pack, KEY.id, statements=history) == ["key_ended"]


@pytest.mark.parametrize("version", ["4", "9999"])
def test_a_finding_by_a_version_that_the_pack_does_not_list_is_stale(pack: Path, version: str) -> None:
    file = pack / "rows/findings.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"rule_version": 3', f'"rule_version": {version}'.encode()))
    resign(pack, KEY)
    told = sentences(pack, KEY.id)
    assert len(told) == ROWS // 2
    assert f"rows/findings.jsonl: row 2 refers to version {version} of rule zh.finance.guaranteed" in told[0]


def test_a_finding_on_a_recording_that_the_pack_does_not_list_is_named(pack: Path) -> None:
    file = pack / "rows/findings.csv"
    file.write_bytes(file.read_bytes().replace(b"\r\n7," + b"0" * 31 + b"1", b"\r\n7," + b"f" * 32))
    resign(pack, KEY)
    (told,) = sentences(pack, KEY.id)
    assert told.startswith("rows/findings.csv: row 8 refers to recording fff")


def test_a_flood_of_bad_rows_does_not_become_a_flood_of_sentences(pack: Path) -> None:
    file = pack / "rows/findings.jsonl"
    file.write_bytes(b'{"rule": "x", "rule_version": 1}\n' * 5000)
    resign(pack, KEY)
    told = sentences(pack, KEY.id)
    assert len(told) == verify.MAX_TOLD + 1
    assert "4980 more" in told[-1]


def test_missing_and_additional_files_are_named(pack: Path) -> None:
    (pack / "rows/findings.csv").unlink()
    (pack / "rows/more.csv").write_text("x")
    assert sentences(pack, KEY.id) == [
        "rows/more.csv was not in the pack when it was signed.",
        "rows/findings.csv is missing.",
    ]


def test_a_half_written_pack_is_no_pack(pack: Path) -> None:
    (pack / "manifest.json").unlink()
    report = verify.verify(pack, [KEY.id])
    assert report.exit_code == verify.UNREADABLE
    assert [said.code for said in report.problems] == ["half_written"]


def test_a_pack_without_signature_is_told(pack: Path) -> None:
    (pack / "manifest.sig").unlink()
    assert codes(pack, KEY.id) == ["signature_missing"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"\x00", b"null", b"[]", b"{", b'{"format":"tingjian-evidence"}', b"[" * 200_000, b"9" * 10_000,
        b'{"a":1,"a":1}', b"\xff\xfe", b'{"format":"tingjian-evidence","schema":1,"files":[{}]}', b"NaN",
    ],
)  # fmt: skip
def test_rubbish_in_place_of_the_manifest_is_one_sentence(pack: Path, rubbish: bytes) -> None:
    (pack / "manifest.json").write_bytes(rubbish)
    report = verify.verify(pack, [KEY.id])
    assert report.exit_code == verify.UNREADABLE
    assert [said.code for said in report.problems] == ["manifest_unreadable"]


@pytest.mark.parametrize("field", ["files", "rules", "keys", "audit", "key_id", "public_key", "created"])
@pytest.mark.parametrize("value", [None, 1, "x", [1], [{}], {"a": []}, [[["x"]]]])
def test_a_manifest_of_strange_shape_is_no_crash(pack: Path, field: str, value: object) -> None:
    manifest = json.loads((pack / "manifest.json").read_bytes()) | {field: value}
    (pack / "manifest.json").write_bytes(verify.canonical(manifest))
    assert verify.verify(pack, [KEY.id]).exit_code in (verify.TAMPERED, verify.UNREADABLE)


def test_a_manifest_of_a_later_format_asks_for_a_newer_verifier(pack: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_bytes()) | {"schema": 2}
    (pack / "manifest.json").write_bytes(verify.canonical(manifest))
    assert codes(pack, KEY.id) == ["newer_schema"]


def test_links_are_not_followed(pack: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    shutil.move(pack / "rows/findings.csv", secret)
    (pack / "rows/findings.csv").symlink_to(secret)
    (pack / "folder").symlink_to(tmp_path)
    assert sorted(codes(pack, KEY.id)) == ["missing", "not_plain", "not_plain"]


def test_a_device_or_a_pipe_is_not_opened(pack: Path) -> None:
    os.mkfifo(pack / "pipe")
    assert codes(pack, KEY.id) == ["not_plain"]


def _zip(pack: Path, target: Path) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
    for name in files_of(pack):
        archive.write(pack / name, name)
    return archive


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "a\\..\\evil"])
def test_a_path_out_of_the_zip_is_refused(pack: Path, tmp_path: Path, name: str) -> None:
    with _zip(pack, tmp_path / "p.zip") as archive:
        archive.writestr(name, "x")
    assert codes(tmp_path / "p.zip", KEY.id) == ["bad_name"]


def test_a_link_in_a_zip_is_refused(pack: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with _zip(pack, tmp_path / "p.zip") as archive:
        archive.writestr(link, "/etc/passwd")
    assert codes(tmp_path / "p.zip", KEY.id) == ["not_plain"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_twice_in_a_zip_is_told(pack: Path, tmp_path: Path) -> None:
    with _zip(pack, tmp_path / "p.zip") as archive:
        archive.writestr("rows/findings.csv", "another one")
    assert "twice" in codes(tmp_path / "p.zip", KEY.id)


def test_a_zip_bomb_is_not_unpacked(pack: Path, tmp_path: Path) -> None:
    (pack / "bomb.bin").write_bytes(b"\0" * (verify.RATIO_FROM + 1))
    with _zip(pack, tmp_path / "p.zip"):
        pass
    assert codes(tmp_path / "p.zip", KEY.id)[0] == "bomb"


def test_many_entries_over_each_other_are_a_bomb_too(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "RATIO_FROM", 10_000)
    with _zip(pack, tmp_path / "p.zip") as archive:
        for number in range(8):
            archive.writestr(f"{number}.bin", b"\0" * 10_000)
            archive.infolist()[-1].file_size = 10_000
    monkeypatch.setattr(verify, "MAX_RATIO", 3)
    assert "bomb" in codes(tmp_path / "p.zip", KEY.id)


def test_a_damaged_zip_names_what_cannot_be_read(tmp_path: Path) -> None:
    zipped = make_pack(tmp_path, KEY, name="pack.zip", as_zip=True)
    data = bytearray(zipped.read_bytes())
    middle = data.find(b"rows/findings.csv") + 60
    data[middle : middle + 30] = b"\xff" * 30
    zipped.write_bytes(data)
    told = sentences(zipped, KEY.id)
    assert len(told) == 1
    assert "rows/findings.csv" in told[0]


def test_a_cut_zip_is_one_sentence(tmp_path: Path) -> None:
    zipped = make_pack(tmp_path, KEY, name="pack.zip", as_zip=True)
    zipped.write_bytes(zipped.read_bytes()[:2000])
    report = verify.verify(zipped, [KEY.id])
    assert report.exit_code == verify.UNREADABLE
    assert [said.code for said in report.problems] == ["not_a_pack"]


def test_no_pack_at_all_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    assert codes(tmp_path / "text") == ["not_a_pack"]
    assert codes(tmp_path / "gone") == ["not_found"]
    assert codes(tmp_path) == ["half_written"]


def test_what_stands_in_a_pack_cannot_write_on_the_terminal(pack: Path) -> None:
    (pack / "rows/\x1b[31mred").write_text("x")
    (told,) = sentences(pack, KEY.id)
    assert "\x1b" not in told


def test_the_command_in_the_pack_speaks_plainly_of_bad_arguments(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main([str(pack), "--trust", "abc", "--lang", "en"]) == verify.UNREADABLE
    assert verify.main([str(pack), "--key", str(pack / "manifest.sig"), "--lang", "zh"]) == verify.UNREADABLE
    said = capsys.readouterr().err
    assert "first 16 hex digits" in said
    assert "不是公钥" in said
