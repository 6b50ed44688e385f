"""Accounts, sign-in, sessions, tokens and links, on every database."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa
from api_live import CHEAP, api_settings
from argon2 import PasswordHasher
from people_kit import HERE, PASSWORD, Clock, make_person

from qa.core.errors import (
    BadOptionError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TingjianError,
    TooSoonError,
    UnauthenticatedError,
)
from qa.core.people import SYSTEM, Job, Person
from qa.db.engine import Database
from qa.db.models import (
    AccountRow,
    ApiTokenRow,
    AuditEventRow,
    OneTimeLinkRow,
    SignInAttemptRow,
    SignInFailureRow,
    WebSessionRow,
)
from qa.services.people import People, open_people
from qa.services.people.accounts import Changes
from qa.services.people.logins import check_login, normalise
from qa.services.people.passwords import Passwords, check_password
from qa.services.people.sessions import Where, source_of
from qa.services.people.tokens import ensure_machine_token, read_machine_token
from qa.settings import PeopleSettings


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(database_url, clock=clock)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def people(database: Database, tmp_path: Path) -> People:
    return open_people(database, api_settings(tmp_path))


def actions(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(sa.select(AuditEventRow.action).order_by(AuditEventRow.seq)))


def person(people: People, login: str) -> Person:
    return people.sessions.sign_in(login, PASSWORD, HERE).person


# --- passwords and logins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("ninechars", "password_short"),
        ("x" * 257, "password_long"),
        ("li.jing2026", "password_like_login"),
        ("gnij.il gnij.il", None),
        ("li.jingli.jing", "password_like_login"),
        ("aaaaaaaaaaaa", "password_common"),
        ("1234567890", "password_common"),
        ("１２３４５６７８９０", "password_common"),
        ("PASSWORD123", "password_common"),
        ("tingjian2026", "password_common"),
        ("correct horse battery", None),
        ("今天天气很好我们去散步", None),
    ],
)
def test_a_password_is_refused_for_length_likeness_or_being_common_and_nothing_else(
    password: str, code: str | None
) -> None:
    if code is None:
        check_password(password, "li.jing")
        return
    with pytest.raises(BadOptionError) as caught:
        check_password(password, "li.jing")
    assert caught.value.message.code == f"people.{code}"


def test_a_hash_is_argon2id_with_its_parameters_and_is_renewed_when_these_change() -> None:
    old, new = Passwords(CHEAP), Passwords(CHEAP.model_copy(update={"argon2_passes": 2}))
    kept = old.hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
    assert new.matches(kept, PASSWORD)
    assert not new.matches(kept, PASSWORD + "x")
    assert new.outdated(kept)
    assert not old.outdated(kept)


def test_the_defaults_are_those_of_rfc_9106_for_little_memory() -> None:
    kept = Passwords(PeopleSettings()).hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_without_a_hash_the_same_work_is_done_and_the_answer_is_no() -> None:
    verified: list[str] = []

    class Noting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            verified.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(CHEAP)
    passwords._hasher = Noting()
    assert not passwords.matches(None, PASSWORD)
    assert [kept[:30] for kept in verified] == ["$argon2id$v=19$m=8192,t=1,p=1$"]


def test_a_broken_hash_matches_nothing() -> None:
    assert not Passwords(CHEAP).matches("$argon2id$broken", PASSWORD)


@pytest.mark.parametrize("typed", ["Li.Jing", " li.jing ", "ＬＩ.ＪＩＮＧ"])
def test_a_login_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normalise(typed) == "li.jing"


@pytest.mark.parametrize("typed", ["", "a", "a b", "a\nb", "-ab", "x" * 65, "a\x00b", "system", "a\u2028b", "<b>"])
def test_a_login_that_could_break_a_log_or_a_page_is_refused(typed: str) -> None:
    with pytest.raises(BadOptionError) as caught:
        check_login(typed)
    assert caught.value.message.params["login"].isprintable() or not caught.value.message.params["login"]


@pytest.mark.parametrize("typed", ["李静", "li-jing@example.org", "a1"])
def test_letters_of_any_script_make_a_login(typed: str) -> None:
    assert check_login(typed) == typed


# --- the first administrator, links --------------------------------------------------------------------------


def test_the_first_start_makes_no_account_but_a_link_and_the_next_start_another(
    people: People, database: Database
) -> None:
    first, second = people.links.first_administrator(), people.links.first_administrator()
    assert first is not None
    assert second is not None
    assert people.accounts.list(SYSTEM) == ()
    with pytest.raises(NotFoundError):
        people.links.become_administrator(first.token, "boss", "Boss", PASSWORD, HERE)
    made = people.links.become_administrator(second.token, "Boss", "Boss", PASSWORD, HERE)
    assert made.person.jobs == {Job.ADMINISTRATOR}
    assert people.sessions.find(made.token) is not None
    assert people.links.first_administrator() is None
    with pytest.raises(NotFoundError):
        people.links.become_administrator(second.token, "again", "Again", PASSWORD, HERE)
    assert actions(database) == ["people.added", "signin.ok"]


def test_the_first_link_runs_out_after_a_day(people: People, clock: Clock) -> None:
    link = people.links.first_administrator()
    assert link is not None
    clock.pass_(hours=24, seconds=1)
    with pytest.raises(NotFoundError):
        people.links.peek(link.token)


def test_a_password_that_breaks_a_rule_leaves_the_link_as_it_is(people: People) -> None:
    link = people.links.first_administrator()
    assert link is not None
    with pytest.raises(BadOptionError):
        people.links.become_administrator(link.token, "boss", "Boss", "short", HERE)
    people.links.become_administrator(link.token, "boss", "Boss", PASSWORD, HERE)


def test_a_link_is_used_once_however_many_use_it_at_the_same_moment(people: People) -> None:
    link = people.links.first_administrator()
    assert link is not None
    won: list[str] = []

    def use(number: int) -> None:
        try:
            people.links.become_administrator(link.token, f"boss{number}", "Boss", PASSWORD, HERE)
        except (NotFoundError, ConflictError):
            return
        won.append(f"boss{number}")

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [view.login for view in people.accounts.list(SYSTEM)] == won


def test_an_invitation_opens_no_other_door(people: People) -> None:
    view, link = people.accounts.invite(SYSTEM, "li.jing", Changes(jobs=(Job.REVIEWER,)))
    with pytest.raises(NotFoundError):
        people.links.become_administrator(link.token, "boss", "Boss", PASSWORD, HERE)
    people.links.set_password(link.token, PASSWORD, HERE)
    assert people.accounts.get(SYSTEM, view.id).has_password


def test_secrets_are_stored_as_hashes_only(people: People, database: Database) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    signed_in = people.sessions.sign_in("boss", PASSWORD, HERE)
    made = people.tokens.make(signed_in.person, "t")
    _, link = people.accounts.invite(SYSTEM, "li.jing", Changes())
    with database.read() as session:
        kept = "".join(
            str(row) for table in (AccountRow, WebSessionRow, ApiTokenRow, OneTimeLinkRow)
            for row in session.execute(sa.select(*table.__table__.columns))
        )  # fmt: skip
    for secret in (PASSWORD, signed_in.token, made.secret, link.token):
        assert secret not in kept


# --- signing in ----------------------------------------------------------------------------------------------


def test_whoever_signs_in_gets_a_new_session_and_the_one_before_ends(people: People) -> None:
    make_person(people, "li.jing", Job.REVIEWER)
    first = people.sessions.sign_in("LI.JING", PASSWORD, HERE)
    second = people.sessions.sign_in("li.jing", PASSWORD, HERE, before=first.token)
    assert people.sessions.find(first.token) is None
    found = people.sessions.find(second.token)
    assert found is not None
    assert found[0].login == "li.jing"


def test_wrong_password_unknown_login_and_closed_account_are_one_sentence(people: People) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    closed = make_person(people, "gone", Job.REVIEWER)
    people.accounts.change(SYSTEM, closed, Changes(active=False))
    people.accounts.invite(SYSTEM, "invited", Changes())
    said = []
    for login, password in (("boss", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("invited", PASSWORD)):
        with pytest.raises(UnauthenticatedError) as caught:
            people.sessions.sign_in(login, password, HERE)
        said.append(caught.value.message)
    assert len({(told.code, *told.params.items()) for told in said}) == 1


@pytest.mark.parametrize("login", ["boss", "nobody"])
def test_waiting_grows_to_a_bound_and_is_the_same_for_a_login_nobody_has(
    people: People, clock: Clock, login: str
) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            people.sessions.sign_in(login, "wrong", HERE)
    waits = []
    for _ in range(8):
        with pytest.raises(TooSoonError) as caught:
            people.sessions.sign_in(login, PASSWORD, HERE)
        waits.append(int(caught.value.message.params["seconds"]))
        clock.pass_(seconds=waits[-1])
        with pytest.raises(UnauthenticatedError):
            people.sessions.sign_in(login, "wrong", HERE)
    assert [wait - 1 for wait in waits] == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_last_administrator_waits_at_most_the_longest_wait_and_a_link_ends_it_at_once(
    people: People, clock: Clock
) -> None:
    account_id = make_person(people, "boss", Job.ADMINISTRATOR)

    def attack() -> None:
        for _ in range(40):
            with pytest.raises((UnauthenticatedError, TooSoonError)):
                people.sessions.sign_in("boss", "wrong", HERE)
            clock.pass_(seconds=100)

    attack()
    clock.pass_(seconds=CHEAP.longest_wait_seconds)
    assert people.sessions.sign_in("boss", PASSWORD, HERE).person.login == "boss"
    attack()
    link = people.accounts.reset_link(SYSTEM, account_id)
    people.links.set_password(link.token, "another good phrase", HERE)
    people.sessions.sign_in("boss", "another good phrase", HERE)


def test_a_hundred_guesses_at_once_are_no_more_than_the_allowed_few(people: People) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    tried: list[type[TingjianError]] = []

    def guess(number: int) -> None:
        for _ in range(5):
            try:
                people.sessions.sign_in("boss", f"guess {number}", HERE)
            except TingjianError as error:
                tried.append(type(error))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tried.count(UnauthenticatedError) == 5
    assert tried.count(TooSoonError) == 35


def test_a_right_password_forgets_the_wrong_ones(people: People, database: Database) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(UnauthenticatedError):
                people.sessions.sign_in("boss", "wrong", HERE)
        people.sessions.sign_in("boss", PASSWORD, HERE)
    with database.read() as session:
        assert session.scalars(sa.select(SignInFailureRow)).all() == []


def test_too_many_attempts_from_one_address_are_refused_whatever_the_login(
    database: Database, tmp_path: Path
) -> None:
    settings = api_settings(tmp_path)
    few = settings.model_copy(update={"people": settings.people.model_copy(update={"attempts_per_minute": 10})})
    people = open_people(database, few)
    for number in range(10):
        with pytest.raises(UnauthenticatedError):
            people.sessions.sign_in(f"login{number}", "wrong", HERE)
    with pytest.raises(TooSoonError):
        people.sessions.sign_in("login99", "wrong", HERE)
    with pytest.raises(UnauthenticatedError):
        people.sessions.sign_in("login99", "wrong", Where("192.0.2.2"))


def patient(database: Database, tmp_path: Path, most: int) -> People:
    """The services of one process that lets so many attempts through."""
    settings = api_settings(tmp_path)
    options = settings.people.model_copy(update={"attempts_per_minute": most})
    return open_people(database, settings.model_copy(update={"people": options}))


def refused(people: People, address: str) -> bool:
    try:
        people.sessions.check_rate(address)
    except TooSoonError:
        return True
    return False


def test_a_restart_forgets_no_attempt_and_a_minute_does(
    database: Database, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    before = patient(database, tmp_path, 10)
    assert [refused(before, "192.0.2.1") for _ in range(12)] == [False] * 10 + [True] * 2
    again = Database(database_url, clock=clock)
    after = patient(again, tmp_path, 10)
    assert refused(after, "192.0.2.1")
    assert not refused(after, "192.0.2.9")
    clock.pass_(seconds=61)
    # One second of the minute has gone by: all but a sixtieth of what was before still counts.
    assert refused(after, "192.0.2.1")
    clock.pass_(seconds=30)
    assert [refused(after, "192.0.2.1") for _ in range(6)] == [False] * 5 + [True]
    clock.pass_(minutes=3)
    assert not refused(after, "192.0.2.1")
    again.close()


def test_several_processes_let_no_more_attempts_through_than_one(
    database: Database, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    engines = [Database(database_url, clock=clock) for _ in range(3)]
    processes = [patient(engine, tmp_path, 10) for engine in engines]
    told: list[bool] = []

    def guess(people: People) -> None:
        told.extend(refused(people, "192.0.2.1") for _ in range(8))

    threads = [threading.Thread(target=guess, args=(one,)) for one in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(False) == 10
    for engine in engines:
        engine.close()


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_whoever_has_a_network_of_addresses_is_one(address: str, source: str) -> None:
    assert source_of(address) == source


def test_what_counts_no_more_is_forgotten(people: People, database: Database, clock: Clock) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    people.sessions.check_rate("192.0.2.7")
    clock.pass_(minutes=5)
    people.sessions.sign_in("boss", PASSWORD, HERE)
    with database.read() as session:
        kept = session.scalars(sa.select(SignInAttemptRow.address)).all()
    assert kept == [HERE.address]


def test_what_is_typed_as_an_unknown_login_is_written_down_nowhere(people: People, database: Database) -> None:
    typed = "my-secret\r\nforged: line"
    with pytest.raises(UnauthenticatedError):
        people.sessions.sign_in(typed, "x", HERE)
    with database.read() as session:
        events = session.scalars(sa.select(AuditEventRow)).all()
        kept = str([(row.login_hash, row.failures) for row in session.scalars(sa.select(SignInFailureRow))])
    assert [(event.actor, event.action) for event in events] == [("unknown", "signin.failed")]
    assert "secret" not in kept + str([event.details for event in events])


def test_a_right_password_is_hashed_again_when_the_parameters_have_changed(
    people: People, database: Database, tmp_path: Path
) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    settings = api_settings(tmp_path)
    dearer = settings.people.model_copy(update={"argon2_passes": 2})
    later = open_people(database, settings.model_copy(update={"people": dearer}))
    later.sessions.sign_in("boss", PASSWORD, HERE)
    with database.read() as session:
        assert ",t=2," in (session.scalars(sa.select(AccountRow.password_hash)).one() or "")
    later.sessions.sign_in("boss", PASSWORD, HERE)


# --- sessions --------------------------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_uses_it_and_at_the_latest_after_a_shift(people: People, clock: Clock) -> None:
    make_person(people, "li.jing", Job.REVIEWER)
    idle = people.sessions.sign_in("li.jing", PASSWORD, HERE).token
    clock.pass_(seconds=CHEAP.session_idle_seconds)
    assert people.sessions.find(idle) is None
    busy = people.sessions.sign_in("li.jing", PASSWORD, HERE).token
    for _ in range(23):
        clock.pass_(minutes=30)
        assert people.sessions.find(busy) is not None
    clock.pass_(minutes=30)
    assert people.sessions.find(busy) is None


def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(people: People) -> None:
    make_person(people, "a1", Job.REVIEWER)
    make_person(people, "b1", Job.REVIEWER)
    mine, other = people.sessions.sign_in("a1", PASSWORD, HERE), people.sessions.sign_in("b1", PASSWORD, HERE)
    assert mine.session.id in [view.id for view in people.sessions.list(mine.person)]
    with pytest.raises(NotFoundError):
        people.sessions.end(mine.person, other.session.id)
    people.sessions.end(mine.person, but=mine.session.id)
    assert [view.id for view in people.sessions.list(mine.person)] == [mine.session.id]
    people.sessions.end(mine.person, mine.session.id)
    assert people.sessions.find(mine.token) is None
    assert people.sessions.find(other.token) is not None


def test_sessions_end_with_the_password_the_jobs_and_the_account(people: People) -> None:
    account_id = make_person(people, "li.jing", Job.REVIEWER)

    def begin(password: str = PASSWORD) -> str:
        return people.sessions.sign_in("li.jing", password, HERE).token

    token = begin()
    people.accounts.change(SYSTEM, account_id, Changes(jobs=(Job.SUPERVISOR,)))
    assert people.sessions.find(token) is None
    first, second = begin(), begin()
    who = people.sessions.find(first)
    assert who is not None
    new = people.sessions.change_password(who[0], PASSWORD, "another good phrase", HERE, first)
    assert people.sessions.find(first) is None
    assert people.sessions.find(second) is None
    assert people.sessions.find(new.token) is not None
    token = begin("another good phrase")
    people.accounts.change(SYSTEM, account_id, Changes(active=False))
    assert people.sessions.find(token) is None


def test_a_new_password_asks_for_the_present_one(people: People) -> None:
    make_person(people, "li.jing", Job.REVIEWER)
    signed_in = people.sessions.sign_in("li.jing", PASSWORD, HERE)
    with pytest.raises(BadOptionError) as caught:
        people.sessions.change_password(signed_in.person, "wrong", "another good phrase", HERE, signed_in.token)
    assert caught.value.message.code == "people.wrong_old_password"
    assert people.sessions.find(signed_in.token) is not None


# --- accounts and teams ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [Changes(jobs=(Job.REVIEWER,)), Changes(active=False)])
def test_the_last_administrator_stays_one(people: People, changes: Changes) -> None:
    boss = make_person(people, "boss", Job.ADMINISTRATOR)
    with pytest.raises(ConflictError):
        people.accounts.change(SYSTEM, boss, changes)
    make_person(people, "second", Job.ADMINISTRATOR)
    people.accounts.change(SYSTEM, boss, changes)


def test_two_administrators_cannot_demote_each_other_at_the_same_moment(people: People) -> None:
    ids = [make_person(people, login, Job.ADMINISTRATOR) for login in ("a1", "b1")]
    refused: list[str] = []

    def demote(account_id: str) -> None:
        try:
            people.accounts.change(SYSTEM, account_id, Changes(jobs=()))
        except ConflictError:
            refused.append(account_id)

    threads = [threading.Thread(target=demote, args=(account_id,)) for account_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_only_whoever_manages_people_manages_people(people: People) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    for job in Job:
        if job is Job.ADMINISTRATOR:
            continue
        account_id = make_person(people, f"some.{job}", job)
        who = person(people, f"some.{job}")
        for act in (
            lambda who: people.accounts.list(who),
            lambda who: people.accounts.invite(who, "friend", Changes(jobs=(Job.ADMINISTRATOR,))),
            lambda who, own=account_id: people.accounts.change(who, own, Changes(jobs=(Job.ADMINISTRATOR,))),
            lambda who, own=account_id: people.accounts.reset_link(who, own),
            lambda who: people.accounts.add_team(who, "t"),
        ):
            with pytest.raises(ForbiddenError):
                act(who)
        assert people.accounts.get(who, account_id).login == f"some.{job}"


def test_teams_are_made_renamed_and_forgotten_and_members_follow(people: People) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    make_person(people, "lead", Job.SUPERVISOR, teams=("south", "north"))
    assert person(people, "lead").teams == ("north", "south")
    teams = {team.name: team for team in people.accounts.teams(SYSTEM)}
    assert {name: team.members for name, team in teams.items()} == {"north": 1, "south": 1}
    people.accounts.rename_team(SYSTEM, teams["south"].id, "west")
    people.accounts.delete_team(SYSTEM, teams["north"].id)
    assert person(people, "lead").teams == ("west",)
    people.accounts.add_team(SYSTEM, "east")
    with pytest.raises(ConflictError):
        people.accounts.add_team(SYSTEM, "east")
    with pytest.raises(ConflictError):
        people.accounts.rename_team(SYSTEM, teams["south"].id, "east")


def test_a_login_is_given_once(people: People) -> None:
    people.accounts.invite(SYSTEM, "li.jing", Changes())
    with pytest.raises(ConflictError):
        people.accounts.invite(SYSTEM, "LI.JING", Changes())


def test_an_account_of_another_tenant_is_none(people: People) -> None:
    account_id = make_person(people, "boss", Job.ADMINISTRATOR)
    stranger = Person("", "other", "Other", frozenset({Job.ADMINISTRATOR}), tenant="other")
    with pytest.raises(NotFoundError):
        people.accounts.get(stranger, account_id)
    assert people.accounts.list(stranger) == ()


# --- tokens --------------------------------------------------------------------------------------------------


def test_a_token_has_at_most_the_jobs_of_its_owner_now(people: People) -> None:
    make_person(people, "boss", Job.ADMINISTRATOR)
    account_id = make_person(people, "li.jing", Job.REVIEWER, Job.SUPERVISOR)
    who = person(people, "li.jing")
    with pytest.raises(BadOptionError):
        people.tokens.make(who, "too much", (Job.ADMINISTRATOR,))
    made = people.tokens.make(who, "both")
    found = people.tokens.find(made.secret)
    assert found is not None
    assert found.jobs == {Job.REVIEWER, Job.SUPERVISOR}
    people.accounts.change(SYSTEM, account_id, Changes(jobs=(Job.REVIEWER, Job.ADMINISTRATOR)))
    found = people.tokens.find(made.secret)
    assert found is not None
    assert found.jobs == {Job.REVIEWER}
    people.accounts.change(SYSTEM, account_id, Changes(active=False))
    assert people.tokens.find(made.secret) is None


def test_a_token_ends_by_its_date_or_by_being_revoked_and_says_when_it_was_used(
    people: People, clock: Clock, database: Database
) -> None:
    make_person(people, "li.jing", Job.REVIEWER)
    who = person(people, "li.jing")
    short = people.tokens.make(who, "short", expires_at=clock.at.replace(hour=9))
    long = people.tokens.make(who, "long")
    assert people.tokens.find(short.secret) is not None
    clock.pass_(hours=1)
    assert people.tokens.find(short.secret) is None
    assert people.tokens.find(long.secret) is not None
    by_name = {view.name: view for view in people.tokens.list(who)}
    assert by_name["long"].last_used_at == clock.at
    assert by_name["long"].prefix == long.secret[:10]
    people.tokens.revoke(who, by_name["long"].id)
    people.tokens.revoke(who, by_name["long"].id)
    assert people.tokens.find(long.secret) is None
    assert actions(database).count("token.made") == 2
    assert actions(database).count("token.revoked") == 1


def test_nobody_revokes_the_token_of_another(people: People) -> None:
    make_person(people, "a1", Job.REVIEWER)
    make_person(people, "b1", Job.REVIEWER)
    made = people.tokens.make(person(people, "a1"), "mine")
    with pytest.raises(NotFoundError):
        people.tokens.revoke(person(people, "b1"), made.token.id)
    assert people.tokens.find(made.secret) is not None


def test_the_machines_token_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    token = ensure_machine_token(tmp_path)
    assert ensure_machine_token(tmp_path) == token == read_machine_token(tmp_path)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "token").chmod(0o644)
    assert ensure_machine_token(tmp_path) != token
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_what_the_machine_and_the_operator_hold_are_an_administrators_tokens(
    database: Database, tmp_path: Path
) -> None:
    people = open_people(database, api_settings(tmp_path, token="operators-own-token"))
    assert people.tokens.find("") is None
    machine = ensure_machine_token(tmp_path)
    found = [people.tokens.find(token) for token in (machine, "operators-own-token")]
    assert [who.login if who else None for who in found] == ["system", "server-token"]
    assert people.tokens.find(machine + "x") is None
    assert people.tokens.find("\udc80") is None
