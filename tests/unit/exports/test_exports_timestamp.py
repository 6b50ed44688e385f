"""Time stamps by a real authority: OpenSSL's, behind a small HTTP server."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from exports_kit import codes, make_pack

from qa.cli.main import run
from qa.core.errors import BadOptionError, DependencyError, InputError
from qa.exports import verify
from qa.exports.sign import SigningKey
from qa.exports.timestamp import check_stamp, request_stamp

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority of the test is OpenSSL's")

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Test authority
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamp]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/stamp.pem
signer_key = {folder}/stamp.key
{certs}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """`openssl ts -reply` for whoever posts a query."""

    def __init__(self, folder: Path, *, chain: bool = False) -> None:
        self.folder = folder
        self.status, self.replay = 200, b""
        folder.mkdir(parents=True)
        (folder / "tsa.cnf").write_text(
            _CONFIG.format(folder=folder, certs=f"certs = {folder}/ca.pem" if chain else "")
        )
        (folder / "serial").write_text("01\n")
        config = ["-config", "tsa.cnf"]
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(
            "req",
            "-x509",
            *key,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "30",
            "-extensions",
            "ca",
            *config,
        )
        self._openssl(
            "req", "-new", *key, "-keyout", "stamp.key", "-out", "stamp.csr", "-subj", "/CN=Stamp", *config
        )
        self._openssl(
            "x509", "-req", "-in", "stamp.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "stamp.pem", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "stamp",
        )  # fmt: skip
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                reply = outer.replay or outer.reply(query)
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def reply(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture(scope="module", params=["signer alone", "whole chain"])
def authority(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Authority]:
    """With the whole chain, OpenSSL sends the certificates in an order that DER does not allow."""
    made = Authority(tmp_path_factory.mktemp("tsa") / "one", chain=request.param == "whole chain")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_pack_is_stamped_and_checked_offline(authority: Authority, tmp_path: Path) -> None:
    key = SigningKey.new()
    pack = make_pack(tmp_path, key, stamp=lambda signature: request_stamp(authority.url, signature))
    report = verify.verify(pack, [key.id])
    assert (report.exit_code, [note.code for note in report.notes]) == (verify.INTACT, ["stamp_unchecked"])
    stamp, signature = ((pack / name).read_bytes() for name in (verify.STAMP, verify.SIGNATURE))
    at = check_stamp(stamp, signature, authority.certificate)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=10)
    # And as the verifier advises, with OpenSSL alone.
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-in", verify.STAMP, "-data", verify.SIGNATURE, "-CAfile",
         authority.certificate],
        cwd=pack, capture_output=True, text=True,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr


def test_the_command_says_who_stamped_and_when(
    authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.new()
    stamped = make_pack(tmp_path, key, stamp=lambda signature: request_stamp(authority.url, signature))
    known = ["--trust", key.id, "--authority", str(authority.certificate)]
    assert run(["verify", str(stamped), *known]) == 0
    assert str(authority.certificate) in capsys.readouterr().out
    assert run(["verify", str(make_pack(tmp_path, key, name="plain")), *known]) == 1
    assert run(["verify", str(stamped), *known[:3], str(stamped / "verify.py")]) == 2


def test_a_stamp_of_another_signature_is_told(authority: Authority, tmp_path: Path) -> None:
    key = SigningKey.new()
    pack = make_pack(tmp_path, key, stamp=lambda _: request_stamp(authority.url, b"something else"))
    assert codes(pack, key.id) == ["stamp_other"]
    with pytest.raises(InputError) as caught:
        check_stamp(
            (pack / verify.STAMP).read_bytes(), (pack / verify.SIGNATURE).read_bytes(), authority.certificate
        )
    assert caught.value.message.code == "evidence.stamp_not_theirs"


def test_a_changed_stamp_and_one_of_another_authority_are_told(authority: Authority, tmp_path: Path) -> None:
    stamp = request_stamp(authority.url, b"data")
    other = Authority(tmp_path / "other")
    other.server.shutdown()
    other.server.server_close()
    with pytest.raises(InputError):
        check_stamp(stamp, b"data", other.certificate)
    changed = bytearray(stamp)
    changed[-5] ^= 1
    with pytest.raises(InputError):
        check_stamp(bytes(changed), b"data", authority.certificate)
    with pytest.raises(InputError) as caught:
        check_stamp(b"rubbish", b"data", authority.certificate)
    assert caught.value.message.code == "evidence.stamp_unreadable"


@pytest.mark.parametrize(
    "content", ["", "rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_certificates_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(BadOptionError):
        check_stamp(b"", b"", tmp_path / "ca.pem")
    with pytest.raises(BadOptionError):
        check_stamp(b"", b"", tmp_path / "gone.pem")


def test_an_authority_that_answers_nonsense_or_replays_gives_no_stamp(authority: Authority) -> None:
    earlier = request_stamp(authority.url, b"data")
    try:
        for status, replay in ((500, b""), (200, b"nonsense"), (200, earlier)):
            authority.status, authority.replay = status, replay
            with pytest.raises(DependencyError) as caught:
                request_stamp(authority.url, b"data")
            assert caught.value.message.code == "evidence.stamp_refused"
    finally:
        authority.status, authority.replay = 200, b""


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "no url", "http://"])
def test_an_authority_out_of_reach_is_named_and_no_pack_is_left(tmp_path: Path, url: str) -> None:
    with pytest.raises(DependencyError) as caught:
        make_pack(tmp_path, SigningKey.new(), stamp=lambda signature: request_stamp(url, signature))
    assert caught.value.message.params["url"] == url
    assert list(tmp_path.iterdir()) == []
