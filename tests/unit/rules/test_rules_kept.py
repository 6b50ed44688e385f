# ruff: noqa: E501 - one case of a table stays on one line
"""What the rules say is kept to the last word in `kept/`: a difference is a decision, to be read by a person.

`TINGJIAN_KEEP=1 pytest tests/unit/rules/test_rules_kept.py` writes the files anew.
"""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from test_rules_conditions import CALL, MEASURES, WORDS
from test_rules_conditions import TERMS as TERMS_OF_CONDITIONS
from test_rules_flows_and_scores import BOOK, GOOD

from qa.core.errors import BadPackError
from qa.core.finding import Check
from qa.core.result import Analysis
from qa.core.roles import Role
from qa.core.transcript import Span, Transcript, Turn, Word
from qa.i18n import render
from qa.lexicon.lexicon import Lexicon
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.import_sca import convert
from qa.rules.json_schema import pack_schema
from qa.rules.loader import build, from_text, read_pack
from qa.text.calltext import CallText

KEPT = Path(__file__).parent / "kept"


def keep(name: str, text: str) -> None:
    path = KEPT / name
    if os.environ.get("TINGJIAN_KEEP"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def told(check: Check) -> Iterator[str]:
    yield f"  {check.outcome.value}: {render(check.reason, 'en')} {check.reason.params} {check.severity.value}"
    for f in check.findings:
        yield f"    {f.rule} v{f.rule_version} {f.family} {f.severity.value} {f.role.value} {f.confidence} {f.label}"
        yield f"      {render(f.reason, 'en')} {f.reason.params}"
    for e in [*check.evidence, *(e for f in check.findings for e in f.evidence)]:
        yield f"      turn {e.turn} {e.char_start}-{e.char_end} {e.start:.2f}-{e.end:.2f} {e.match.value} {e.quote}"


def test_every_condition_says_the_same_as_ever() -> None:
    lines = []
    cases = [(c, from_example(call, Role.AGENT), CallContext()) for c, *calls in WORDS for call in calls]
    cases += [(c, CALL, context) for c, context, _ in MEASURES]
    for condition, call, context in cases:
        lines.append(condition)
        for sense in ("require", "forbid"):
            rule = f"rules:\n  - {{id: r, role: agent, severity: critical, wording: w, basis: b, {sense}: {condition}}}"
            checks = (
                build([from_text("zh/t", f"id: zh.t\n{TERMS_OF_CONDITIONS}\n{rule}\n")])
                .analyse(call, context)
                .checks
            )
            lines += [sense, *(x for c in checks if c.rule == "zh.t.r" for x in told(c))]
    keep("conditions.txt", "\n".join(lines) + "\n")


def analyses() -> Iterator[tuple[str, Analysis]]:
    calls: dict[str, list[str]] = {
        "good": GOOD,
        "promises": [
            "坐席：您好",
            "坐席：这只基金保本，高收益，专线，老规定",
            "客户：投诉你们",
            "坐席：烦不烦，烦不烦啊",
        ],
        "asked": ["坐席：您好", "客户：保本吗", "坐席：是的"],
        "empty": [],
    }
    context = CallContext(attributes={"direction": "out", "channel": "phone"}, on=date(2020, 6, 1))
    for name, lines in calls.items():
        call = from_example(lines, Role.AGENT)
        yield name, BOOK.analyse(call, CallContext())
        yield f"{name}, out", BOOK.analyse(call, context)
        damaged = msgspec.structs.replace(call, partial=True, unintelligible=(Span(0.0, 3.0),))
        yield f"{name}, damaged", BOOK.analyse(damaged, CallContext())
        yield f"{name}, whose", BOOK.analyse(msgspec.structs.replace(call, roles_certain=False), CallContext())
        yield f"{name}, English", BOOK.analyse(msgspec.structs.replace(call, language="en"), CallContext())


def test_every_step_and_every_point_is_the_same_as_ever() -> None:
    lines = []
    for name, analysis in analyses():
        lines.append(name)
        for check in analysis.checks:
            lines += [check.rule, *told(check)]
        lines.append(msgspec.json.encode(analysis.scorecard).decode())
    keep("analyses.txt", "\n".join(lines) + "\n")


OPERATORS = [
    {"oid": "k1", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["您好", "喂"], "threshold": 2}},
    {"oid": "k2", "type": "INCLUDE_KEYWORDS", "param": {"operKeyWords": ["投诉", "退款(全)"]}},
    {"oid": "k3", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["保本"], "keywordMatchSize": 0}},
    {"oid": "s1", "type": "SIMILAR_MATCH", "param": {"similarlySentences": ["投资有风险"], "score": 70}},
    {"oid": "s2", "type": "SIMILAR_MATCH", "param": {"similarlySentences": ["投资有风险"], "score": 0.9}},
    {"oid": "s3", "type": "SIMILAR_MATCH", "param": {"similarlySentences": ["投资有风险"]}},
    {"oid": "r1", "type": "REGULAR_EXPRESSION", "param": {"regex": "工号\\d+", "notRegex": "工号0"}},
    {"oid": "r2", "type": "REGULAR_EXPRESSION", "param": {"regex": "工号"}},
    {"oid": "d1", "type": "ADVANCED_REPEAT_DETECT", "param": {}},
    {"oid": "d2", "type": "ADVANCED_REPEAT_DETECT",
     "param": {"from": 4, "similarity_threshold": 0.9, "hit_time": 2, "threshold": 1}},
    {"oid": "i1", "type": "INTERVAL_GREATER", "param": {"interval": 5000, "different_role": False}},
    {"oid": "i2", "type": "INTERVAL_GREATER", "param": {"interval": "12000", "compareOperator": "gt"}},
    {"oid": "v1", "type": "SPEECH_SPEED_CHECK", "param": {"velocityInMint": 300, "average": True}},
    {"oid": "v2", "type": "SPEECH_SPEED_CHECK",
     "param": {"velocityInMint": 90, "compareOperator": "lt", "minWordSize": 6}},
    {"oid": "u1", "type": "INTERRUPT_DETECT", "param": {"interval": 900, "delayTime": 1200}},
    {"oid": "u2", "type": "INTERRUPT_DETECT", "param": {}},
]  # fmt: skip
BAD_OPERATORS = [
    {"oid": "x", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": []}},
    {"oid": "x", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["(?)"]}},
    {"oid": "x", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["喂"], "keywordMatchSize": 2}},
    {"oid": "x", "type": "INTERVAL_GREATER", "param": {"interval": 5, "compareOperator": "lt"}},
    {"oid": "x", "type": "INTERVAL_GREATER", "param": {}},
    {"oid": "x", "type": "EMOTION"},
]
RANGES = [
    {"role": "客服"}, {"role": "客户", "range": {"from": 1, "to": 3}}, {"role": "所有", "range": {"from": -4, "to": -1}},
    {"range": {"from": 2, "to": 5}}, {"role": "机器人"}, {"range": {"from": 1, "to": -1}}, {"range": {"to": 2}},
    {"anchor": {"cid": "k1"}}, {"anchor": {"cid": "k1", "location": "BEFORE", "hit_time": 2}, "range": {"to": 3}},
    {"anchor": {"cid": "k1", "location": "AROUND", "hit_time": 0}}, {"anchor": {"cid": "k1", "location": "current"}},
    {"anchor": {"cid": "nowhere"}}, {"anchor": {"cid": "range-13"}},
]  # fmt: skip


def test_rules_of_another_house_are_carried_over_as_ever() -> None:
    conditions: list[object] = [{"cid": o["oid"], "operators": [o]} for o in OPERATORS]
    conditions += [{"cid": f"bad {i}", "operators": [o], "lambda": "x"} for i, o in enumerate(BAD_OPERATORS)]
    conditions += [
        {"cid": f"range {i}", "operators": [OPERATORS[0]], "checkRange": r} for i, r in enumerate(RANGES, 1)
    ]
    names = [str(c["cid"]) for c in conditions if isinstance(c, dict)]
    rules: list[object] = [{"rid": n, "name": n, "triggers": [n.replace(" ", "-")]} for n in names]
    for c in conditions:
        assert isinstance(c, dict)
        c["cid"] = str(c["cid"]).replace(" ", "-")
    rules += [
        {"ruleName": "both", "lambda": "k1&&(k2||!k3)", "conditions": []},
        {"rid": "two", "triggers": ["k1", "k2||s1&&s2"]},
        {"triggers": "!!r1"},
        {"name": "none"},
        "no rule",
    ]
    imported = convert(json.dumps({"conditions": conditions, "rules": rules}), "zh/imported", "f.json")
    dropped = [render(m, "en") for m in imported.dropped]
    keep("imported.txt", "\n".join([f"{imported.carried} of {imported.rules}", *dropped, imported.yaml]))


def test_the_schema_for_editors_is_the_same_as_ever() -> None:
    def bare(value: object) -> object:
        """Without the descriptions, which are prose."""
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k != "description" or not isinstance(v, str)}
        return [bare(v) for v in value] if isinstance(value, list) else value

    keep("schema.json", json.dumps(bare(json.loads(pack_schema())), indent=1, ensure_ascii=False) + "\n")


TEXTS = [
    "纹赚不赔", "稳赚不赔", "穩賺不賠", "稳，赚不赔", "稳。赚不赔", "稳正不陪", "闻转不赔", "功耗", "工号", "公号六零三八",
    "报本", "宝本的", "确保本金", "这个保本", "退保，过了", "保过", "亏了我全额赔给您", "亏了我们不会赔给您", "亏了随便您去哪里告赔给您",
    "亏了九个字九个字九个字赔给您", "挂了", "那我挂了", "嗯挂了啊", "挂了电话", "马上挂了", "API接口", "apis", "a p i", "123亿5", "一二三一五",
    "十二三一五", "国家都抵", "国家兜底", "不会亏待您", "不会亏", "陪给您亏了", "坤了我全额赔给您", "高额范例", "高额反利", "这里有高额犯利润", "保本我们不能说",
]  # fmt: skip
TERMS = """
id: zh.k
terms:
  - {id: sure, patterns: [稳赚不赔, 保过]}
  - {id: badge, patterns: [工号], homophone: 'on'}
  - {id: principal, patterns: [保本], exclude: ['保本…不能说']}
  - {id: never, patterns: [不会亏], whole_words: true, homophone: 'off'}
  - {id: pay, patterns: ['(亏|~坤)了…赔给(我|您)', '亏了{3,9}告']}
  - {id: bye, patterns: ['^挂了$', '^(我)?挂了电话']}
  - {id: hotline, patterns: ['12315', api]}
  - {id: backed, patterns: [国家兜底], misheard: [国家都抵]}
  - {id: bait, patterns: [高额返利]}
"""


def test_the_matcher_finds_the_same_as_ever(tmp_path: Path) -> None:
    (tmp_path / "zh" / "k").mkdir(parents=True)
    (tmp_path / "zh" / "k" / "k.yaml").write_text(TERMS, encoding="utf-8")
    lexicon: Lexicon = build(read_pack("zh/k", [tmp_path])).lexicon
    lines = []
    for text in TEXTS:
        for sure in (0.99, 0.3):
            words = tuple(Word(c, i * 0.2, i * 0.2 + 0.2, sure, 1.0) for i, c in enumerate(text))
            call = CallText(Transcript("zh", 60.0, (Turn(0, Role.AGENT, "agent", 0, words, 1.0),)))
            scan = lexicon.scan(call)
            hits = [h for t in lexicon.terms for h in scan.hits(t.id, None)]
            found = [f"{h.term.id} {h.start}-{h.end} {h.kind.value} {h.certainty:.3f} {h.pattern}" for h in hits]
            lines.append(f"{text} {sure}: " + "; ".join(found))
    keep("matches.txt", "\n".join(lines) + "\n")


GOOD_TERM = "terms:\n  - {id: a, patterns: [保本], severity: critical, family: forbidden}\n"
MISTAKES = [
    "version: 0", "version: 1.5", "schema_version: 2", "language: 3", "label: {fr: x}", "termss: []", "terms: 3", "id: zh.other",
    "terms: [{id: A, patterns: [保本]}]", "terms: [{id: a}]", "terms: [{id: a, patterns: []}]", "terms: [{id: a, patterns: [保]}]",
    "terms: [{id: a, patterns: ['(保本']}]", "terms: [{id: a, patterns: ['保|本']}]", "terms: [{id: a, patterns: ['((保)本)']}]",
    "terms: [{id: a, patterns: ['保?本']}]", "terms: [{id: a, patterns: ['保^本']}]", "terms: [{id: a, patterns: ['…保本']}]",
    "terms: [{id: a, patterns: ['保{9,2}本']}]", "terms: [{id: a, patterns: ['保{}本']}]", "terms: [{id: a, patterns: ['(保)?(本)?']}]",
    "terms: [{id: a, patterns: ['(a|b)…(c)?']}]", "terms: [{id: a, patterns: [保本], severity: bad}]", "terms: [{id: a, patterns: [保本], role: boss}]",
    "terms: [{id: a, patterns: [保本], unless: [joking]}]", "terms: [{id: a, patterns: [保本], applies: {since: 2024-02-01, until: 2024-01-01}}]",
    "terms: [{id: a, patterns: [保本], exclude: ['(保']}]", "terms: [{id: a, patterns: [保本], misheard: ['保…']}]",
    "terms: [{id: a, patterns: [保本]}, {id: a, patterns: [保息]}]", GOOD_TERM + "rules: [{id: r}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: a}, require: {says: a}}]", GOOD_TERM + "rules: [{id: r, forbid: {says: b}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: {}}}]", GOOD_TERM + "rules: [{id: r, forbid: {}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: a, turns: {above: 2}}}]", GOOD_TERM + "rules: [{id: r, forbid: {turns: {}}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {use: nothing}}]", GOOD_TERM + "rules: [{id: r, forbid: {step: nothing}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {matches: '('}}]", GOOD_TERM + "rules: [{id: r, forbid: {matches: '保(?!险)'}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {matches: {regex: a, exclude: '['}}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: a, within: first few turns}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: {patterns: ['(']}}}]", GOOD_TERM + "rules: [{id: r, forbid: {silence: {at_least: 3, excused_after: b}}}]",
    GOOD_TERM + "rules: [{id: r, forbid: {says: a}}]\nflows: [{id: r, steps: [{id: s, says: a}]}]",
    GOOD_TERM + "flows: [{id: f, steps: [{id: s}]}]", GOOD_TERM + "flows: [{id: f, steps: [{id: s, says: a}, {id: s, says: a}]}]",
    GOOD_TERM + "flows: [{id: f, steps: [{id: s, says: a, before: t}]}]", GOOD_TERM + "flows: [{id: f, steps: [{id: s, says: a, after: t}]}]",
    GOOD_TERM + "scorecards: [{id: c, sections: [{id: s, items: [{id: i}]}]}]",
    GOOD_TERM + "scorecards: [{id: c, sections: [{id: s, items: [{id: i, check: b}]}]}]",
    GOOD_TERM + "scorecards: [{id: c, sections: [{id: s, items: [{id: i, check: [a, pii, 'family:x']}]}]}]",
    "conditions: {x: {all: [{use: y}]}, y: {none: [{use: x}]}}", "[1]", "a: [", "a: 1\na: 2", "terms: on", "terms: &x [1]\nrules: *x",
]  # fmt: skip


def test_every_mistake_is_told_in_the_same_sentence_as_ever() -> None:
    lines = []
    for mistake in MISTAKES:
        text = mistake if mistake.startswith(("id:", "[")) else f"id: zh.k\n{mistake}\n"
        try:
            build([from_text("zh/k", text)])
            said = "nothing wrong"
        except BadPackError as e:
            said = render(e.message, "en")
        lines += [mistake.replace("\n", " / "), f"  {said}"]
    keep("mistakes.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("name", sorted(p.name for p in KEPT.iterdir()))
def test_no_kept_file_is_forgotten(name: str) -> None:
    assert name in {"conditions.txt", "analyses.txt", "imported.txt", "schema.json", "matches.txt", "mistakes.txt"}
