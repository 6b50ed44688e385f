"""Calls with real rules and a real scorecard, told as lines: what reviewing is tested on. No sound, no models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from ledger_fakes import FakePipeline, RecordingBell, wav_bytes
from msgspec.structs import replace

from qa.core.correction import corrected
from qa.core.finding import Outcome
from qa.core.people import Job, Person
from qa.core.result import Result, RoleDecision, RunStatus
from qa.core.roles import Role
from qa.core.speech import AudioInfo
from qa.core.transcript import Transcript
from qa.db.ids import new_id
from qa.db.models import AccountRow
from qa.db.people import Accounts
from qa.pipeline.context import RecordingInput
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.loader import build, from_text
from qa.services import IntakeMeta, Services
from qa.services.review import ReviewView
from qa.services.work import Worker

PACK = """
id: zh.t
version: 3
label: {zh-Hans: 测试, en: Test}
terms:
  - {id: promise, patterns: [保本], family: forbidden, severity: critical}
  - {id: yield, patterns: [稳赚], family: forbidden, severity: warning}
  - {id: rude, patterns: [烦不烦], family: rude, severity: warning}
  - {id: small, patterns: [小毛病], family: forbidden, severity: notice}
  - {id: hello, patterns: [您好]}
  - {id: mark, patterns: [风险]}
flows:
  - id: sale
    steps:
      - {id: hello, says: hello}
      - {id: risk, says: mark}
scorecards:
  - id: card
    sections:
      - id: compliance
        weight: 3
        items:
          - {id: promise, check: promise, points: 60, veto: critical}
          - {id: yield, check: yield, points: 40}
      - id: service
        items:
          - {id: hello, check: sale.hello, points: 10}
          - {id: risk, check: sale.risk, points: 10}
          - {id: rude, check: 'family:rude', points: 10, per_finding: 4}
          - {id: warm, manual: true, points: 10}
"""
NEXT_PACK = PACK.replace("[稳赚]", "[稳赚, 高息]").replace("version: 3", "version: 4")
"""The rules after a change: more is found."""

GOOD = ("坐席：您好，有风险的", "客户：好")
BAD = ("坐席：您好，有风险的", "客户：能保证吗", "坐席：这个保本的，也稳赚", "客户：高息吗", "坐席：高息的")
START = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
"""A Wednesday noon."""


def person(login: str = "wang", *jobs: Job, teams: Sequence[str] = ()) -> Person:
    """Somebody; a reviewer where no job is given."""
    return Person(new_id(), login, login.title(), frozenset(jobs or (Job.REVIEWER,)), teams=tuple(teams))


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Calls:
    """A ledger whose recordings say what the test says."""

    services: Services
    bell: RecordingBell
    clock: Clock
    lines: dict[str, Transcript] = field(default_factory=dict)
    """Name of a recording -> what is said in it."""
    book: RuleBook = field(default_factory=lambda: book_of(PACK))
    seed: int = 0

    def add(self, lines: Sequence[str] = BAD, **attributes: str) -> str:
        """A recording with its result; returns its id."""
        self.seed += 1
        name = f"call-{self.seed}.wav"
        self.lines[name] = from_example(lines, Role.AGENT)
        meta = IntakeMeta(name, attributes=attributes)
        made = self.services.intake.accept_stream([wav_bytes(self.seed, seconds=1.0)], meta).recording.id
        self.work()
        return made

    def work(self) -> None:
        """Everything that was rung for."""
        settings = self.services.settings
        pipeline = FakePipeline(outcome=self.result)
        worker = Worker(
            self.services.database, self.services.vault, self.bell, settings.ledger, pipeline,
            review=settings.review,
        )  # fmt: skip
        while self.bell.rings:
            worker.work(*self.bell.rings.pop(0))

    def new_rules(self, pack: str = NEXT_PACK) -> None:
        """Other rules, and every call judged by them."""
        self.book = book_of(pack)
        self.services.analysis.rescan_all()
        self.work()

    def result(self, source: RecordingInput) -> Result:
        """What the pipeline would say."""
        spoken = _with_roles(self.lines[source.name], source.manual_roles)
        spoken, changed = corrected(spoken, source.corrections)
        roles = {t.speaker: t.role.value for t in spoken.turns}
        return Result(
            sha256=source.sha256,
            name=source.name,
            status=RunStatus.DONE,
            audio=AudioInfo("wav", "pcm_s16le", 8000, 2, 2, 60.0, 60.0),
            transcript=spoken,
            corrected=changed,
            roles=RoleDecision(roles, 1.0, "manual" if source.manual_roles else "content"),
            analysis=self.book.analyse(spoken, CallContext(attributes=dict(source.attributes))),
            attributes=dict(source.attributes),
        )

    def view(self, recording_id: str, who: Person | None = None) -> ReviewView:
        """The review as somebody sees it."""
        return self.services.review.closing.view(who or person(), recording_id)

    def flag(self, recording_id: str, rule: str) -> str:
        """Id of a flag of a rule."""
        return next(f.finding_id for f in self.view(recording_id).flags if f.rule == rule)

    def outcome(self, recording_id: str, rule: str) -> Outcome:
        """What a check came to after the verdicts."""
        return next(c.outcome for c in self.view(recording_id).checks if c.rule == rule)

    def account(self, login: str, *jobs: Job) -> None:
        """Somebody who can be handed a call."""
        row = AccountRow(
            id=new_id(), tenant="default", login=login, name=login, jobs=[j.value for j in jobs], active=True,
            created_at=self.clock(),
        )  # fmt: skip
        with self.services.database.write() as session:
            Accounts(session).add(row)


@cache
def book_of(pack: str) -> RuleBook:
    """The rules of a pack."""
    return build([from_text("zh/t", pack)])


def _with_roles(spoken: Transcript, roles: Mapping[str, str] | None) -> Transcript:
    if not roles:
        return spoken
    turns = tuple(replace(t, role=Role(roles.get(t.speaker, t.role))) for t in spoken.turns)
    return replace(spoken, turns=turns)
