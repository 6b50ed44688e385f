"""Offences that leave nothing to understand: none may pass, wherever in a call it is said."""

from pathlib import Path

import pytest

from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_turns
from qa.rules.loader import available_packs, load_packs

PLAIN = [
    line.split(" ", 1)
    for line in (Path(__file__).parent / "plain.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
OPENING = [("agent", "您好，这里是客服"), ("customer", "你好你说")]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """All packs."""
    return load_packs(available_packs(()), ())


@pytest.mark.parametrize("opening", [[], OPENING], ids=["alone", "greeted"])
@pytest.mark.parametrize(("industry", "said"), PLAIN)
def test_a_plain_offence_is_put_before_a_person(
    industry: str, said: str, opening: list[tuple[str, str]], book: RuleBook
) -> None:
    turns = [{"role": role, "text": text} for role, text in (*opening, ("agent", said))]
    found = book.analyse(from_turns(turns), CallContext(attributes={"industry": industry})).findings
    told = {e.turn for f in found if f.family == "forbidden" for e in f.evidence}
    assert len(opening) in told
