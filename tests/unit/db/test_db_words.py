"""How words are cut and found again, on both databases."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from qa.db.engine import Database
from qa.db.ids import new_id
from qa.db.models import RecordingRow, SearchTextRow
from qa.db.places import first_place, place_of
from qa.db.words import Said, SpokenWords, fts_query, pack, phrases, tokens_of, ts_query, ts_vectors, unpack


def test_neighbouring_characters_become_pairs_and_latin_words_stay_whole() -> None:
    assert list(tokens_of("年化 app 保本")) == ["年化", "化", "app", "保本", "本"]
    assert list(tokens_of("12315")) == list(tokens_of("一二三一五"))


@given(st.text(alphabet="保本稳穩赚賺不 赔,。aB3三*", max_size=30))
def test_whatever_is_said_is_cut_into_plain_tokens(text: str) -> None:
    for token in tokens_of(text):
        assert token.isalnum()


@given(st.text(max_size=40))
def test_a_query_is_always_a_valid_one(text: str) -> None:
    wanted = phrases(text)
    for phrase in wanted:
        assert phrase.tokens
        assert "¶" not in ts_query(phrase, None)
    assert ('"' in fts_query(wanted, "agent")) == bool(wanted)


def test_a_long_call_is_split_into_parts() -> None:
    said = [Said(n, "agent", float(n), "这是一句相当长的话" * 20) for n in range(40)]
    parts = list(ts_vectors(said))
    assert len(parts) > 3
    assert unpack(pack(said)) == tuple(said)


def test_places_grow_with_time_and_fit_the_database() -> None:
    early, late = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
    assert place_of(early, -1) < first_place(late) < place_of(late, 5) < 2**63


def recording(tenant: str = "default") -> RecordingRow:
    return RecordingRow(
        id=new_id(), tenant=tenant, sha256=new_id() * 2, name="a.wav", suffix=".wav", size=1, duration=1.0,
        language=None, manual_roles=None, status="done", run_id=new_id(), result_id=None,
        created_at=datetime.now(UTC),
    )  # fmt: skip


def found(database: Database, query: str, role: str | None = None) -> set[int]:
    wanted = phrases(query)
    with database.read() as session:
        if database.is_sqlite:
            statement = sa.text("SELECT rowid FROM search_index WHERE search_index MATCH :q")
            return set(session.scalars(statement, {"q": fts_query(wanted, role)}))
        statement = sa.text("SELECT place FROM search_index WHERE words @@ CAST(:q AS tsquery)")
        return set.intersection(
            *(set(session.scalars(statement, {"q": ts_query(phrase, role)})) for phrase in wanted)
        )


@pytest.fixture
def place(database: Database) -> int:
    said = [Said(0, "agent", 0.0, "您好，这款产品稳赚不赔"), Said(1, "customer", 4.0, "那我考慮一下 OK")]
    with database.write() as session:
        row = recording()
        session.add(row)
        session.flush()
        SpokenWords(session).put(row.place, said)
        return row.place


def test_any_stretch_in_either_script_is_found(database: Database, place: int) -> None:
    for query in (
        "稳赚不赔",
        "穩賺",
        "赚不",
        "考虑",
        "考慮一下",
        "你好",
        "产品 考虑",
        "好",
        "赔",
        "ok",
        "o",
        "稳赚 ok",
    ):
        assert found(database, query) == {place}, query


def test_what_was_not_said_in_one_go_is_not_found(database: Database, place: int) -> None:
    for query in ("赚赔", "不赔那我", "好这款", "保本", "kk", "稳赚 保本"):
        assert found(database, query) == set(), query


def test_a_query_can_be_kept_to_one_party(database: Database, place: int) -> None:
    assert found(database, "稳赚", "agent") == {place}
    assert found(database, "稳赚", "customer") == set()


def test_the_index_follows_what_is_rewritten_moved_and_deleted(database: Database, place: int) -> None:
    with database.write() as session:
        SpokenWords(session).put(place, [Said(0, "agent", 0.0, "换了一句")])
    assert found(database, "稳赚") == set()
    assert found(database, "换了") == {place}
    with database.write() as session:
        session.execute(sa.update(RecordingRow).where(RecordingRow.place == place).values(place=77))
    assert found(database, "换了") == {77}
    with database.write() as session:
        session.execute(sa.delete(RecordingRow))
    assert found(database, "换了") == set()
    with database.read() as session:
        assert session.scalars(sa.select(SearchTextRow)).all() == []
