"""The chain of the audit log as it is hashed, signed and put into packs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qa.exports.verify import canonical, event_digest


def moment(at: datetime) -> str:
    """A time as it stands in what is hashed and signed: UTC, microseconds, `2026-03-01T12:30:15.000000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest_of(event: Mapping[str, Any]) -> str:
    """`event_digest` of an event whose times are still times."""
    return event_digest({**event, "at": moment(event["at"]), "observed_at": moment(event["observed_at"])})


def event_line(event: Mapping[str, Any]) -> bytes:
    """An event as a line of a pack's `audit.jsonl`, for everyone to read."""
    told = {**event, "at": moment(event["at"]), "observed_at": moment(event["observed_at"])}
    return canonical(told) + b"\n"


def withheld_line(event: Mapping[str, Any]) -> bytes:
    """An event as a line that keeps the chain whole and says nothing: its number and its digest."""
    return canonical({"digest": digest_of(event), "seq": event["seq"]}) + b"\n"


def checkpoint_bytes(tenant: str, seq: int, head: str, at: datetime, key: str) -> bytes:
    """What is signed to say that a tenant's chain ended with event `seq` of hash `head` at that time."""
    told = {"format": "tingjian-checkpoint", "tenant": tenant, "seq": seq, "hash": head}
    return canonical({**told, "at": moment(at), "key_id": key})
