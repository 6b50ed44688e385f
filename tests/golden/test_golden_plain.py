"""Offences that leave nothing to understand: none may pass, wherever in a call it is said. And lawful turns as
plain as these: none may be put before a person.
"""

from pathlib import Path

import pytest

from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_turns
from qa.rules.loader import available_packs, load_packs

OPENINGS: list[list[tuple[str, str]]] = [
    [],
    [("agent", "您好，这里是客服"), ("customer", "你好你说")],
]


def said(name: str) -> list[list[str]]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """All packs."""
    return load_packs(available_packs(()), ())


def told(book: RuleBook, industry: str, opening: list[tuple[str, str]], text: str) -> set[int]:
    """The turns put before a person as an offence."""
    turns = [{"role": role, "text": words} for role, words in (*opening, ("agent", text))]
    analysis = book.analyse(from_turns(turns), CallContext(attributes={"industry": industry}))
    return {e.turn for f in analysis.findings if f.family == "forbidden" for e in f.evidence}


@pytest.mark.parametrize("opening", OPENINGS, ids=["alone", "greeted"])
@pytest.mark.parametrize(("industry", "text"), said("plain.txt"))
def test_a_plain_offence_is_put_before_a_person(
    industry: str, text: str, opening: list[tuple[str, str]], book: RuleBook
) -> None:
    assert len(opening) in told(book, industry, opening, text)


@pytest.mark.parametrize("opening", OPENINGS, ids=["alone", "greeted"])
@pytest.mark.parametrize(("industry", "text"), said("plain_lawful.txt"))
def test_a_plain_lawful_turn_is_not(
    industry: str, text: str, opening: list[tuple[str, str]], book: RuleBook
) -> None:
    assert told(book, industry, opening, text) == set()
