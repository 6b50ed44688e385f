"""Trains `models/alike-zh.bin`, the second reader, and prints what its card says.

    pip install scikit-learn
    python -m tools.train_alike models/alike-zh.bin [--unseen DIALOGUES.jsonl]

It learns from the dialogues of `tests/golden`, the short talks (`talks.txt`, `hard.txt`, `short.txt`, and about
steps `steps.txt`) and the single turns (`turns.tsv`) beside them, ordinary talk (`ordinary.txt`), and the examples
of the packs in `lexicons/zh`. What it has learned from these is tried on the dialogues of many hands (`blind.txt`)
and long ordinary calls (`dull.txt`), and on the former after the beginning of one of the latter: from how it errs
there the trees are learned that look again. Then it learns from these as well. No customer breaks a rule of the
trade: what customers say is innocent, in other words about the same things.
The printed figures are of five parts, each judged by a model that has not seen its dialogues.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, get_args

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.tree._tree import Tree

from qa.alike.cases import Case
from qa.alike.features import BUCKETS, Talk, before_each, plain, vectors, views
from qa.alike.reader import OUT_OF_THE_QUESTION, Head, Header, Reader, packed, unpacked
from qa.alike.trees import DEPTH, Trees
from qa.core.roles import Role
from qa.evaluate.dialogues import Dialogue, read_dialogues
from qa.lexicon.schema import LIKENED, Examples, LikenedStep
from qa.rules.dialogue import from_example, from_turns
from qa.rules.loader import available_packs, read_pack
from qa.rules.wording import parts_of, said_in
from qa.text.calltext import CallText

NAME: Final = "alike-zh"
VERSION: Final = 12
STEPS: Final = dict(zip(get_args(LikenedStep), "GQIDE", strict=True))
"""Steps of a call -> the letter that says so of a turn."""
FAMILIES: Final = {**{family: Role(role) for family, role in LIKENED.items()}, **dict.fromkeys(STEPS, Role.AGENT)}
"""Family -> whose words it is about."""
LIKE: Final = {"warning": "risk-disclosure"}
"""Families of terms that are learned as one of these."""
GOLDEN: Final = Path("tests/golden")
STRENGTH: Final = 60.0
"""Inverse of the regularisation: of 10, 30, 60 and 100 the last three differ by less than blind sets do."""
SAY: Final = 2.0
"""How much the nearest cases can move an answer, in log odds (`models/alike-zh.md`)."""
EVEN: Final = {
    "forbidden": 0.2, "rude": -2.15, "complaint": 0.35,
    "greeting": -0.5, "recording-notice": 1.0, "identity": 0.75, "risk-disclosure": 1.6, "closing": 0.0,
}  # fmt: skip
"""The log odds of the sum that are called even: from there on a person is told. Chosen on what had not been
learned from: offences and complaints where precision and recall are alike together with the terms, steps where the
reader costs the terms no more than two points of precision (`models/alike-zh.md`)."""
RATIO: Final = 0.25
"""How much of a free hand the pieces get that tell most by themselves, for offences and complaints."""
HESITATES: Final = 3.0
"""A sum that has not seen a case is not sure of it within these log odds, and the case is kept."""
HARD: Final = 0.5
"""What a row of `hard.txt` counts in the sum: it is harder than what is said on the telephone on the whole."""
AGAIN: Final = ("forbidden",)
"""Families that are looked at again in the whole of a call; for `rude` it made no difference."""
TREES: Final = 60
"""How many; with 40 to 120 the figures stay the same."""
LEAF: Final = 20
"""Pieces of talk that an answer of a tree rests on at least."""
DULL: Final = 6.0
"""What a piece of a long ordinary call counts there: of such are nearly all calls, and few of the dialogues."""
SET_INTO: Final = 2
"""How often each dialogue is heard once more, after the beginning of an ordinary call: offences come late, too."""
BEGINNINGS: Final = (1, 2, 3, 4, 6, 8, 12, 20)
"""Turns of such a beginning."""
OPENINGS: Final = (
    ("您好，这里是客服中心，很高兴为您服务", "你好，你说"),
    ("喂您好，打扰您一下", "嗯，什么事"),
    ("您好，请问是机主本人吗", "是我，哪位"),
    ("给您介绍一下我们这边的情况", "哦，好，你讲"),
    ("您好", "喂，你好"),
    ("现在方便说两句吗", "方便，说吧"),
)
"""What may stand before an example of the packs: plain offenders come to the point at once."""
OPENED: Final = 2
"""How often each is heard behind one of them."""
PARTS: Final = 5
SHOWN: Final = (0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
NEIGHBOURS: Final = 60
"""Single turns that stay together: neighbours often answer the same question, one rightly and one wrongly."""
CUSTOMER: Final = "CK"
LABELS: Final = {"forbidden": "FB", "rude": "RB", "complaint": "C"}
"""The letters that say so of a turn; N and K are nothing."""
FEWEST: Final = 4
"""Characters of a customer's turn that is taken for an innocent sentence: a bare 对 is no sentence."""


class Row(NamedTuple):
    """One stretch of talk and what it is; None where it was not judged."""

    group: str
    turn: int
    role: Role
    text: str
    talk: Talk
    labels: dict[str, int | None]
    ordinary: bool = False
    weight: float = 1.0


def main(target: Path, unseen: Path | None) -> None:
    """Train, print the figures, write the model."""
    older = [
        *dialogue_rows(GOLDEN / "dialogues.jsonl"),
        *talk_rows(GOLDEN / "talks.txt"),
        *(row._replace(weight=HARD) for row in talk_rows(GOLDEN / "hard.txt")),
        *talk_rows(GOLDEN / "short.txt"),
        *turn_rows(GOLDEN / "turns.tsv"),
        *pack_rows(),
        *step_rows(GOLDEN / "steps.txt"),
        *ordinary_rows(),
    ]
    knows_none = unpacked(trained(older))
    trees = {family: second_look(knows_none, family) for family in AGAIN}
    rows = [*older, *talk_rows(GOLDEN / "blind.txt"), *talk_rows(GOLDEN / "dull.txt")]
    left_out = {family: np.zeros(len(rows)) for family in FAMILIES}
    for seen, rest in GroupKFold(PARTS).split(rows, groups=[r.group for r in rows]):
        answers = _answers(unpacked(trained([rows[i] for i in seen])), [rows[i] for i in rest])
        for family in FAMILIES:
            left_out[family][rest] = answers[family]
    data = trained(rows, trees)
    for family in FAMILIES:
        _print(f"{family}, left out", family, rows, left_out[family])
    if unseen:
        fresh = list(dialogue_rows(unseen))
        for family, likely in _answers(unpacked(data), fresh).items():
            _print(f"{family}, {unseen}", family, fresh, likely)
    target.write_bytes(data)
    sys.stdout.write(f"{target}: {len(data)} bytes, {len(rows)} pieces of talk\n")


def trained(rows: Sequence[Row], trees: Mapping[str, Trees] | None = None) -> bytes:
    """The file of a reader that has learned from these rows, and looks again with these trees."""
    talk = [r.talk for r in rows]
    hits = sum(np.bincount(p.buckets.ravel(), minlength=BUCKETS + 1)[:BUCKETS] for p, _ in views(talk))
    rarity = np.log((1 + len(rows)) / (1 + hits)) + 1
    steps = np.maximum(1, np.rint(255 * rarity / rarity.max())).astype(np.uint8)
    found = vectors(talk, steps)
    matrix = csr_matrix((found.value.astype(np.float64), (found.text, found.bucket)), (len(rows), BUCKETS))
    groups = np.array([r.group for r in rows])
    heads, weights = {}, []
    votes = np.zeros((len(rows), len(LIKENED)), int)
    unsure = np.zeros(len(rows), bool)
    for column, (family, role) in enumerate(FAMILIES.items()):
        known = np.array([i for i, r in enumerate(rows) if r.labels[family] is not None])
        labels = np.array([rows[i].labels[family] for i in known])
        counts = np.array([rows[i].weight for i in known])
        ratio = RATIO if family in LIKENED else 0.0
        each, bias = _fitted(matrix[known], labels, counts, ratio)
        step = float(np.abs(each).max()) / 127
        weights.append(np.rint(each / step).astype(np.int8).tobytes())
        heads[family] = Head(role, bias - EVEN[family], step, SAY if family in LIKENED else 0.0)
        if family not in LIKENED:
            continue
        votes[known, column] = 2 * labels - 1
        for seen, rest in GroupKFold(2).split(known, groups=groups[known]):
            each, bias = _fitted(matrix[known[seen]], labels[seen], counts[seen], ratio)
            unsure[known[rest]] |= np.abs(matrix[known[rest]] @ each + bias) < HESITATES
    cases = [
        Case(r.text, r.talk.before, r.talk.own, tuple(map(int, v)))
        for r, v, taken in zip(rows, votes, unsure, strict=True)
        if taken
    ]
    return packed(Header(NAME, VERSION, BUCKETS, heads, trees or {}), steps.tobytes(), weights, cases)


def second_look(judge: Reader, family: str) -> Trees:
    """The trees for a family: from dialogues and long ordinary calls that this reader has not learned from."""
    seen, labels, counts = [], [], []
    for turns, first, count in _whole_calls():
        parts = parts_of(_call(turns))
        talk, said_by, at_turns = said_in(parts)
        told = judge.judged(talk, said_by)
        column = told.odds[:, judge.columns[family]]
        highest = {p.turn.turn_position: o for o, p in sorted(zip(column, parts, strict=True), key=itemgetter(0))}
        whole = judge.seen(told, talk, said_by, at_turns)
        for part, odds, row in zip(parts, column, whole, strict=True):
            at = part.turn.turn_position
            label = _label(turns[at][0], family)
            # Of a long turn that holds an offence nobody knows which part does: the likeliest is taken for it.
            taken = at >= first and (not label or odds == highest[at])
            if taken and odds > OUT_OF_THE_QUESTION and part.turn.turn.role is FAMILIES[family]:
                seen.append(row)
                labels.append(label)
                counts.append(count)
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, min_samples_leaf=LEAF, subsample=0.5, random_state=0
    ).fit(np.array(seen), labels, sample_weight=counts)
    share = np.average(labels, weights=counts)
    leaves = [_complete(each.tree_, model.learning_rate) for each in model.estimators_[:, 0]]
    features, bounds, answers = zip(*leaves, strict=True)
    return Trees(float(np.log(share / (1 - share))), features, bounds, answers)


def _whole_calls() -> Iterator[tuple[list[list[str]], int, float]]:
    """The turns of a dialogue or call, the first that is learned from, and how much each counts."""
    pick = np.random.default_rng(0)
    ordinary = [turns for _, turns in _talks(GOLDEN / "dull.txt")]
    for _, turns in _talks(GOLDEN / "blind.txt"):
        yield turns, 0, 1.0
        for _ in range(SET_INTO):
            beginning = ordinary[pick.integers(len(ordinary))][: pick.choice(BEGINNINGS)]
            while beginning and (beginning[-1][0] in CUSTOMER) == (turns[0][0] in CUSTOMER):
                beginning = beginning[:-1]
            yield [*beginning, *turns], len(beginning), 1.0
    yield from ((turns, 0, DULL) for turns in ordinary)


def _complete(tree: Tree, rate: float) -> tuple[list[int], list[float], list[float]]:
    """The inner nodes and the leaves of a tree grown to its full depth: where it asks no more, all goes left."""
    features, bounds, nodes = [], [], [0]
    sides = tree.children_left, tree.children_right
    for _ in range(DEPTH):
        for node in nodes:
            asks = sides[0][node] >= 0
            features.append(int(tree.feature[node]) if asks else 0)
            bounds.append(float(tree.threshold[node]) if asks else float("inf"))
        nodes = [below if (below := side[node]) >= 0 else node for node in nodes for side in sides]
    return features, bounds, [rate * float(tree.value[node][0, 0]) for node in nodes]


def _fitted(matrix: csr_matrix, labels: np.ndarray, counts: np.ndarray, ratio: float) -> tuple[np.ndarray, float]:
    """Weights and bias. By `ratio` the pieces that tell most by themselves are given the freest hand."""
    scale = 1 - ratio + ratio * _telling(matrix, labels)
    model = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=0)
    model.fit((matrix @ diags(scale)).tocsr() if ratio else matrix, labels, sample_weight=counts)
    return model.coef_[0] * scale, float(model.intercept_[0])


def _telling(matrix: csr_matrix, labels: np.ndarray) -> np.ndarray:
    """How unevenly each piece is spread over what is of a family and what is not: the logarithm of the ratio of
    its shares (Wang and Manning, Baselines and Bigrams, 2012) without its sign, over the mean of all.
    """
    inside, outside = (np.asarray(matrix[labels == label].sum(0)).ravel() + 1 for label in (1, 0))
    found = np.abs(np.log((inside / inside.sum()) / (outside / outside.sum())))
    return found / found.mean()


def dialogue_rows(path: Path) -> Iterator[Row]:
    """The turns of dialogues with what is expected of them."""
    for dialogue in read_dialogues(path):
        if dialogue.language == "zh":
            call = CallText(from_turns([{"role": t.role.value, "text": t.text} for t in dialogue.turns]))
            yield from _turns(call, dialogue.id, partial(_expected, dialogue))


def _expected(dialogue: Dialogue, family: str, turn: int) -> int | None:
    expected = dialogue.expect.get(family.replace("-", "_"))
    return None if expected is None else int(turn in expected)


def talk_rows(path: Path) -> Iterator[Row]:
    """Short talks: blocks of lines, `# industry` and then a label and what was said for every turn."""
    for group, turns in _talks(path):
        yield from _turns(_call(turns), group, lambda f, i, turns=turns: _label(turns[i][0], f))


def step_rows(path: Path) -> Iterator[Row]:
    """Short talks whose labels name the steps that a turn does; who does one commits no offence with it."""
    for group, turns in _talks(path):
        yield from _turns(_call(turns), group, lambda f, i, turns=turns: _step(turns[i][0], f))


def _talks(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    for number, block in enumerate(path.read_text(encoding="utf-8").split("\n\n")):
        turns = [line.split(" ", 1) for line in block.splitlines() if line and not line.startswith("#")]
        yield f"{path.stem}-{number // NEIGHBOURS}", turns


def turn_rows(path: Path) -> Iterator[Row]:
    """The single turns: label, industry, what the other said before where that is known, and what is said."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        kind, _, *told = line.split("\t")
        other = "N" if kind in CUSTOMER else "K"
        turns = [[other, told[0]], [kind, told[1]]] if len(told) > 1 else [[kind, told[0]]]
        for row in _turns(_call(turns), f"turns-{number // NEIGHBOURS}", lambda f, _, kind=kind: _label(kind, f)):
            if row.turn == len(turns) - 1:
                yield row


def _call(turns: Sequence[Sequence[str]]) -> CallText:
    roles = [Role.CUSTOMER if kind in CUSTOMER else Role.AGENT for kind, _ in turns]
    return CallText(
        from_turns([{"role": r.value, "text": text} for r, (_, text) in zip(roles, turns, strict=True)])
    )


def _label(kind: str, family: str) -> int | None:
    return int(kind in LABELS[family]) if family in LABELS else None


def _step(kind: str, family: str) -> int | None:
    if family in STEPS:
        return int(STEPS[family] in kind)
    return None if kind == "N" else 0


def pack_rows() -> Iterator[Row]:
    """The examples of the terms of these families in the Chinese packs. Of steps only those that hit: what is not
    the greeting of one term may well be that of another.
    """
    for pack in available_packs(()):
        if pack.startswith("zh/"):
            for file in read_pack(pack, ()):
                for term in file.model.terms:
                    named = term.family or file.model.defaults.family or ""
                    family = LIKE.get(named, named)
                    role = term.role or file.model.defaults.role or Role.AGENT
                    if family in FAMILIES and role == FAMILIES[family]:
                        yield from _examples(f"{file.pack}.{term.id}", family, term.examples)


def _examples(name: str, family: str, examples: Examples) -> Iterator[Row]:
    role = FAMILIES[family]
    told = [*((e, 1) for e in examples.hit), *((e, 0) for e in examples.miss if family in LIKENED)]
    for number, (lines, label) in enumerate(told):
        yield from _example(name, family, CallText(from_example(lines, role)), label)
        if isinstance(lines, str) and role is Role.AGENT and family in LIKENED:
            for k in range(number * OPENED, (number + 1) * OPENED):
                agent, customer = OPENINGS[k % len(OPENINGS)]
                call = CallText(from_example([f"坐席：{agent}", f"客户：{customer}", lines], role))
                yield from (row for row in _example(name, family, call, label) if row.turn == len(call.turns) - 1)


def _example(name: str, family: str, call: CallText, label: int) -> Iterator[Row]:
    """Of a dialogue that hits, the last turn of the role does; in one that does not, none does."""
    own = [t.turn_position for t in call.turns if t.turn.role is FAMILIES[family]]
    told = own[-1:] if label else own
    for row in _turns(call, name, lambda _family, _turn: None):
        if row.turn in told:
            yield row._replace(labels={**row.labels, family: label})


def ordinary_rows() -> Iterator[Row]:
    """Talk in which nothing is wrong."""
    for number, line in enumerate((GOLDEN / "ordinary.txt").read_text(encoding="utf-8").splitlines()):
        if line and not line.startswith("#"):
            call = CallText(from_example(line, Role.AGENT))
            for row in _turns(call, f"ordinary-{number}", lambda f, _: 0 if f in LIKENED else None):
                yield row._replace(ordinary=True)


def _turns(call: CallText, group: str, label: Callable[[str, int], int | None]) -> Iterator[Row]:
    for turn, before in zip(call.turns, before_each(call), strict=True):
        role, at = turn.turn.role, turn.turn_position
        said = plain(turn.text)
        if role is Role.AGENT or len(said) >= FEWEST:
            labels = {f: label(f, at) if role is whose else _of_other(f, role) for f, whose in FAMILIES.items()}
            yield Row(group, at, role, turn.text, before._replace(said=said), labels)


def _of_other(family: str, role: Role) -> int | None:
    """What is known of a turn of the one whom a family is not about: no customer breaks a rule of the trade."""
    return 0 if role is Role.CUSTOMER and family in LIKENED else None


def _answers(model: Reader, rows: Sequence[Row]) -> Mapping[str, np.ndarray]:
    judged = model.judged([r.talk for r in rows], [r.role for r in rows]).likelihoods
    return {family: judged[:, column] for family, column in model.columns.items()}


def _print(title: str, family: str, rows: Sequence[Row], answers: np.ndarray) -> None:
    known = np.array([r.labels[family] is not None for r in rows])
    truth = np.array([bool(r.labels[family]) for r in rows])[known]
    ordinary = np.array([r.ordinary for r in rows])[known]
    answers = answers[known]
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
