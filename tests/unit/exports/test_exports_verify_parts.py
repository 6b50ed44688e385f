"""The parts of the verifier on their own: canonical JSON, Ed25519, rows, names."""

import io
import json
import math
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.exports import verify
from qa.exports.sign import SigningKey, is_signed
from qa.i18n import catalogue


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Appendix B of RFC 8785.
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"), (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"), (1.0000000000000001e23, "1.0000000000000001e+23"),
        (999999999999999700000.0, "999999999999999700000"), (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"), (9.999999999999997e-7, "9.999999999999997e-7"), (0.000001, "0.000001"),
        (333333333.3333332, "333333333.3333332"), (333333333.33333325, "333333333.33333325"),
        (333333333.3333334, "333333333.3333334"), (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1424953923781206.2, "1424953923781206.2"), (100.0, "100"), (80.5, "80.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_standard_says(value: float, expected: str) -> None:
    assert verify.canonical(value).decode() == expected


def test_keys_are_ordered_and_strings_escaped_as_the_standard_says() -> None:
    # The example of section 3.2.3 of RFC 8785: order by UTF-16 code units, where 😀 comes before U+FB33.
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert [*json.loads(verify.canonical(keys))] == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    assert verify.canonical('€$\x0f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800", {"a": {1}}, b"x"])
def test_what_json_has_not_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        verify.canonical(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_as_it_was(value: float) -> None:
    assert struct.pack("d", json.loads(verify.canonical(value))) == struct.pack("d", value + 0.0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(_JSON)
def test_what_was_read_is_written_the_same_again(value: object) -> None:
    once = verify.canonical(value)
    assert verify.canonical(json.loads(once)) == once


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        # Section 7.1 of RFC 8032: tests 1, 2 and 3.
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ],
)  # fmt: skip
def test_signatures_of_the_standard_are_valid(public: str, message: str, signature: str) -> None:
    assert verify.signed_by(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.integers(0, 255))
def test_our_ed25519_agrees_with_the_library(seed: bytes, message: bytes, bit: int, other: int) -> None:
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(seed))
    signature = key.sign(message)
    assert verify.signed_by(key.public, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    for public, said, by in (
        (key.public, message, bytes(flipped)),
        (key.public, message + bytes([other]), signature),
        (bytes([other]) + key.public[1:], message, signature),
    ):
        assert verify.signed_by(public, said, by) == is_signed(public.hex(), said, by.hex())


def test_a_scalar_beyond_the_order_is_no_signature() -> None:
    key = SigningKey.new()
    signature = key.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    assert not verify.signed_by(key.public, b"x", signature[:32] + scalar.to_bytes(32, "little"))
    assert not verify.signed_by(b"\xff" * 32, b"x", signature)
    assert not verify.signed_by(key.public[:31], b"x", signature)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "../a",
        "a/../b",
        "a/..",
        ".",
        "a\\b",
        "C:a",
        "a\x00b",
        "a\nb",
        "x" * 256,
        "a/" * 600,
        "a/",
    ],
)
def test_names_that_could_lead_outside_are_refused(name: str) -> None:
    assert not verify.safe_name(name)


def test_rows_of_a_csv_go_on_over_line_ends_between_quotes() -> None:
    data = b'a,b\r\n1,"x\ny"\r\n2,"say ""hi""\r\n"\r\nlast'
    seen = bytearray()
    rows = list(verify.records(io.BytesIO(data), "csv", seen.extend))
    assert rows == [b"a,b\r\n", b'1,"x\ny"\r\n', b'2,"say ""hi""\r\n"\r\n', b"last"]
    assert bytes(seen) == data


def test_a_row_without_end_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MAX_LINE", 1000)
    monkeypatch.setattr(verify, "_BLOCK", 100)
    rows = list(verify.records(io.BytesIO(b'"' + b"x" * 5000), "csv", lambda _: None))
    assert max(map(len, rows)) <= 1100


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("abcdefgh", None),
        ("abXdefgh", ("row_changed", {"row": 3})),
        ("abdefgh", ("row_removed", {"row": 3})),
        ("abgh", ("row_removed", {"row": 3})),
        ("bcdefgh", ("row_removed", {"row": 1})),
        ("abccdefgh", ("row_doubled", {"row": 3, "again": 4})),
        ("abcdefgha", ("row_doubled", {"row": 1, "again": 9})),
        ("abdcefgh", ("row_moved", {"row": 3, "was": 4})),
        ("abcXdefgh", ("row_added", {"row": 4})),
        ("abcdefghX", ("row_added", {"row": 9})),
        ("abcde", ("rows_cut", {"last": 5, "count": 3})),
        ("abcdX", ("rows_cut", {"last": 4, "count": 4})),
        ("", ("rows_cut", {"last": 0, "count": 8})),
    ],
)
def test_the_row_that_was_touched_is_named(now: str, expected: tuple[str, dict[str, int]] | None) -> None:
    def hashes(rows: str) -> bytes:
        return b"".join(verify.row_hash(row.encode()) for row in rows)

    said = verify.compare_rows("f", hashes("abcdefgh"), hashes(now))
    assert said == (None if expected is None else verify.Said(expected[0], {"file": "f", **expected[1]}))


def test_the_verifier_needs_nothing_but_the_standard_library() -> None:
    source = Path(verify.__file__).read_text(encoding="utf-8")
    imported = {
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported - {"__future__"} <= sys.stdlib_module_names


def test_its_sentences_are_those_of_the_catalogue() -> None:
    entries = catalogue()
    for code, (english, chinese) in verify.SENTENCES.items():
        entry = entries[f"evidence.verify_{code}"]
        assert (entry["en"], entry["zh-Hans"]) == (english, chinese), code


@pytest.mark.parametrize(
    "text", ["", "zz", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "[1]", "{}"]
)
def test_a_file_that_holds_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        verify.read_keys(text)


def test_keys_are_read_in_each_form() -> None:
    key = SigningKey.new()
    statement = key.statement(datetime.now(UTC))
    for text in (key.public.hex(), key.public_pem().decode(), json.dumps(statement)):
        assert verify.read_keys(text)[0] == [key.id]
