"""How numbers, scores, times and labels are written on a page, by the reader's language and time zone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from qa.core.messages import Message
from qa.i18n import label_in, render, text

NOTHING: Final = "–"
"""Stands where there is no value."""


def clock(seconds: float | None) -> str:
    """A place or a length within a call: 0:41, 6:12, 1:02:03."""
    if seconds is None:
        return NOTHING
    whole = max(0, int(seconds + 1e-6))
    hours, rest = divmod(whole, 3600)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"


@pass_context
def duration(context: Context, seconds: float | None) -> str:
    """A length in words: 6 分 12 秒, 1 h 2 min."""
    if seconds is None:
        return NOTHING
    whole, locale = max(0, round(seconds)), _locale(context)
    hours, rest = divmod(whole, 3600)
    minutes, last = divmod(rest, 60)
    if hours:
        return text("web.hours_minutes", locale, hours=hours, minutes=minutes)
    if minutes:
        return text("web.minutes_seconds", locale, minutes=minutes, seconds=last)
    return text("web.seconds", locale, seconds=last)


def number(value: float | None, digits: int = 0) -> str:
    """1,234; all three languages write it so."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def score(value: float | None) -> str:
    """A score of 0 to 100, with one decimal only where there is one: 62, 86.5."""
    return NOTHING if value is None else f"{value:.1f}".removesuffix(".0")


def percent(share: float | None, digits: int = 0) -> str:
    """0.125 -> 12 %."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def size(count: int) -> str:
    """Bytes in the largest fitting unit: 3.2 MB."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit in ("B", "KB") else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


@pass_context
def day(context: Context, at: datetime | None) -> str:
    """2026-11-20."""
    return NOTHING if at is None else _here(context, at).strftime("%Y-%m-%d")


@pass_context
def stamp(context: Context, at: datetime | None) -> str:
    """2026-11-20 14:32."""
    return NOTHING if at is None else _here(context, at).strftime("%Y-%m-%d %H:%M")


@pass_context
def moment(context: Context, at: datetime | None) -> Markup | str:
    """How long ago or until then, with the exact time on hover."""
    if at is None:
        return NOTHING
    local = _here(context, at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        relative(at, datetime.now(UTC), _locale(context), _zone(context)),
    )


def relative(at: datetime, now: datetime, locale: str, zone: ZoneInfo) -> str:
    """`at` as seen from `now`: 刚刚, 5 分钟前, 昨天 14:32, in a week's distance the date."""
    ahead = at > now
    apart = abs(now - at)
    side = "in" if ahead else "ago"
    if apart < timedelta(minutes=1):
        return text("web.now", locale)
    if apart < timedelta(hours=1):
        return text(f"web.minutes_{side}", locale, n=int(apart.total_seconds() // 60))
    there, here = at.astimezone(zone), now.astimezone(zone)
    days = abs((here.date() - there.date()).days)
    if days == 0:
        return text(f"web.hours_{side}", locale, n=int(apart.total_seconds() // 3600))
    at_clock = there.strftime("%H:%M")
    if days == 1:
        return text("web.tomorrow" if ahead else "web.yesterday", locale, clock=at_clock)
    if days < 7:
        return text(f"web.days_{side}", locale, n=days)
    return there.strftime("%m-%d %H:%M" if there.year == here.year else "%Y-%m-%d")


@pass_context
def label(context: Context, names: Mapping[str, str] | None) -> str:
    """A label of a pack in the reader's language."""
    return label_in(names, _locale(context)) if names else NOTHING


@pass_context
def said(context: Context, told: Message | None) -> str:
    """A message as its sentence."""
    return render(told, _locale(context)) if told else ""


def _here(context: Context, at: datetime) -> datetime:
    return at.astimezone(_zone(context))


def _locale(context: Context) -> str:
    return str(context["locale"])


def _zone(context: Context) -> ZoneInfo:
    zone: ZoneInfo = context["zone"]
    return zone


FILTERS: Final[dict[str, Any]] = {
    "clock": clock,
    "day": day,
    "duration": duration,
    "label": label,
    "moment": moment,
    "number": number,
    "percent": percent,
    "said": said,
    "score": score,
    "size": size,
    "stamp": stamp,
}
