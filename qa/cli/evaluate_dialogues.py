"""`tingjian evaluate FILE.jsonl`: the rules alone, on dialogues as text."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from qa.cli.evaluate import families_table, family_name, word
from qa.cli.terminal import out, percent, write_file
from qa.cli.words import LOCALE
from qa.core.errors import NotFoundError
from qa.core.result import Analysis
from qa.evaluate.dialogues import Dialogue, as_json, evaluate_dialogues, read_dialogues, totals
from qa.evaluate.personal import (
    innocent_share,
    is_personal,
    judge_personal,
    personal_json,
    personal_totals,
    read_personal,
)
from qa.evaluate.runner import to_bytes
from qa.i18n import text
from qa.rules.call import CallContext
from qa.rules.dialogue import from_turns
from qa.rules.loader import available_packs, load_packs
from qa.settings import Settings


def run(path: Path, settings: Settings, packs: Sequence[str], json: Path | None) -> int:
    """Judge the dialogues of a file and print precision and recall per family.

    Dialogues say their industry, and packs which industries they judge: where no `packs` are named, all apply.
    """
    if not path.is_file():
        raise NotFoundError("evaluate.no_folder", folder=path)
    if is_personal(path):
        return _personal(path, json)
    dirs = settings.rules.pack_dirs
    book = load_packs(packs or available_packs(dirs), dirs)

    def analyse(dialogue: Dialogue) -> Analysis:
        turns = [{"role": t.role.value, "text": t.text} for t in dialogue.turns]
        attributes = {"industry": dialogue.industry} if dialogue.industry else {}
        return book.analyse(from_turns(turns, dialogue.language), CallContext(attributes=attributes))

    scores = evaluate_dialogues(read_dialogues(path), analyse)
    for score in scores:
        for family, result in score.families.items():
            for kind, found in (("missed", result.missed), ("false", result.false)):
                for what in found:
                    out.print(Text(word(kind, id=score.id, family=family_name(family), what=what), style="dim"))
    out.print(families_table(totals(scores)))
    out.print(word("dialogues", count=len(scores)))
    if json is not None:
        write_file(json, to_bytes(as_json(scores)))
    return 0


def _personal(path: Path, json: Path | None) -> int:
    """Precision and recall of the recognisers of personal data, by kind."""
    scores = [judge_personal(dialogue) for dialogue in read_personal(path)]
    for score in scores:
        for kind, found in (("missed", score.missed), ("false", score.false)):
            for what in found:
                name, _, words = what.partition(": ")
                out.print(Text(word(kind, id=score.id, family=_kind_name(name), what=words), style="dim"))
    out.print(families_table({_kind_name(kind): counts for kind, counts in personal_totals(scores).items()}))
    share = percent(innocent_share(scores))
    out.print(text("privacy.evaluated", LOCALE, count=len(scores), share=share))
    if json is not None:
        write_file(json, to_bytes(personal_json(scores)))
    return 0


def _kind_name(kind: str) -> str:
    return text(f"privacy.kind_{kind}", LOCALE)
