"""When a call took place, by what came with its recording."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

CALLED_AT: Final = ("called_at", "call_time", "start_time")
"""Attributes that may say when the call took place, the first one that can be read counts."""
HOUR: Final = "hour"
"""The attribute by which rules know the time of day."""


def call_time(attributes: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """When the call took place, in UTC; a time without a zone is one of `zone`. None where nothing says."""
    for name in CALLED_AT:
        text = attributes.get(name, "").strip()
        if not text:
            continue
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            continue
        moment = read if read.tzinfo else read.replace(tzinfo=zone)
        if 1980 <= moment.year <= 2200:
            return moment.astimezone(UTC)
    return None


def with_hour(attributes: Mapping[str, str], time_zone: str) -> dict[str, str]:
    """The attributes and, where they say when the call took place, `hour`: the time of day there, in hours from 0
    to 24 (21.75 is a quarter to ten). Midnight on the dot is a day whose time nobody wrote down.
    """
    zone = ZoneInfo(time_zone)
    moment = call_time(attributes, zone)
    if moment is None or HOUR in attributes:
        return dict(attributes)
    local = moment.astimezone(zone)
    if local.time() == time():
        return dict(attributes)
    return {**attributes, HOUR: f"{local.hour + local.minute / 60 + local.second / 3600:.4f}"}
