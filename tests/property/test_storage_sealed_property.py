"""Reading a sealed file anywhere gives what reading the plain file gives."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from qa.storage.sealed import CHUNK, new_key, seal, unsealed

SIZES = st.one_of(
    st.integers(0, 300),
    st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 17]),
)
STEPS = st.lists(st.tuples(st.integers(0, 4 * CHUNK), st.integers(-1, 3 * CHUNK)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(size=SIZES, steps=STEPS, seed=st.integers(0, 255))
def test_random_access_gives_the_plain_bytes(size: int, steps: list[tuple[int, int]], seed: int) -> None:
    plain = bytes((seed + i * i // 7) % 256 for i in range(size))
    key, out = new_key(), io.BytesIO()
    seal(io.BytesIO(plain), lambda part: (out.write(part), None)[1], key, "x")
    read, same = unsealed(io.BytesIO(out.getvalue()), key, "x"), io.BytesIO(plain)
    assert read.seek(0, io.SEEK_END) == size
    for place, length in steps:
        assert read.seek(place) == same.seek(place)
        assert read.read(length) == same.read(length)
        assert read.tell() == same.tell()
    read.seek(0)
    assert read.read() == plain
