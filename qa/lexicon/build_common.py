"""Builds `data/common.txt` from the golden dialogues: run `python -m qa.lexicon.build_common` after many were
added.

How often characters, and pairs of them, stand in service calls. A pattern with gaps is looked for beside its
rarest part; counts of what people say on the telephone choose better than guesses, and need not be exact.
"""

import json
import re
from collections import Counter
from pathlib import Path

from qa.lexicon.anchors import PER
from qa.text.normalise import fold

TABLE = Path(__file__).parent / "data" / "common.txt"
DIALOGUES = Path(__file__).parents[2] / "tests" / "golden" / "dialogues.jsonl"

LEAST = 10
"""What is rarer is left out."""


def build(lines: list[str]) -> str:
    """The table: one line `count<TAB>literals` for every count, literals of one and of two characters."""
    counts: Counter[str] = Counter()
    total = 0
    for line in filter(None, lines):
        for turn in json.loads(line)["turns"]:
            text = re.sub(r"\W", "", fold(turn["text"]))
            total += len(text)
            counts.update(text)
            counts.update(map(str.__add__, text, text[1:]))
    common: dict[int, list[str]] = {}
    for literal, count in sorted(counts.items()):
        per = _rounded(count * PER / total)
        if per >= LEAST:
            common.setdefault(per, []).append(literal)
    return "".join(f"{per}\t{' '.join(common[per])}\n" for per in sorted(common, reverse=True))


def _rounded(value: float) -> int:
    """To one digit and a half, so that the table changes little when a dialogue is added."""
    step = 10 ** (len(str(int(value))) - 1) // 2 or 1
    return int(value) // step * step


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(build(DIALOGUES.read_text(encoding="utf-8").splitlines()), encoding="utf-8")
