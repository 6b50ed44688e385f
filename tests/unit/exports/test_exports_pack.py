"""A pack appears under its name when it is whole, and never before."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from exports_kit import NOW, RULES, events, files_of, make_pack

from qa.core.errors import ConflictError, EnvironmentProblemError, StorageError
from qa.exports import verify
from qa.exports.manifest import About, PackWriter, Refers
from qa.exports.sign import SigningKey

ABOUT = About(
    "default", "li", NOW, RULES, {"model": "base"}, {"period": ["2026-02-01", "2026-03-01"]}, {"findings": 12}
)


def test_nothing_stands_under_the_final_name_before_all_of_it_does(tmp_path: Path) -> None:
    target, key = tmp_path / "pack", SigningKey.new()
    with PackWriter(target, ABOUT) as pack:
        pack.add_bytes("rows/a.csv", b"n\r\n1\r\n")
        assert not target.exists()
        assert verify.verify(pack.work).exit_code == verify.UNREADABLE
        digest = pack.close(key, [key.statement(NOW)])
    assert verify.verify(target, [key.id]).exit_code == verify.INTACT
    assert digest == verify.hashlib.sha256((target / "manifest.json").read_bytes()).hexdigest()
    assert [one.name for one in tmp_path.iterdir()] == ["pack"]


@pytest.mark.parametrize("resume", [False, True])
def test_a_writer_that_breaks_off_leaves_nothing_or_what_can_be_gone_on_with(tmp_path: Path, resume: bool) -> None:
    def break_off() -> None:
        with PackWriter(tmp_path / "pack", ABOUT, resume=resume) as pack:
            pack.add_bytes("a.bin", b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert not (tmp_path / "pack").exists()
    assert (tmp_path / ".pack.partial/a.bin").exists() == resume


def test_what_a_dead_writer_left_is_not_in_the_next_pack(tmp_path: Path) -> None:
    key = SigningKey.new()
    for resume in (False, True):
        left = tmp_path / f".pack{resume}.partial" / "rows" / "half.csv"
        left.parent.mkdir(parents=True)
        left.write_text("half")
        with PackWriter(tmp_path / f"pack{resume}", ABOUT, resume=resume) as pack:
            assert left.exists() == resume
            pack.add_bytes("a.bin", b"x")
            pack.close(key, [key.statement(NOW)])
        assert verify.verify(tmp_path / f"pack{resume}", [key.id]).exit_code == verify.INTACT


def test_a_name_that_is_taken_is_refused_also_when_it_is_taken_meanwhile(tmp_path: Path) -> None:
    key = SigningKey.new()
    with PackWriter(tmp_path / "pack", ABOUT) as pack:
        (tmp_path / "pack").mkdir()
        with pytest.raises(ConflictError):
            pack.close(key, [key.statement(NOW)])
    with pytest.raises(ConflictError):
        PackWriter(tmp_path / "pack", ABOUT)
    assert list((tmp_path / "pack").iterdir()) == []


def test_a_full_disk_at_the_end_is_one_sentence_and_no_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as caught, PackWriter(tmp_path / "pack", ABOUT) as pack:
        pack.close(SigningKey.new(), [])
    assert caught.value.message.code == "evidence.cannot_write"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        PackWriter(tmp_path / "file" / "pack", ABOUT)


def test_the_manifest_says_what_the_pack_is_about(tmp_path: Path) -> None:
    key = SigningKey.new()
    with PackWriter(tmp_path / "pack", ABOUT) as pack:
        pack.add_bytes("f.csv", b"rule,v\r\nzh.common.greeting,1\r\n", Refers("rule", "v"))
        pack.add_events(events(5, first=1))
        pack.close(key, [key.statement(NOW)])
    manifest = json.loads((tmp_path / "pack/manifest.json").read_bytes())
    assert manifest["versions"] == {"model": "base"}
    assert manifest["counts"] == {"findings": 12}
    assert (manifest["by"], manifest["tenant"], manifest["created"]) == (
        "li",
        "default",
        "2026-03-01T12:00:00.000000Z",
    )
    assert manifest["audit"]["first_seq"] == 1
    assert manifest["audit"]["head"]["seq"] == 5
    (entry,) = (one for one in manifest["files"] if one["path"] == "f.csv")
    assert (entry["rows"], entry["size"], entry["refers"]) == (1, 30, {"rule": "rule", "version": "v"})


def test_a_wrong_count_of_rows_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with PackWriter(tmp_path / "pack", ABOUT) as pack:
        pack.path("f.csv").write_bytes(b"a\r\n1\r\n")
        with pytest.raises(ValueError):
            pack.add_file("f.csv", rows=2)
        with pytest.raises(ValueError):
            pack.path("../f.csv")


def test_a_pack_over_a_stretch_of_the_log_verifies_from_its_middle(tmp_path: Path) -> None:
    key, whole = SigningKey.new(), list(events(20))
    with PackWriter(tmp_path / "pack", ABOUT) as pack:
        pack.add_events(whole[7:15], lambda event: event["action"] == "review.verdict")
        pack.close(key, [key.statement(NOW)])
    report = verify.verify(tmp_path / "pack", [key.id])
    assert (report.exit_code, report.events) == (verify.INTACT, 8)
    lines = (tmp_path / "pack/audit.jsonl").read_bytes().splitlines()
    assert [json.loads(line).get("action") for line in lines] == [None, "review.verdict"] * 4


def test_an_empty_pack_is_a_pack(tmp_path: Path) -> None:
    key = SigningKey.new()
    with PackWriter(tmp_path / "pack", ABOUT) as pack:
        pack.add_recordings([])
        pack.add_events([])
        pack.close(key, [key.statement(NOW)])
    assert verify.verify(tmp_path / "pack", [key.id]).exit_code == verify.INTACT


def test_a_zip_names_the_manifest_first_and_leaves_no_folder(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, SigningKey.new(), name="pack.zip", as_zip=True)
    with zipfile.ZipFile(pack) as archive:
        assert archive.namelist()[:2] == ["manifest.json", "manifest.sig"]
    assert [one.name for one in tmp_path.iterdir()] == ["pack.zip"]


def test_the_same_content_gives_the_same_manifest(tmp_path: Path) -> None:
    key = SigningKey.new()
    one, two = (make_pack(tmp_path / name, key) for name in "ab")
    assert [(one / name).read_bytes() for name in files_of(one)] == [
        (two / name).read_bytes() for name in files_of(two)
    ]


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (b"", "evidence.key_not_a_key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "evidence.key_not_a_key"),
        ("rsa", "evidence.key_not_a_key"),
        ("passphrase", "evidence.key_has_passphrase"),
    ],
)
def test_a_key_that_cannot_sign_is_told_with_its_place(pem: bytes | str, code: str) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(pem, str):
        locked = pem == "passphrase"
        secret = ed25519.Ed25519PrivateKey.generate() if locked else ec.generate_private_key(ec.SECP256R1())
        lock = serialization.BestAvailableEncryption(b"x") if locked else serialization.NoEncryption()
        pem = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    with pytest.raises(EnvironmentProblemError) as caught:
        SigningKey.from_pem(pem, "over there")
    assert caught.value.message.code == code
    assert caught.value.message.params["source"] == "over there"
