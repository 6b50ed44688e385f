"""What must hold for any text, any terms and any rule."""

import itertools
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qa.alike.features import stretches
from qa.core.finding import MatchKind, Outcome
from qa.core.roles import Role
from qa.core.stretches import Stretches
from qa.core.transcript import Transcript, Turn, Word
from qa.lexicon import sought
from qa.lexicon.anchors import anchors_of
from qa.lexicon.matcher import Matcher, MatchTerm
from qa.lexicon.patterns import Gapped, PatternError, parse
from qa.rules.call import CallContext
from qa.rules.dialogue import transcript
from qa.rules.loader import build, from_text
from qa.rules.regexes import Effort, RegexError, compiled
from qa.rules.scope import WHOLE
from qa.rules.wording import likelihoods_at, likelihoods_in_call, parts_of, stretches_of
from qa.text.calltext import CallText, TurnText, prepare
from qa.text.normalise import fold, match_form, normal_form
from qa.text.pii import entities_in
from qa.text.segment import common_length, segmenter, word_spans, words_over
from qa.text.syllables import syllables

ANY = st.text(max_size=60)
CHINESE = st.text(alphabet="保本息稳赚不赔吗是的没有您好会亏，。？ 說險1２a😀𠀀", max_size=40)
TERMS = st.lists(
    st.text(alphabet="保本息稳赚不赔是有会亏", min_size=2, max_size=4), min_size=1, max_size=6, unique=True
)
CHOICES = st.lists(
    st.lists(st.text(alphabet="保本息稳赚不赔是会亏~", max_size=3), min_size=1, max_size=4),
    min_size=1,
    max_size=3,
).filter(lambda parts: sum(min(len(o.strip("~")) for o in part) for part in parts) >= 2)
ROLES = st.sampled_from([Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN])


def turn_of(text: str, index: int = 0, role: Role = Role.AGENT, sizes: tuple[int, ...] = (2, 1, 3)) -> Turn:
    words, at, now = [], 0, index * 20.0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            break
        words.append(Word(text[at : at + size], now, now + 0.3, 0.9, 0.9))
        at, now = at + size, now + 0.35
    return Turn(index, role, role.value, 0, tuple(words), 1.0)


DIALOGUES = st.lists(st.tuples(ROLES, CHINESE), max_size=6).map(
    lambda pairs: Transcript("zh", 200.0, tuple(turn_of(t, i, r) for i, (r, t) in enumerate(pairs)))
)


@given(ANY)
def test_every_form_has_the_length_of_the_text(text: str) -> None:
    normal = normal_form(text)
    assert len(normal) == len(match_form(normal)) == len(syllables(normal)) == len(text)


@given(ANY)
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert len(normal_form(normal_form(text))) == len(text)
    assert fold(fold(text)) == fold(text) or fold(text) != text


@given(ANY)
def test_squeezed_characters_lead_back_to_where_they_stand(text: str) -> None:
    turn = prepare(turn_of(text))
    folded = fold(text)
    assert [folded[i] for i in turn.origin[:-1]] == list(turn.squeezed)
    assert turn.origin == sorted(turn.origin)
    assert turn.clauses[0].start == 0
    assert turn.clauses[-1].end == len(turn.squeezed)
    assert "".join(c for c in turn.squeezed) == "".join(turn.squeezed[c.start : c.end] for c in turn.clauses)


def torn(turn: TurnText, start: int, end: int) -> bool:
    """Whether each half of a hit belongs to a word that reaches beyond it."""
    first, last = turn.origin[start], turn.origin[end - 1] + 1
    words, at = [], 0
    for word in segmenter().cut(turn.normal):
        if len(word) > 1 and segmenter().knows(word) and word[0] not in "一二三":
            words.append((at, at + len(word)))
        at += len(word)
    return any(s < first < e for s, e in words) and any(s < last < e for s, e in words)


@settings(deadline=None)
@given(CHINESE, TERMS)
def test_matching_equals_brute_force(text: str, terms: list[str]) -> None:
    call = CallText(Transcript("zh", 60.0, (turn_of(text),)))
    turn = call.turns[0]
    found = {
        (h.term, h.start, h.end) for h in Matcher([MatchTerm((t,), homophone="off") for t in terms]).find(call)
    }
    stops = {b.at for b in turn.breaks if b.strong}
    commas = {b.at for b in turn.breaks if b.mark == ","}
    expected = set()
    for index, term in enumerate(terms):
        taken = 0
        for m in re.finditer(f"(?={re.escape(fold(term))})", turn.squeezed):
            s, e = m.start(), m.start() + len(term)
            if any(s < stop < e for stop in stops) or (e - s <= 3 and any(s < comma < e for comma in commas)):
                continue
            if s >= taken and not (e - s == 2 and torn(turn, s, e)):
                expected.add((index, s, e))
                taken = e
    assert found == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHINESE, CHOICES, st.sampled_from([0.3, 0.9]))
def test_a_pattern_that_stands_for_many_texts_is_found_where_one_of_them_stands(
    monkeypatch: pytest.MonkeyPatch, text: str, choices: list[list[str]], probability: float
) -> None:
    turn = turn_of(text)
    turn = replace(turn, words=tuple(replace(w, probability=probability) for w in turn.words))
    call = CallText(Transcript("zh", 60.0, (turn,)))
    term = MatchTerm(("".join(f"({'|'.join(options)})" for options in choices),), homophone="on")
    found = []
    for most in (1, 1000):
        monkeypatch.setattr(sought, "MAX_LISTED", most)
        found.append(Matcher([term]).find(call))
    assert found[0] == found[1]


@settings(deadline=None)
@given(CHINESE, TERMS)
def test_a_homophone_sounds_like_its_term_and_is_not_it(text: str, terms: list[str]) -> None:
    call = CallText(Transcript("zh", 60.0, (turn_of(text),)))
    for h in Matcher([MatchTerm((t,), homophone="on") for t in terms]).find(call):
        said = call.turns[0].squeezed[h.start : h.end]
        if h.kind is MatchKind.HOMOPHONE:
            assert said != fold(terms[h.term])
            assert syllables(said) == syllables(fold(terms[h.term]))
        else:
            assert said == fold(terms[h.term])


@given(st.text(alphabet="保本息(|)?{}0,2…^$ 一", max_size=14))
def test_a_pattern_is_read_or_refused_and_never_crashes(source: str) -> None:
    try:
        pattern = parse(source)
        if pattern.has_gaps:
            assert Gapped(pattern).regex
            assert anchors_of(pattern)
        else:
            assert pattern.literals()
    except PatternError as e:
        assert e.code.startswith("pattern_")  # noqa: PT017 - either outcome is right


@given(st.text(alphabet="ab(|)?*+{}[]\\1,^$.", max_size=12))
def test_an_expression_is_compiled_or_refused_and_never_crashes(source: str) -> None:
    try:
        compiled(source)
    except RegexError as e:
        assert e.code.startswith("regex_")  # noqa: PT017


PARTS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "保"]),
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})")
        | st.tuples(inner, st.sampled_from(["+", "{1,2}", "{2}", "+?"])).map(lambda of: f"({of[0]}){of[1]}")
    ),
    max_leaves=6,
)


@given(PARTS, st.text(alphabet="abc保", max_size=10))
def test_an_expression_matches_where_that_of_python_does(source: str, text: str) -> None:
    assert list(compiled(source).spans(text, Effort())) == [m.span() for m in re.finditer(source, text)]


CONDITIONS = st.recursive(
    st.sampled_from(
        [
            "{says: promise}",
            "{says: hello, role: any}",
            "{matches: '保.'}",
            "{turns: {above: 2}}",
            "{duration: {above: 100}}",
            "{entity: phone}",
            "{silence: {at_least: 5}}",
            "{ends_with: {role: agent}}",
            "{repeats: {}}",
            "{attribute: {name: x, equals: y}}",
            "{says: promise, within: first 2 turns}",
            "{says: promise, after: {condition: {says: hello, role: any}}}",
            "{then: {first: {says: hello}, second: {says: promise}}}",
        ]
    ),
    lambda inner: st.tuples(st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda kv: "{" + kv[0] + ": [" + ", ".join(kv[1]) + "]}"
    ),
    max_leaves=5,
)
PACK = """
id: zh.t
terms:
  - {{id: promise, patterns: [保本, 稳赚不赔], family: forbidden, severity: critical}}
  - {{id: hello, patterns: [您好]}}
rules:
  - {{id: yes, forbid: {0}}}
  - {{id: no, forbid: {{none: [{0}]}}}}
  - {{id: needed, require: {0}}}
"""


@settings(max_examples=60, deadline=None)
@given(DIALOGUES, CONDITIONS)
def test_a_rule_and_its_negation_never_both_pass_or_both_fail(call: Transcript, condition: str) -> None:
    checks = build([from_text("zh/t", PACK.format(condition))]).analyse(call, CallContext()).checks
    outcome = {c.rule: c.outcome for c in checks}
    for other in ("zh.t.no", "zh.t.needed"):
        pair = (outcome["zh.t.yes"], outcome[other])
        assert pair not in ((Outcome.PASSED, Outcome.PASSED), (Outcome.FAILED, Outcome.FAILED))


FILES = [
    from_text("zh/a", "id: zh.a\nterms:\n  - {id: x, patterns: [保本], severity: critical, family: forbidden}\n"),
    from_text(
        "zh/b", "id: zh.b\nterms:\n  - {id: y, patterns: [稳赚不赔], severity: warning, family: forbidden}\n"
    ),
    from_text("zh/c", "id: zh.c\nflows:\n  - {id: f, steps: [{id: s, says: zh.a.x}]}\n"),
]
BOOKS = [build(list(order)) for order in itertools.permutations(FILES)]


@settings(max_examples=60, deadline=None)
@given(DIALOGUES)
def test_the_order_of_packs_does_not_matter(call: Transcript) -> None:
    first, *others = [book.analyse(call, CallContext()) for book in BOOKS]
    assert all(other == first for other in others)


@settings(max_examples=100, deadline=None)
@given(DIALOGUES)
def test_evidence_is_always_the_words_at_its_offsets(call: Transcript) -> None:
    for finding in BOOKS[0].analyse(call, CallContext()).findings:
        for e in finding.evidence:
            turn = next(t for t in call.turns if t.index == e.turn)
            assert turn.text[e.char_start : e.char_end] == e.quote
            words = turn.words_at(e.char_start, e.char_end)
            assert (e.start, e.end) == (words[0].start, max(w.end for w in words))
            assert finding.role not in (Role.SYSTEM, Role.UNKNOWN)


@given(ANY)
def test_entities_lie_inside_the_text(text: str) -> None:
    call = CallText(Transcript("zh", 60.0, (turn_of(text, role=Role.CUSTOMER),)))
    for e in entities_in(call):
        assert 0 <= e.start < e.end <= len(text)


@given(st.text(alphabet="abc", max_size=8), st.text(alphabet="abc", max_size=8))
def test_common_length_equals_the_table(a: str, b: str) -> None:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    assert common_length(a, b) == table[len(a)][len(b)]


SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=8)


@given(SPANS, SPANS)
def test_what_lies_inside_a_stretch_is_found_by_trying_all(
    among: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    inside = Stretches(among)
    for s, e in asked:
        holding = [(a, b) for a, b in among if a <= s and e <= b]
        assert inside.hold(s, e) is bool(holding)
        assert inside.exceed(s, e) is any(b - a > e - s for a, b in holding)


@given(st.text(alphabet="保本息您放心买，。？、 a1", max_size=60), st.integers(0, 60), st.integers(0, 10))
def test_breaks_and_words_at_a_place_are_those_one_finds_by_trying_all(text: str, start: int, length: int) -> None:
    turn = prepare(turn_of(text))
    end = start + length
    assert turn.breaks_in(start, end) == tuple(b for b in turn.breaks if start < b.at < end)
    words = word_spans(turn.normal)
    assert words_over(turn.normal, start, end) == tuple((s, e) for s, e in words if s < end and start < e)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(["这个产品保本保息", "您放心", "买", "我们从来没亏过", "，", "。", "？"]), max_size=60
    ),
    st.integers(0, 120),
    st.integers(1, 30),
)
def test_a_place_is_as_likely_as_all_parts_with_some_of_it(said: list[str], start: int, length: int) -> None:
    call = CallText(
        transcript([(Role.CUSTOMER, "那这个呢"), (Role.AGENT, "".join(said)), (Role.AGENT, "保本的呀")])
    )
    turn, end = call.turns[1], start + length
    by_hand = [
        s.likelihoods["forbidden"]
        for s in stretches_of(call, None, WHOLE, "forbidden")
        if s.turn is turn and s.start < end and start < s.end
    ]
    assert list(likelihoods_in_call(call, turn, start, end, "forbidden")) == by_hand
    reached = sum(p.turn is turn and p.start < end and start < p.end for p in parts_of(call))
    reached += sum(s < end and start < e for s, e, _ in stretches(turn))
    reached += sum(c.start < min(c.end, end) and start < c.end for c in turn.clauses)
    assert len(list(likelihoods_at(call, turn, start, end, "forbidden"))) == reached
