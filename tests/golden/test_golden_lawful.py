"""Lawful talk that only sounds like an offence, against the common pack and those for money."""

from pathlib import Path

from qa.core.roles import Role
from qa.lexicon.lexicon import Lexicon
from qa.rules.dialogue import from_example
from qa.rules.loader import load_packs
from qa.text.calltext import CallText

LINES = (Path(__file__).parent / "lawful.txt").read_text(encoding="utf-8").splitlines()
PACKS = ("zh/common", "zh/finance", "zh/insurance", "zh/collections")


def test_lawful_talk_accuses_nobody() -> None:
    terms = [t for t in load_packs(PACKS, ()).terms if t.family == "forbidden"]
    lexicon = Lexicon(terms)
    said = [line for line in LINES if line and not line.startswith("#")]
    assert len(said) >= 1000
    accused = [
        (line, hit.term.id)
        for line in said
        for scan in [lexicon.scan(CallText(from_example([line], Role.AGENT)))]
        for term in sorted(scan.found_ids())
        for hit in scan.meant(term, None, role_given=False)
    ]
    assert accused == []
