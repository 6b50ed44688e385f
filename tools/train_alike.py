"""Trains `models/alike-zh.bin`, the second reader, and prints what its card says.

    pip install scikit-learn
    python -m tools.train_alike models/alike-zh.bin [--unseen DIALOGUES.jsonl]

It learns from the dialogues of `tests/golden`, the single turns beside them (`turns.tsv`), ordinary talk
(`ordinary.txt`), and the examples of the packs in `lexicons/zh`. What customers say counts as innocent: it is
about the same things, in other words.
The printed figures are of five parts, each judged by a model that has not seen its dialogues.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from qa.alike.features import BUCKETS, Pieces, plain, values, views
from qa.alike.reader import Example, Head, Header, Reader, packed, unpacked
from qa.core.roles import Role
from qa.evaluate.dialogues import Dialogue, read_dialogues
from qa.lexicon.schema import Examples
from qa.rules.dialogue import from_example, from_turns
from qa.rules.loader import available_packs, read_pack
from qa.text.calltext import CallText

NAME: Final = "alike-zh"
VERSION: Final = 3
FAMILIES: Final = ("forbidden", "rude")
GOLDEN: Final = Path("tests/golden")
STRENGTH: Final = 60.0
"""Inverse of the regularisation: of 10, 30, 60 and 100 the last three differ by less than blind sets do."""
PARTS: Final = 5
SHOWN: Final = (0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
NEIGHBOURS: Final = 60
"""Single turns that stay together: neighbours often answer the same question, one rightly and one wrongly."""
FEWEST: Final = 4
"""Characters of a customer's turn that is taken for an innocent sentence: a bare 对 is no sentence."""


class Row(NamedTuple):
    """One stretch of talk and what it is; None where it was not judged."""

    group: str
    turn: int
    text: str
    said: str
    """The text in the form of `qa.alike.features.plain`."""
    before: str
    labels: dict[str, int | None]
    term: str = ""
    ordinary: bool = False


def main(target: Path, unseen: Path | None) -> None:
    """Train, print the figures, write the model."""
    rows = [*dialogue_rows(GOLDEN / "dialogues.jsonl"), *turn_rows(), *pack_rows(), *ordinary_rows()]
    fresh = list(dialogue_rows(unseen)) if unseen else []
    for family in FAMILIES:
        known = [r for r in rows if r.labels[family] is not None]
        left_out = np.zeros(len(known))
        for seen, rest in GroupKFold(PARTS).split(known, groups=[r.group for r in known]):
            model = fitted([known[i] for i in seen], (family,))
            left_out[rest] = model.likelihoods(family, [(known[i].said, known[i].before) for i in rest])
        _print(f"{family}, left out", family, known, left_out)
        if fresh:
            model = fitted(known, (family,))
            judged = [r for r in fresh if r.labels[family] is not None]
            answers = np.array(model.likelihoods(family, [(r.said, r.before) for r in judged]))
            _print(f"{family}, {unseen}", family, judged, answers)
    data = trained(rows, FAMILIES)
    target.write_bytes(data)
    sys.stdout.write(f"{target}: {len(data)} bytes, {len(rows)} pieces of talk\n")


def fitted(rows: Sequence[Row], families: Sequence[str]) -> Reader:
    """A reader that has learned from these rows."""
    return unpacked(trained(rows, families))


def trained(rows: Sequence[Row], families: Sequence[str]) -> bytes:
    """The file of a reader that has learned from these rows."""
    seen = views([(r.said, r.before) for r in rows])
    hits = sum(np.bincount(p.bucket, minlength=BUCKETS) for p, _ in seen)
    rarity = np.log((1 + len(rows)) / (1 + hits)) + 1
    steps = np.maximum(1, np.rint(255 * rarity / rarity.max())).astype(np.uint8)
    matrix = sum(weight * _matrix(p, steps, len(rows)) for p, weight in seen)
    heads, weights = {}, {}
    examples: list[Example] = []
    for family in families:
        labels = [r.labels[family] for r in rows]
        known = [i for i, label in enumerate(labels) if label is not None]
        model = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=0)
        model.fit(matrix[known], [labels[i] for i in known])
        step = float(np.abs(model.coef_).max()) / 127
        weights[family] = np.rint(model.coef_[0] / step).astype(np.int8).tobytes()
        heads[family] = Head(bias=float(model.intercept_[0]), scale=step)
        offences = (r for r in rows if r.labels[family] and len(r.said) >= FEWEST)
        examples += {r.said: Example(r.text, family, r.term) for r in offences}.values()
    header = Header(NAME, VERSION, BUCKETS, heads, tuple(examples))
    return packed(header, steps.tobytes(), weights)


def dialogue_rows(path: Path) -> Iterator[Row]:
    """The turns of dialogues with what is expected of them."""
    for dialogue in read_dialogues(path):
        if dialogue.language == "zh":
            call = CallText(from_turns([{"role": t.role.value, "text": t.text} for t in dialogue.turns]))
            yield from _turns(call, dialogue.id, partial(_expected, dialogue))


def _expected(dialogue: Dialogue, family: str, turn: int) -> int | None:
    return None if family not in dialogue.expect else int(turn in dialogue.expect[family])


def turn_rows() -> Iterator[Row]:
    """The single turns: label, industry, the customer's turn before where there is one, and what is said."""
    for number, line in enumerate((GOLDEN / "turns.tsv").read_text(encoding="utf-8").splitlines()):
        kind, _, *talk = line.split("\t")
        role = Role.CUSTOMER if kind in "CK" else Role.AGENT
        told = [{"role": role.value, "text": talk[-1]}]
        if len(talk) > 1:
            told.insert(0, {"role": role.other.value, "text": talk[0]})
        labels: dict[str, int | None] = {"forbidden": int(kind in "FB"), "rude": int(kind in "RB")}
        for row in _turns(CallText(from_turns(told)), f"turns-{number // NEIGHBOURS}", lambda _f, _t: 0):
            if row.turn == len(talk) - 1:
                yield row._replace(labels=labels)


def pack_rows() -> Iterator[Row]:
    """The examples of the agent's terms in the Chinese packs."""
    for pack in available_packs(()):
        if pack.startswith("zh/"):
            for file in read_pack(pack, ()):
                for term in file.model.terms:
                    family = term.family or file.model.defaults.family
                    role = term.role or file.model.defaults.role or "agent"
                    if family in FAMILIES and role == "agent":
                        yield from _examples(f"{file.pack}.{term.id}", family, term.examples)


def _examples(name: str, family: str, examples: Examples) -> Iterator[Row]:
    for lines, label in [*((e, 1) for e in examples.hit), *((e, 0) for e in examples.miss)]:
        call = CallText(from_example(lines, Role.AGENT))
        agents = [t.turn_position for t in call.turns if t.turn.role is Role.AGENT]
        # Of a dialogue that hits, the last turn does; in one that does not, none does.
        told = agents[-1:] if label else agents
        for row in _turns(call, name, lambda _family, _turn: None):
            if row.turn in told:
                labels = {f: label if f == family else None for f in FAMILIES}
                yield row._replace(labels=labels, term=name if label else "")


def ordinary_rows() -> Iterator[Row]:
    """Talk in which nothing is wrong."""
    for number, line in enumerate((GOLDEN / "ordinary.txt").read_text(encoding="utf-8").splitlines()):
        if line and not line.startswith("#"):
            for row in _turns(CallText(from_example(line, Role.AGENT)), f"ordinary-{number}", lambda _f, _t: 0):
                yield row._replace(ordinary=True)


def _turns(call: CallText, group: str, label: Callable[[str, int], int | None]) -> Iterator[Row]:
    before = ""
    for turn in call.turns:
        said = plain(turn.text)
        if turn.turn.role is Role.AGENT:
            labels = {f: label(f, turn.turn_position) for f in FAMILIES}
            yield Row(group, turn.turn_position, turn.text, said, before, labels)
        elif turn.turn.role is Role.CUSTOMER and len(said) >= FEWEST:
            yield Row(group, turn.turn_position, turn.text, said, "", dict.fromkeys(FAMILIES, 0))
        before = said


def _matrix(found: Pieces, rarity: np.ndarray, rows: int) -> csr_matrix:
    return csr_matrix((values(found, rarity, rows), (found.text, found.bucket)), shape=(rows, BUCKETS))


def _print(title: str, family: str, rows: Sequence[Row], answers: np.ndarray) -> None:
    truth = np.array([bool(r.labels[family]) for r in rows])
    ordinary = np.array([r.ordinary for r in rows])
    sys.stdout.write(
        f"{title}: {truth.sum()} offences, {(~truth).sum()} others, {ordinary.sum()} of ordinary talk\n"
    )
    for least in SHOWN:
        told = answers >= least
        right, false = (told & truth).sum(), (told & ~truth).sum()
        sys.stdout.write(
            f"  from {least:.2f}: {right} right ({right / max(1, truth.sum()):.1%}), {false} false, "
            f"{(told & ordinary).sum()} of them ordinary talk\n"
        )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0]), Path(arguments[2]) if arguments[1:2] == ["--unseen"] else None)
