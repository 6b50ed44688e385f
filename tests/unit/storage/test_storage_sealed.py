"""Encrypted files: what was done to one is found, and only the right key opens it."""

import io

import pytest

from qa.storage.sealed import CHUNK, SealBrokenError, is_sealed, new_key, seal, unsealed

HEADER, WHOLE = 16, CHUNK + 16
PLAIN = bytes(range(256)) * 1024  # four chunks
KEY = new_key()


def sealed(plain: bytes = PLAIN, key: bytes = KEY, label: str = "a.wav") -> bytes:
    out = io.BytesIO()

    def write(part: bytes) -> None:
        out.write(part)

    seal(io.BytesIO(plain), write, key, label)
    return out.getvalue()


def opened(data: bytes, key: bytes = KEY, label: str = "a.wav") -> bytes:
    return unsealed(io.BytesIO(data), key, label).read()


def test_a_sealed_file_gives_its_bytes_back_and_shows_none_of_them() -> None:
    data = sealed()
    assert opened(data) == PLAIN
    assert PLAIN[:64] not in data
    assert is_sealed(io.BytesIO(data))
    assert not is_sealed(io.BytesIO(PLAIN))


def test_nothing_at_all_can_be_sealed() -> None:
    assert opened(sealed(b"")) == b""


def test_the_same_bytes_are_never_sealed_alike() -> None:
    assert sealed() != sealed()


@pytest.mark.parametrize(
    ("key", "label"), [(new_key(), "a.wav"), (KEY, "b.wav")], ids=["another key", "another name"]
)
def test_another_key_or_another_name_opens_nothing(key: bytes, label: str) -> None:
    with pytest.raises(SealBrokenError):
        opened(sealed(), key, label)


@pytest.mark.parametrize("at", [0, 9, HEADER, HEADER + WHOLE + 5, HEADER + 4 * WHOLE - 1])
def test_a_changed_byte_is_found(at: int) -> None:
    data = bytearray(sealed())
    data[at] ^= 1
    with pytest.raises(SealBrokenError):
        opened(bytes(data))


@pytest.mark.parametrize(
    "left", [0, 10, HEADER, HEADER + 5, HEADER + WHOLE, HEADER + 3 * WHOLE, HEADER + 4 * WHOLE - 1]
)
def test_a_file_that_was_cut_off_is_found_before_a_byte_is_read(left: int) -> None:
    with pytest.raises(SealBrokenError):
        unsealed(io.BytesIO(sealed()[:left]), KEY, "a.wav")


def test_chunks_that_were_swapped_doubled_or_added_are_found() -> None:
    data = sealed()
    head, chunks = data[:HEADER], [data[HEADER + i * WHOLE : HEADER + (i + 1) * WHOLE] for i in range(4)]
    for order in ([1, 0, 2, 3], [0, 0, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 2, 3], [0, 1, 3]):
        with pytest.raises(SealBrokenError):
            opened(head + b"".join(chunks[i] for i in order))


def test_a_chunk_of_another_file_under_the_same_key_is_found() -> None:
    one, other = sealed(), sealed(PLAIN[::-1])
    with pytest.raises(SealBrokenError):
        opened(one[: HEADER + WHOLE] + other[HEADER + WHOLE :])
