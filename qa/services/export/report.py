"""The words and tables of the PDF report, in parts of so many findings that memory stays bounded."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from qa.exports.formats import read_rows
from qa.exports.formats.columns import Row
from qa.exports.formats.report import Report, Section
from qa.i18n import text
from qa.services.export.freeze import Frozen
from qa.services.export.views import Wanted
from qa.services.review.views import MissEstimate, Rate

PART: Final = 1000
"""Findings of one document; typst takes about a second and 200 MB for them."""
_RULES: Final = 2000


class Findings:
    """The frozen rows, read as they are needed."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table."""
        return read_rows(self._source / f"{table}.jsonl")


def reports(
    export_id: str, by: str, wanted: Wanted, found: Frozen, estimate: MissEstimate | None, source: Findings
) -> Iterator[Report]:
    """The report, then one annex for every further `PART` findings."""
    words = _Words(wanted.locale)
    findings = source.rows("findings")
    title = words("title")
    subtitle = f"{wanted.start:%Y-%m-%d} – {wanted.last:%Y-%m-%d}"
    region = "TW" if wanted.locale == "zh-Hant" else "CN"
    first = list(islice(findings, PART))
    sections = [
        _summary(words, found),
        Section(words("method"), words("method_text")),
        _rules(words, source),
        *([_missed(words, estimate)] if estimate else []),
        _findings(words, first),
        _disputes(words, source),
        _notices(words, source),
    ]
    facts = (
        (words("snapshot"), f"{found.at:%Y-%m-%d %H:%M:%S} UTC"),
        (words("made_by"), by),
        (words("team"), wanted.team or words("everything")),
        (words("rule"), wanted.rule or words("everything")),
        (words("status"), wanted.status or words("everything")),
        *([(words("chosen"), f"{len(wanted.recordings):,}")] if wanted.recordings else []),
        (words("export"), export_id),
    )
    yield Report(title, subtitle, export_id, by, region, facts, tuple(sections))
    number = 1
    while part := list(islice(findings, PART)):
        number += 1
        annex = words("annex", n=number)
        yield Report(f"{title} · {annex}", subtitle, export_id, by, region, (), (_findings(words, part),))


class _Words:
    def __init__(self, locale: str) -> None:
        self._locale = locale

    def __call__(self, name: str, **params: object) -> str:
        return text(f"export.pdf_{name}", self._locale, **params)


def _summary(words: _Words, found: Frozen) -> Section:
    rows = [(words(f"table_{table}"), f"{count:,}") for table, count in found.counts.items()]
    rows += [(f"  {words('severity')}: {name}", f"{n:,}") for name, n in sorted(found.severities.items())]
    rows += [(f"  {words('verdict')}: {name}", f"{n:,}") for name, n in sorted(found.verdicts.items())]
    packs = "; ".join(
        f"{pack} v{', v'.join(map(str, versions))}" for pack, versions in sorted(found.packs.items())
    )
    return Section(
        words("summary"), words("packs", packs=packs), (words("what"), words("count")), (4, 1), tuple(rows)
    )


def _rules(words: _Words, source: Findings) -> Section:
    rows = [
        tuple(str(row[name]) for name in ("rule", "version", "findings", "passed", "failed", "unknown"))
        for row in islice(source.rows("rules"), _RULES)
    ]
    versions: dict[str, list[str]] = {}
    for rule, version, *_ in rows:
        versions.setdefault(rule, []).append(version)
    changed = [f"{rule} (v{' → v'.join(some)})" for rule, some in versions.items() if len(some) > 1]
    said = words("rules_changed", rules="; ".join(changed)) if changed else words("rules_unchanged")
    head = tuple(words(name) for name in ("rule", "version", "findings", "passed", "failed", "unknown"))
    return Section(words("rules"), said, head, (5, 1, 1, 1, 1, 1), tuple(rows))


def _missed(words: _Words, estimate: MissEstimate) -> Section:
    rows = [(words("all_families"), *_rate(estimate.missed))]
    rows += [(family, *_rate(rate)) for family, rate in sorted(estimate.families.items())]
    head = (words("family"), words("missed"), words("heard"), words("interval"))
    return Section(words("sampling"), words("sampling_text", n=estimate.waiting), head, (3, 1, 1, 2), tuple(rows))


def _rate(rate: Rate) -> tuple[str, str, str]:
    return str(rate.count), str(rate.of), f"{rate.low:.1%} – {rate.high:.1%}" if rate.of else "–"


def _findings(words: _Words, rows: list[Row]) -> Section:
    head = tuple(words(name) for name in ("call", "place", "rule", "severity", "quote", "verdict"))
    lines = tuple(
        (
            f"{(row['called_at'] or '')[:10]} {row['agent'] or ''}\n{row['recording_id'][-8:]}",
            _clock(row["start_s"]),
            f"{row['rule']} v{row['rule_version']}",
            row["severity"],
            row["quote"] or "–",
            " ".join(str(part) for part in (row["verdict"], row["verdict_reason"], row["verdict_by"]) if part)
            or "–",
        )
        for row in rows
    )
    return Section(words("findings"), "", head, (3, 1, 4, 2, 6, 3), lines)


def _disputes(words: _Words, source: Findings) -> Section:
    head = tuple(words(name) for name in ("agent", "step", "words", "outcome", "reason", "score"))
    lines = tuple(
        (
            str(row["agent"]),
            str(row["step"]),
            row["words"],
            row["outcome"] or "–",
            f"{row['reason'] or '–'} {row['ruled_by'] or ''}",
            f"{_score(row['score_before'])} → {_score(row['score_after'])}",
        )
        for row in islice(source.rows("disputes"), PART)
    )
    return Section(words("disputes"), "" if lines else words("none"), head, (2, 1, 4, 2, 4, 2), lines)


def _notices(words: _Words, source: Findings) -> Section:
    head = tuple(words(name) for name in ("agent", "state", "title_of", "rule", "answer"))
    lines = tuple(
        (str(row["agent"]), row["state"], row["title"], row["rule"], row["answer"] or "–")
        for row in islice(source.rows("notices"), PART)
    )
    return Section(words("notices"), "" if lines else words("none"), head, (2, 2, 4, 4, 4), lines)


def _clock(seconds: float | None) -> str:
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
