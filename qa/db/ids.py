"""Opaque identifiers that sort by the time they were made."""

import os
import threading
import time

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A version 7 UUID (RFC 9562) as 32 hex digits: 48 bits of milliseconds, then random bits.

    Within one process ids never go backwards, so keyset paging by id is paging by time.
    """
    global _last
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    with _lock:
        # Stepping by one keeps version and variant bits but for a carry that 62 random bits make unthinkable.
        _last = max(value, _last + 1)
        return f"{_last:032x}"
