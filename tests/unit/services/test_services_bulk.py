"""What is done to many recordings at once, and that an export of chosen calls proves what was in it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from coaching_kit import AGENT, BAD_CALL, LEADER, REVIEWER, THIRD, taken
from msgspec.structs import replace

from qa.core.errors import BadOptionError, ForbiddenError, InputError
from qa.core.people import SYSTEM, Job, Person
from qa.db.audit import Wanted as Events
from qa.db.models import ExportRow, RecordingRow
from qa.exports.verify import MANIFEST, RECORDINGS
from qa.services import Services
from qa.services.bulk import BulkService, Chosen
from qa.services.custody.deleting import covers
from qa.services.export import Format, Wanted
from qa.services.review import AskOutcome
from qa.services.search import ListFilter
from qa.services.work import Worker
from qa.settings import BulkSettings

Make = Callable[..., Worker]
NOW = datetime.now(UTC)
ORDER = Wanted(start=NOW, end=NOW, formats=(Format.CSV, Format.XLSX), as_zip=False)
WEST = ListFilter(facets={"team": ("west",)})


@pytest.fixture
def house(services: Services, make_worker: Make) -> tuple[Services, list[str]]:
    east = [taken(services, make_worker, BAD_CALL, seed=seed) for seed in (1, 2)]
    west = [taken(services, make_worker, BAD_CALL, seed=seed, agent="A02", team="west") for seed in (3, 4, 5)]
    return services, east + west


def few(services: Services, most: int) -> BulkService:
    return BulkService(
        services.search,
        services.analysis,
        services.review.asking,
        services.exports,
        services.rules,
        BulkSettings(most=most),
    )


def test_an_export_of_chosen_calls_holds_these_alone_and_says_so(house: tuple[Services, list[str]]) -> None:
    services, ids = house
    picked = (ids[0], ids[3])
    ordered = services.bulk.export(THIRD, Chosen((*picked, "0" * 32)), ORDER)
    assert (ordered.export.total, ordered.export.chosen, ordered.left_out) == (2, 3, 1)
    assert ordered.export.wanted.recordings == ()
    services.exports.write(ordered.export.id)
    pack = services.exports.pack(THIRD, ordered.export.id)
    told = json.loads((pack / MANIFEST).read_text(encoding="utf-8"))
    assert held(pack) == set(picked)
    assert set(told["snapshot"]["wanted"]["recordings"]) == {*picked, "0" * 32}
    (asked,) = services.audit.page(SYSTEM, Events(action="export.requested")).items
    assert (asked.actor, asked.details["calls"], asked.details["chosen"]) == (THIRD.login, 2, 3)
    named = "\n".join(sorted((*picked, "0" * 32)))
    assert asked.details["chosen_sha256"] == sha256(named.encode()).hexdigest()
    (made,) = services.audit.page(SYSTEM, Events(action="export.made")).items
    assert made.details["digest"] == services.exports.get(THIRD, ordered.export.id).digest


def test_a_pack_of_chosen_calls_is_no_pack_of_others_of_the_same_time(house: tuple[Services, list[str]]) -> None:
    services, ids = house
    ordered = services.bulk.export(THIRD, Chosen((ids[0], ids[4])), ORDER)
    with services.database.read() as session:
        export = session.get_one(ExportRow, ordered.export.id)
        held = {one for one in ids if covers(export, session.get_one(RecordingRow, one))}
    assert held == {ids[0], ids[4]}


def test_all_that_a_filter_leaves_is_counted_and_exported_with_the_filter(
    house: tuple[Services, list[str]],
) -> None:
    services, ids = house
    assert services.bulk.count(THIRD, WEST).count == 3
    ordered = services.bulk.export(THIRD, Chosen(matching=WEST), ORDER)
    assert ordered.export.total == 3
    services.exports.write(ordered.export.id)
    pack = services.exports.pack(THIRD, ordered.export.id)
    told = json.loads((pack / MANIFEST).read_text(encoding="utf-8"))
    assert held(pack) == set(ids[2:])
    assert told["snapshot"]["wanted"]["matching"]["facets"] == {"team": ["west"]}


def test_more_than_the_limit_is_refused_and_not_cut_short(house: tuple[Services, list[str]]) -> None:
    services, ids = house
    bulk = few(services, 2)
    counted = bulk.count(THIRD, WEST)
    assert (counted.count, counted.more, counted.most) == (2, True, 2)
    for chosen in (Chosen(matching=WEST), Chosen(tuple(ids[:3]))):
        for act in (
            lambda chosen: bulk.export(THIRD, chosen, ORDER),
            lambda chosen: bulk.ask(SYSTEM, chosen, None, "听一遍"),
            lambda chosen: bulk.rescan(SYSTEM, chosen),
        ):
            with pytest.raises(InputError):
                act(chosen)
    assert bulk.rescan(SYSTEM, Chosen((ids[0], ids[0], ids[1]))).queued == 2


@pytest.mark.parametrize("chosen", [Chosen(), Chosen(("0" * 32,), ListFilter())])
def test_one_says_ids_or_a_filter(services: Services, chosen: Chosen) -> None:
    with pytest.raises(BadOptionError):
        services.bulk.rescan(SYSTEM, chosen)


def test_a_filter_that_leaves_nothing_is_told(house: tuple[Services, list[str]]) -> None:
    services, _ = house
    none = Chosen(matching=ListFilter(facets={"team": ("nobody",)}))
    with pytest.raises(BadOptionError, match="nothing_matches"):
        services.bulk.ask(SYSTEM, none, None, "听一遍")


def test_a_filter_reaches_no_further_than_its_person(house: tuple[Services, list[str]]) -> None:
    services, ids = house
    everything = Chosen(matching=ListFilter())
    lead = replace(LEADER, jobs=frozenset({Job.SUPERVISOR}))
    seen = set(services.search.matching(lead, ListFilter(), 10))
    assert seen < set(ids)
    asked = services.bulk.ask(lead, everything, None, "听一遍")
    assert {one.recording_id for one in asked} == seen
    assert {one.outcome for one in asked} == {AskOutcome.ASKED}


def test_each_act_has_its_right(house: tuple[Services, list[str]]) -> None:
    services, ids = house
    chosen = Chosen((ids[0],))
    auditor = Person("", "zhao", "Zhao", frozenset({Job.AUDITOR}))
    acts: dict[str, Callable[[Person], object]] = {
        "ask": lambda who: services.bulk.ask(who, chosen, None, "听一遍"),
        "rescan": lambda who: services.bulk.rescan(who, chosen),
        "export": lambda who: services.bulk.export(who, chosen, ORDER),
    }

    def allowed(who: Person) -> set[str]:
        return {name for name, act in acts.items() if _runs(act, who)}

    assert allowed(auditor) == {"export"}
    assert allowed(REVIEWER) == set()
    assert allowed(AGENT) == set()
    assert allowed(replace(LEADER, jobs=frozenset({Job.SUPERVISOR}))) == {"ask", "rescan"}


def _runs(act: Callable[[Person], object], who: Person) -> bool:
    try:
        act(who)
    except ForbiddenError:
        return False
    return True


def held(pack: Path) -> set[str]:
    lines = (pack / RECORDINGS).read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["id"] for line in lines}
