"""Lists of recordings: every way to find them agrees with looking at all of them."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from qa.core.errors import BadOptionError, ForbiddenError, InputError, NotFoundError
from qa.core.people import Job, Person
from qa.core.result import RunStatus
from qa.db import search as search_module
from qa.db.engine import Database
from qa.db.facets import Facets
from qa.db.ids import new_id
from qa.db.models import AttributeRow, RecordingRow, RunRow
from qa.db.places import place_of
from qa.db.search import Sort
from qa.db.words import Said, SpokenWords
from qa.services.search import Line, ListFilter, SearchService

ZONE = "Asia/Shanghai"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
SENTENCES = ("这款产品稳赚不赔", "您好请问有什么可以帮您", "我要投訴你們", "保本保息没有风险", "好的 thank you")
EVERYBODY = Person("1", "ada", "Ada", frozenset({Job.COMPLIANCE}))
LEADER = Person("2", "lin", "Lin", frozenset({Job.SUPERVISOR}), teams=("east", "south"))
AGENT = Person("3", "wu", "Wu", frozenset({Job.AGENT}), agent="a1")


class Call:
    """One recording as the test made it."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.id = new_id()
        self.called_at = BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 10))
        self.place = place_of(self.called_at, number)
        self.agent = f"a{dice.randrange(12)}"
        self.team = dice.choice(["east", "east", "west", "south"])
        self.status = dice.choice(["done"] * 8 + ["failed", "queued"])
        self.duration = float(dice.randrange(20, 900))
        done = self.status == "done"
        self.score = float(dice.randrange(40, 101)) if done else None
        self.families = {f for f in ("forbidden", "rude", "step") if dice.random() < 0.3} if done else set()
        self.worst = max((4 if f == "forbidden" else 3 if f == "rude" else 2 for f in self.families), default=0)
        self.said = [
            Said(n, dice.choice(["agent", "customer"]), n * 4.0, dice.choice(SENTENCES)) for n in range(2)
        ]
        self.review = dice.choice([None, "waiting", "finalised"]) if done else None


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    dice = random.Random(7)
    return [Call(number, dice) for number in range(160)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, calls: Sequence[Call]
) -> Iterator[SearchService]:
    """The calls in a database of each kind, written once for all tests."""
    url = f"sqlite:///{tmp_path_factory.mktemp('search') / 'search.db'}"
    if request.param == "postgresql":
        uri: str = request.getfixturevalue("postgres_uri")
        name = f"t{new_id()}"
        admin = Database(uri)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        admin.close()
        url = uri.replace("/postgres?", f"/{name}?")
    database = Database(url)
    database.migrate()
    _fill(database, calls)
    yield SearchService(database, ZONE)
    database.close()


def _fill(database: Database, calls: Sequence[Call]) -> None:
    with database.write() as session:
        for call in calls:
            run_id = new_id()
            session.add(
                RecordingRow(
                    id=call.id, tenant="default", sha256=call.id * 2, name=f"{call.agent}-{call.id}.wav",
                    suffix=".wav", size=1, duration=call.duration, language=None, manual_roles=None,
                    status=call.status, run_id=run_id, result_id=None, created_at=BEGIN, place=call.place,
                    called_at=call.called_at, agent=call.agent, team=call.team, score=call.score,
                    findings=len(call.families), worst_rank=call.worst, review_status=call.review,
                )
            )  # fmt: skip
            session.flush()
            for name in ("agent", "team"):
                session.add(AttributeRow(recording_id=call.id, name=name, value=getattr(call, name)))
            session.add(
                RunRow(id=run_id, recording_id=call.id, kind="first", queue="speech", status=call.status,
                       attempts=1, done=0, total=0, created_at=BEGIN)
            )  # fmt: skip
            session.flush()
            values = {"agent": [call.agent], "team": [call.team], "family": call.families}
            Facets(session).set("default", call.place, values)
            SpokenWords(session).put(call.place, call.said)


@pytest.fixture(params=["counted whole", "always walked", "words looked up", "words read first"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to find a list, whatever would be the quickest."""
    match request.param:
        case "always walked":
            monkeypatch.setattr(search_module, "FEW", 1)
        case "words looked up":
            for name in ("FEW", "GLANCE", "SAMPLE", "WALK"):
                monkeypatch.setattr(search_module, name, 1)
            monkeypatch.setattr(search_module, "BATCH", 3)
        case "words read first":
            monkeypatch.setattr(search_module, "WORD_CHECK", 10**9)
        case _:
            pass


def everything(service: SearchService, who: Person, wanted: ListFilter, limit: int = 7) -> list[Line]:
    lines: list[Line] = []
    cursor = None
    while True:
        page = service.page(who, wanted, cursor=cursor, limit=limit)
        lines += page.lines
        cursor = page.next_cursor
        if cursor is None:
            return lines


def said(call: Call, words: str, role: str | None = None) -> bool:
    return any(words in one.text for one in call.said if role is None or one.role == role)


WAYS: list[tuple[ListFilter, Any]] = [
    (ListFilter(), lambda c: True),
    (ListFilter(facets={"agent": ("a3",)}), lambda c: c.agent == "a3"),
    (ListFilter(facets={"agent": ("a3", "a5")}), lambda c: c.agent in ("a3", "a5")),
    (ListFilter(facets={"agent": ("nobody",)}), lambda c: False),
    (
        ListFilter(facets={"team": ("east", "west"), "family": ("rude",)}),
        lambda c: c.team in ("east", "west") and "rude" in c.families,
    ),
    (ListFilter(statuses=(RunStatus.FAILED,)), lambda c: c.status == "failed"),
    (ListFilter(reviews=("waiting",)), lambda c: c.review == "waiting"),
    (ListFilter(name_contains="A3-"), lambda c: c.agent == "a3"),
    (ListFilter(score=(50, 70)), lambda c: c.score is not None and 50 <= c.score <= 70),
    (ListFilter(duration=(None, 300)), lambda c: c.duration <= 300),
    (ListFilter(text="稳赚"), lambda c: said(c, "稳赚")),
    (ListFilter(text="投诉你们"), lambda c: said(c, "投訴你們")),
    (ListFilter(text="保本", said_by="customer"), lambda c: said(c, "保本", "customer")),
    (ListFilter(text="保本 thank"), lambda c: said(c, "保本") and said(c, "thank")),
    (ListFilter(text="。。"), lambda c: False),
    (
        ListFilter(text="您好", facets={"family": ("forbidden", "step")}),
        lambda c: said(c, "您好") and c.families & {"forbidden", "step"},
    ),
    (
        ListFilter(text="保本 您好", facets={"agent": ("a3", "a5", "a7")}, score=(60, None)),
        lambda c: said(c, "保本") and said(c, "您好") and c.agent in ("a3", "a5", "a7") and (c.score or 0) >= 60,
    ),
    (
        ListFilter(text="您好", statuses=(RunStatus.FAILED, RunStatus.QUEUED)),
        lambda c: said(c, "您好") and c.status in ("failed", "queued"),
    ),
    (
        ListFilter(text="投诉", day_from=date(2026, 3, 3), day_to=date(2026, 3, 6), duration=(100, 700)),
        lambda c: (
            said(c, "投訴")
            and date(2026, 3, 3) <= (c.called_at + timedelta(hours=8)).date() <= date(2026, 3, 6)
            and 100 <= c.duration <= 700
        ),
    ),
    (
        ListFilter(day_from=date(2026, 3, 3), day_to=date(2026, 3, 4)),
        lambda c: date(2026, 3, 3) <= (c.called_at + timedelta(hours=8)).date() <= date(2026, 3, 4),
    ),
]


@pytest.mark.parametrize("who", [EVERYBODY, LEADER], ids=["all", "teams"])
@pytest.mark.usefixtures("few")
def test_each_filter_finds_what_looking_at_all_calls_finds(
    filled: SearchService, calls: Sequence[Call], who: Person
) -> None:
    for wanted, holds in WAYS:
        expected = [c for c in calls if holds(c) and who.sees(agent=c.agent, team=c.team)]
        newest_first = [c.id for c in sorted(expected, key=lambda c: -c.place)]
        assert [line.id for line in everything(filled, who, wanted)] == newest_first, wanted


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.usefixtures("few")
def test_pages_in_any_order_hold_each_call_once(
    filled: SearchService, calls: Sequence[Call], sort: Sort, descending: bool
) -> None:
    key = {
        Sort.CALLED: lambda c: c.place,
        Sort.SCORE: lambda c: (c.score, c.place),
        Sort.DURATION: lambda c: (c.duration, c.place),
        Sort.WORST: lambda c: (c.worst, c.place),
    }[sort]
    shown = [c for c in calls if "rude" in c.families and (sort is not Sort.SCORE or c.score is not None)]
    wanted = ListFilter(facets={"family": ("rude",)}, sort=sort, descending=descending)
    ordered = sorted(shown, key=key, reverse=descending)
    assert [line.id for line in everything(filled, EVERYBODY, wanted)] == [c.id for c in ordered]
    wanted = msgspec.structs.replace(wanted, text="保本")
    expected = [c.id for c in ordered if said(c, "保本")]
    assert [line.id for line in everything(filled, EVERYBODY, wanted)] == expected


def test_a_hit_shows_the_words_and_where_they_were_said(filled: SearchService) -> None:
    line = filled.page(EVERYBODY, ListFilter(text="穩賺不賠")).lines[0]
    assert line.hits[0].match == "稳赚不赔"
    assert line.hits[0].before == "这款产品"


def test_an_agent_may_not_list_recordings(filled: SearchService) -> None:
    with pytest.raises(ForbiddenError):
        filled.page(AGENT, ListFilter())


def test_choices_are_those_of_the_calls_somebody_sees(filled: SearchService, calls: Sequence[Call]) -> None:
    def values(who: Person, name: str) -> list[str]:
        return [choice.value for choice in filled.choices(who, [name])[name]]

    assert values(EVERYBODY, "team") == ["east", "south", "west"]
    assert values(LEADER, "team") == ["east", "south"]
    assert values(LEADER, "agent") == sorted({c.agent for c in calls if c.team in LEADER.teams})


@pytest.mark.parametrize("cursor", ["x", "1", "~", "1~x", "nan~x", "1~99999999999999999999", "9e99~1"])
def test_a_made_up_cursor_is_refused(filled: SearchService, cursor: str) -> None:
    with pytest.raises(BadOptionError):
        filled.page(EVERYBODY, ListFilter(), cursor=cursor)


def test_views_are_ones_own_unless_shared(filled: SearchService) -> None:
    mine = filled.save_view(EVERYBODY, " 严重  ", "worst=critical", shared=True)
    filled.save_view(EVERYBODY, "own", "status=failed")
    assert [(v.name, v.mine) for v in filled.views(LEADER)] == [("严重", False)]
    with pytest.raises(NotFoundError):
        filled.delete_view(LEADER, mine.id)
    filled.delete_view(EVERYBODY, mine.id)
    assert [v.name for v in filled.views(EVERYBODY)] == ["own"]
    with pytest.raises(InputError):
        filled.save_view(EVERYBODY, "  ", "")
