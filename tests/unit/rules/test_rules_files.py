# ruff: noqa: E501 - one case of a table stays on one line
"""How packs, references, expressions and calls are read from files: which, in what order, and what is wrong with them."""

import json
import re
from pathlib import Path

import httpx
import msgspec
import pytest

from qa.api.records import with_texts
from qa.core.behaviour import CallBehaviour
from qa.core.errors import BadPackError, InputError
from qa.core.finding import Outcome, Severity
from qa.core.messages import message
from qa.core.roles import Role
from qa.i18n import LOCALES, render
from qa.rules import personal
from qa.rules.ask_model import MAX_CHARACTERS, http_asker, parse_answer
from qa.rules.call import CallContext, ModelAnswer
from qa.rules.dialogue import from_example
from qa.rules.dialogue_files import read_calls
from qa.rules.examples import lint, run_examples
from qa.rules.json_schema import pack_schema
from qa.rules.loader import available_packs, build, builtin_pack_dir, from_text, load_packs, read_pack
from qa.rules.regexes import Effort, RegexError, TooMuchEffortError, compiled
from qa.rules.trial import backtest, try_dialogue
from qa.text.calltext import CallText


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_a_pack_is_all_yaml_of_its_folder_in_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "t", b_yaml="id: zh.t.b\n", a_yml="id: zh.t.a\n", c_txt="no pack")
    (tmp_path / "zh" / "t" / "d").mkdir()
    files = read_pack("zh/t", [tmp_path])
    assert [(f.pack, f.path, f.model.id) for f in files] == [
        ("zh.t", "zh/t/a.yml", "zh.t.a"),
        ("zh.t", "zh/t/b.yaml", "zh.t.b"),
    ]
    assert files[0].text == "id: zh.t.a\n"


def test_a_folder_given_goes_before_the_packs_that_come_along(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "common", a_yaml="id: zh.common\n")
    assert [f.model.id for f in read_pack("zh/common", [tmp_path])] == ["zh.common"]
    assert len(read_pack("zh/common", [])) > 1
    other = tmp_path / "other"
    write(other / "zh" / "common", a_yaml="id: zh.common.other\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert [f.model.id for f in read_pack("zh/common", [empty, other, tmp_path])] == ["zh.common.other"]
    for look in (lambda dirs: read_pack("zh/common", dirs), available_packs):
        with pytest.raises(BadPackError) as caught:
            look([other, tmp_path / "gone"][::-1])
        assert caught.value.message.code == "rules.no_pack_dir"


def test_all_packs_are_listed_once_and_in_order(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "common", a_yaml="id: zh.common\n", b_yml="id: zh.common.b\n")
    write(tmp_path / "aa" / "b", a_yml="id: aa.b\n")
    write(tmp_path / "aa" / "nothing", a_txt="")
    names = available_packs([tmp_path])
    assert names == sorted(set(names))
    assert {"aa/b", "zh/common", "zh/finance"} <= set(names)
    assert "aa/nothing" not in names
    assert (builtin_pack_dir() / "zh" / "common").is_dir()


def told(error: pytest.ExceptionInfo[BadPackError]) -> tuple[str, dict[str, str]]:
    return error.value.message.code, error.value.message.params


def test_a_pack_that_is_not_there_or_empty_is_told_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "t", a_txt="")
    with pytest.raises(BadPackError) as caught:
        read_pack("zh/t", [tmp_path])
    assert told(caught) == ("rules.empty_pack", {"pack": "zh/t"})
    with pytest.raises(BadPackError) as caught:
        read_pack("zh/none", [tmp_path])
    code, params = told(caught)
    assert (code, params["pack"]) == ("rules.unknown_pack", "zh/none")
    assert "zh/common, " in params["available"]
    for name in ("zh/t\u00e9", "zh//t", "../zh"):
        with pytest.raises(BadPackError) as caught:
            read_pack(name, [tmp_path])
        assert told(caught) == ("rules.bad_pack_name", {"pack": name})


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "t", a_yaml="id: zh.t\n")
    before = read_pack("zh/t", [tmp_path])[0]
    assert read_pack("zh/t", [tmp_path])[0] is before
    write(tmp_path / "zh" / "t", a_yaml="id: zh.t.longer\n")
    assert read_pack("zh/t", [tmp_path])[0].model.id == "zh.t.longer"


def test_the_same_pack_twice_is_one(tmp_path: Path) -> None:
    write(tmp_path / "zh" / "t", a_yaml="id: zh.t\nterms: [{id: a, patterns: [保本]}]\n")
    assert [t.id for t in load_packs(["zh/t", "zh/t"], [tmp_path]).terms] == ["zh.t.a"]


def broken(*texts: str) -> tuple[str, dict[str, str]]:
    with pytest.raises(BadPackError) as caught:
        build([from_text("zh/t", text, f"{n}.yaml") for n, text in enumerate(texts)])
    return told(caught)


HEAD = "id: zh.t\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "field"),
    [
        ("rules:\n  - id: r\n    forbid: {says: {any: [x]}}", "unknown_term", "4", "rules.0.forbid.says"),
        ("rules:\n  - id: r\n    forbid: {says: {all: [x]}}", "unknown_term", "4", "rules.0.forbid.says"),
        ("rules:\n  - id: r\n    forbid: {says: {none: [x]}}", "unknown_term", "4", "rules.0.forbid.says"),
        ("rules:\n  - id: r\n    forbid: {turns: {above: 1}}\n    when: {says: x}", "unknown_term", "5", "rules.0.when.says"),
        ("rules:\n  - id: r\n    forbid:\n      all:\n        - {turns: {above: 1}}\n        - {says: x}", "unknown_term", "7", "rules.0.forbid.all.1.says"),
        ("rules:\n  - id: r\n    forbid: {silence: {excused_after: x}}", "unknown_term", "4", "rules.0.forbid.silence"),
        ("rules:\n  - id: r\n    forbid: {step: x}", "step_outside_when", "4", "rules.0.forbid.step"),
        ("rules:\n  - id: r\n    forbid: {use: x}", "unknown_condition", "4", "rules.0.forbid.use"),
        ("rules:\n  - id: r\n    forbid: {says: {patterns: [保]}}", "pattern_one_character", "4", "rules.0.forbid.says.patterns.0"),
        ("conditions:\n  c: {says: {patterns: [保本, 保]}}", "pattern_one_character", "3", "conditions.c.says.patterns.1"),
        ("conditions:\n  c: {says: x}", "unknown_term", "3", "conditions.c.says"),
        ("conditions:\n  c: {use: c}", "condition_cycle", "3", "conditions.c"),
        ("flows:\n  - id: f\n    steps:\n      - {id: s, says: x}", "unknown_term", "5", "flows.0.steps.0.says"),
        ("flows:\n  - id: f\n    steps:\n      - {id: s, says: {patterns: [保]}}", "pattern_one_character", "5", "flows.0.steps.0.says.patterns.0"),
        ("flows:\n  - id: f\n    steps:\n      - {id: s, verbatim: 保本}\n      - {id: s, verbatim: 保本}", "duplicate_id", "6", "flows.0.steps.1.id"),
        ("flows:\n  - id: f\n    steps:\n      - {id: s, verbatim: 保本, after: [s, x]}", "unknown_step", "5", "flows.0.steps.0.after"),
        ("scorecards:\n  - id: c\n    sections:\n      - id: s\n        items:\n          - {id: i, check: [pii, x]}", "unknown_check", "7", "scorecards.0.sections.0.items.0.check.1"),
        ("scorecards:\n  - id: c\n    sections:\n      - id: s\n        items:\n          - {id: i, manual: true, when: {says: x}}", "unknown_term", "7", "scorecards.0.sections.0.items.0.when.says"),
        ("scorecards:\n  - id: c\n    sections:\n      - id: s\n        items:\n          - {id: i, manual: true, when: {says: {patterns: [保]}}}", "pattern_one_character", "7", "scorecards.0.sections.0.items.0.when.says.patterns.0"),
        ("scorecards:\n  - {id: c, sections: [{id: s, items: [{id: i, manual: true}]}]}\n  - {id: c, sections: [{id: s, items: [{id: i, manual: true}]}]}", "duplicate_id", "4", "scorecards.1.id"),
        ("rules:\n  - {id: r, forbid: {turns: {above: 1}}}\n  - {id: r, forbid: {turns: {above: 1}}}", "duplicate_id", "4", "rules.1.id"),
        ("rules:\n  - {id: r, forbid: {turns: {above: 1}}}\nflows:\n  - {id: r, steps: [{id: s, verbatim: 保本}]}", "duplicate_id", "5", "flows.0.id"),
        ("terms:\n  - {id: a, patterns: [保本]}\n  - {id: b, patterns: [保本, '(保']}", "pattern_parenthesis", "4", "terms.1.patterns.1"),
        ("terms:\n  - {id: a, patterns: [保本], exclude: [保险, '(保']}", "pattern_parenthesis", "3", "terms.0.exclude.1"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_told_where_it_stands(text: str, code: str, line: str, field: str) -> None:
    got, params = broken(HEAD + text)
    assert (got, params["line"], params["field"], params["file"]) == (f"rules.{code}", line, field, "0.yaml")


def test_what_leads_somewhere_is_accepted() -> None:
    text = (
        HEAD
        + """
terms: [{id: a, patterns: [保本], severity: notice}, {id: b, patterns: [保息], family: rude, severity: notice}]
conditions: {c: {says: a}, d: {any: [{use: c}, {use: c}]}}
rules: [{id: r, forbid: {says: [a, zh.t.a, zh.t, 'family:rude', 'family:none']}}]
flows: [{id: f, steps: [{id: s, verbatim: 保本保息}, {id: u, when: {step: s}, condition: {use: d}, after: s}]}]
scorecards: [{id: k, sections: [{id: s, items: [{id: i, check: [a, zh.t.a, zh.t, zh.t.rude, r, f, f.s, zh.t.f.u, pii, 'family:x']}]}]}]
"""
    )
    assert build([from_text("zh/t", text)]).cards[0].id == "zh.t.k"


def test_two_files_may_not_share_a_name() -> None:
    term = "terms: [{id: a, patterns: [保本]}]"
    assert broken(HEAD, HEAD) == (
        "rules.duplicate_id",
        {"file": "1.yaml", "line": "1", "field": "id", "id": "zh.t", "other": "0.yaml"},
    )
    code, params = broken(HEAD + term, f"id: zh.t.b\n{term}")
    assert (code, params["file"], params["line"], params["other"], params["id"]) == (
        "rules.duplicate_id",
        "1.yaml",
        "2",
        "0.yaml",
        "zh.t.a",
    )
    rule = "rules: [{id: r, forbid: {turns: {above: 1}}}]"
    assert broken(HEAD + rule, f"id: zh.t.b\n{rule}")[0] == "rules.duplicate_id"


def test_a_circle_is_shown_as_it_runs() -> None:
    code, params = broken(HEAD + "conditions: {x: {all: [{use: y}]}, y: {none: [{use: z}]}, z: {use: x}}")
    assert (code, params["path"]) == ("rules.condition_cycle", "x -> y -> z -> x")


def test_a_pack_from_the_future_or_of_another_name_is_refused() -> None:
    code, params = broken(HEAD + "schema_version: 2")
    told = {"file": "0.yaml", "version": "2", "known": "1", "line": "2"}
    assert (code, params) == ("rules.from_the_future", told)
    assert broken(HEAD + "schema_version: '2'") == (code, params)
    assert build([from_text("zh/t", HEAD + "schema_version: 1")]).files
    for name in ("zh.tt", "zh.x", "zh"):
        assert broken(f"id: {name}\n")[0] in ("rules.foreign_id", "rules.bad_form")
    assert broken("id: zh.tt\n")[1]["pack"] == "zh.t"
    assert list(build([from_text("zh/t", "id: zh.t.deep.er\n")]).files) == ["zh.t.deep.er"]


def test_a_missing_field_is_told_after_every_other_mistake() -> None:
    code, params = broken(HEAD + "terms:\n  - {patterns: [保本], severty: critical}")
    assert (code, params["field"]) == ("rules.unknown_key", "terms.0.severty")
    code, params = broken(HEAD + "rules: [{id: r, forbid: {says: a, turns: {above: 1}}}]")
    assert (code, params["found"]) == ("rules.one_operator", "`says`, `turns`")
    assert broken(HEAD + "rules: [{id: r, forbid: {role: agent}}]")[1]["found"] == "none"
    code, params = broken(HEAD + "terms: [{id: a, patterns: [保本], severity: bad}]")
    assert "'critical'" in params["allowed"]
    code, params = broken("terms: []")
    assert (code, params["field"], params["line"]) == ("rules.missing_field", "id", "1")


def test_a_term_takes_what_it_lacks_from_its_file() -> None:
    text = (
        HEAD
        + """version: 5
language: zh
defaults: {family: forbidden, severity: critical, role: agent, homophone: 'off', unless: [quoted], affirmed: false, basis: 办法, wording: 不承诺}
applies: {languages: [zh]}
terms:
  - {id: a, patterns: [保本]}
  - {id: b, patterns: [保息], family: rude, severity: notice, role: any, homophone: 'on', unless: [], affirmed: true, basis: x, wording: w, version: 2, whole_words: true, shadow: true, applies: {until: 2030-01-01}}
"""
    )
    a, b = build([from_text("zh/t", text)]).terms
    assert (a.family, a.severity, a.role, a.unless, a.affirmed, a.basis, a.wording) == (
        "forbidden",
        Severity.CRITICAL,
        Role.AGENT,
        ("quoted",),
        False,
        "办法",
        "不承诺",
    )
    assert (b.family, b.severity, b.role, b.unless, b.affirmed, b.basis, b.wording) == (
        "rude",
        Severity.NOTICE,
        None,
        (),
        True,
        "x",
        "w",
    )
    assert (a.version, b.version, a.shadow, b.shadow, len(a.applies), len(b.applies)) == (5, 2, False, True, 1, 2)
    assert (a.match.homophone, b.match.homophone, a.match.whole_words, b.match.whole_words) == (
        "off",
        "on",
        False,
        True,
    )
    assert (a.label, a.file, a.language) == ({"zh-Hans": "保本"}, "zh.t", "zh")


@pytest.mark.parametrize(
    ("term", "family", "role", "affirmed"),
    [
        ("family: forbidden, severity: critical", "forbidden", Role.AGENT, True),
        ("family: forbidden", "forbidden", Role.AGENT, False),
        ("family: forbidden, severity: critical, role: customer", "forbidden", Role.CUSTOMER, False),
        ("family: rude, severity: critical", "rude", Role.AGENT, False),
        ("severity: critical", "other", Role.AGENT, False),
        ("role: any", "other", None, False),
    ],
)
def test_a_yes_counts_for_what_an_agent_must_not_say(
    term: str, family: str, role: Role | None, affirmed: bool
) -> None:
    [made] = build([from_text("zh/t", f"{HEAD}terms: [{{id: a, patterns: [保本], {term}}}]")]).terms
    assert (made.family, made.role, made.affirmed, made.match.homophone) == (family, role, affirmed, "auto")


@pytest.mark.parametrize(
    ("rule", "line", "passed"),
    [
        ("role: agent, require: {says: {patterns: [退款]}}", "坐席：退款", True),
        ("role: agent, require: {says: {patterns: [退款]}}", "客户：退款", False),
        ("role: customer, require: {says: {patterns: [退款]}}", "客户：退款", True),
        ("role: any, require: {says: {patterns: [退款]}}", "客户：退款", True),
        ("role: agent, require: {all: [{says: {patterns: [退款]}}], role: customer}", "客户：退款", True),
        ("role: agent, require: {says: {patterns: [退款]}, role: customer}", "客户：退款", True),
    ],
)
def test_patterns_on_the_spot_are_of_the_role_around_them(rule: str, line: str, passed: bool) -> None:
    book = build([from_text("zh/t", f"{HEAD}rules: [{{id: r, {rule}}}]")])
    checks = book.analyse(from_example(["坐席：嗯", "客户：嗯", line], Role.AGENT), CallContext()).checks
    assert next(c.outcome for c in checks if c.rule == "zh.t.r") is (Outcome.PASSED if passed else Outcome.FAILED)


def spans(source: str, text: str) -> list[tuple[int, int]]:
    return list(compiled(source).spans(text, Effort()))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("(哈|呵|哈呵){0,40}吗啊", "哈呵" * 2000),
        ("(a|b|ab){0,40}(a|b|ab){0,40}(a|b|ab){0,40}c", "ab" * 2000),
        ("(a|b|ab)(a|b|ab)" * 20 + "c", "ab" * 2000),
        ("a?" * 60 + "a" * 60 + "b", "a" * 4000),
        ("a*a*a*a*b", "a" * 4000),
        ("(a+)+$", "a" * 3999 + "b"),
        ("((a|b|ab){0,30}){0,30}c", "ab" * 2000),
    ],
)
def test_no_expression_explodes(source: str, text: str) -> None:
    assert spans(source, text) == []


@pytest.mark.parametrize(
    ("source", "text"),
    [("[ab]*a[ab]{900}c|a", "abbabaab" * 500), ("(?:.{0,100}a){0,8}c|a", "a" * 4000), ("a.*b|a", "a" * 400_000)],
)
def test_an_expression_that_costs_too_much_is_left(source: str, text: str) -> None:
    with pytest.raises(TooMuchEffortError):
        spans(source, text)


@pytest.mark.parametrize(
    ("source", "code", "problem"),
    [
        ("a(?=b)", "regex_look_around", ""), ("a(?!b)", "regex_look_around", ""), ("(?<=a)b", "regex_look_around", ""), ("(?<!不)保本", "regex_look_around", ""),
        ("(a)\\1", "regex_back_reference", ""), ("(?P<x>a)(?P=x)", "regex_back_reference", ""), ("(a)?(?(1)b|c)", "regex_back_reference", ""),
        ("\\w+", "regex_latin_word", ""), ("[^\\W]", "regex_latin_word", ""),
        ("(", "regex_broken", "missing ): ("), ("[保", "regex_broken", "missing ]: [保"), ("(?>a+)b", "regex_broken", "invalid perl operator: (?>"),
        ("a{2000}b{1,0}", "regex_broken", "invalid repetition size: {2000}"), ("\\pL{0,1000}", "regex_broken", "pattern too large - compile failed"),
        ("\ud800", "regex_broken", "'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed"),
    ],
)  # fmt: skip
def test_an_expression_that_is_wrong_or_refused(source: str, code: str, problem: str) -> None:
    with pytest.raises(RegexError) as caught:
        compiled(source)
    assert (caught.value.code, caught.value.problem) == (code, problem)


def test_an_expression_meets_the_normal_form_in_either_case() -> None:
    assert spans("工號[A-C]", "工号b，工号A") == [(0, 3), (4, 7)]
    assert spans("a+(b+|cd+)?", "AB") == [(0, 2)]
    assert spans(r"\\w", r"a\w") == [(1, 3)]  # a backslash, and no class


def test_half_a_surrogate_pair_in_a_text_is_one_character() -> None:
    assert spans("保.本", "a保\ud800本") == [(1, 4)]


def calls(content: object) -> list[tuple[str, list[tuple[Role, str]], dict[str, str]]]:
    text = content if isinstance(content, str) else json.dumps(content)
    return [
        (name, [(t.role, t.text) for t in call.turns], attributes)
        for name, call, attributes, _ in read_calls(text, "f")
    ]


TURNS = [{"role": "agent", "text": "您好"}]
READ = [(Role.AGENT, "您好")]


def test_calls_are_numbered_where_they_have_no_name() -> None:
    assert calls("坐席：您好") == [("1", READ, {})]
    assert calls(TURNS) == [("1", READ, {})]
    assert calls({"turns": TURNS}) == [("1", READ, {})]
    assert calls({"id": "x", "name": "y", "turns": TURNS})[0][0] == "x"
    assert calls({"id": 7, "turns": TURNS})[0][0] == "7"
    assert calls({"name": "y", "turns": TURNS})[0][0] == "y"
    assert [name for name, _, _ in calls([{"turns": TURNS}, {"turns": TURNS}])] == ["1.1", "1.2"]
    assert [name for name, _, _ in calls([TURNS, TURNS])] == ["1.1", "1.2"]
    assert [
        name
        for name, _, _ in calls({"recordings": [{"transcript": {"turns": TURNS}}, {"name": "b", "turns": TURNS}]})
    ] == ["1.1", "b"]
    assert [name for name, _, _ in calls("\n\n".join([json.dumps({"turns": TURNS})] * 3))] == ["1", "2", "3"]
    assert calls("  \n" + json.dumps(TURNS)) == [("1", READ, {})]


def test_a_call_brings_what_came_with_it() -> None:
    assert calls({"attributes": {"a": 1, "b": "x"}, "industry": "finance", "turns": TURNS})[0][2] == {
        "a": "1",
        "b": "x",
        "industry": "finance",
    }
    assert calls({"attributes": None, "industry": 3, "turns": TURNS})[0][2] == {}
    languages = [
        call.language
        for _, call, *_ in read_calls(
            "\n".join(json.dumps({"turns": TURNS} | x) for x in ({}, {"language": "en-US"})), "f"
        )
    ]
    assert languages == ["zh", "en"]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("{", "bad_json", 1), ('{"turns": [}\n{"turns": []}', "bad_json", 1), ('\n{"turns": []}\n{"turns": [}', "bad_json", 3),
        ('{\n "turns": [\n}', "bad_json", 3), ("[" * 100_000, "bad_json", 1),
        ("[3]", "no_turns", 1), ('{"a": 1}', "no_turns", 1), ('{"turns": 3}', "no_turns", 1), ('{"transcript": 3}', "no_turns", 1),
        ('{"transcript": {}}', "no_turns", 1), ('{"recordings": 3}', "no_turns", 1), ('{"turns": []}\n\n{"turn": []}', "no_turns", 3),
        ('{"turns": []}\n{"turns": [{"role": "boss", "text": "a"}]}', "bad_turn", 2), ('{"turns": [3]}', "bad_turn", 1),
        ('[{"role": ["agent"], "text": "a"}]', "bad_turn", 1), ('{"duration": 1, "turns": [3]}', "bad_turn", 1),
        ('{"duration": 1, "turns": [{"words": []}]}', "bad_json", 1),
        ("", "no_dialogue", None), (" \n\n", "no_dialogue", None), ("[]", "no_dialogue", None), ("\ufeff{}", "no_turns", 1),
    ],
)  # fmt: skip
def test_what_is_no_call_is_told_with_its_file_and_line(content: str, code: str, line: int | None) -> None:
    with pytest.raises(InputError) as caught:
        list(read_calls(content.lstrip("\ufeff"), "f.json"))
    told = caught.value.message
    assert (told.code, told.params["file"], told.params.get("line")) == (
        f"rules.{code}", "f.json", None if line is None else str(line),
    )  # fmt: skip
    for locale in LOCALES:
        assert not re.search(r"\n|\{\w+\}|None", render(told, locale))


def test_a_result_of_the_service_is_read_with_the_sentences_beside_its_codes() -> None:
    behaviour = CallBehaviour((), (), (), (), (), (), None, (), notes=(message("pipeline.no_speech"),))
    heard = from_example("坐席：这个保本", Role.AGENT)
    result = {"name": "a.wav", "status": "done", "transcript": heard, "behaviour": behaviour}
    shown = with_texts(msgspec.to_builtins(result), "en")
    assert "text" in shown["behaviour"]["notes"][0]
    [call] = read_calls(json.dumps(shown), "f")
    assert (call.name, call.transcript, call.behaviour) == ("a.wav", heard, behaviour)


def test_a_recording_in_which_nobody_spoke_is_no_call_and_no_mistake() -> None:
    silent = {"name": "a.wav", "status": "skipped", "transcript": None}
    assert calls(silent) == []
    assert [name for name, *_ in calls([silent, {"name": "b.wav", "turns": TURNS}])] == ["b.wav"]


@pytest.mark.parametrize(
    ("line", "text"),
    [("[00:01] 客户：这个保本吗", "这个保本吗"), ("[客户] 这个保本吗", "[客户] 这个保本吗"), ("[静音]", "[静音]")],
)
def test_a_line_that_begins_with_a_bracket_is_still_a_dialogue(line: str, text: str) -> None:
    [(_, call, *_)] = read_calls(line, "f")
    assert call.turns[0].text == text


def test_attributes_in_another_form_are_passed_over() -> None:
    assert calls({"attributes": [1], "turns": TURNS}) == [("1", READ, {})]


def asked(
    status: int = 200,
    content: str = '{"yes": true, "confidence": 0.5, "quotes": ["保本", " ", 7]}',
    **options: object,
) -> tuple[ModelAnswer | None, httpx.Request]:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json={"choices": [{"message": {"content": content}}]})

    client = httpx.Client(transport=httpx.MockTransport(reply))
    answer = http_asker("http://model/v1/", "m", client=client, **options)("问题", "保" * 30_000)  # type: ignore[arg-type]
    return answer, seen[0]


def test_a_model_is_asked_in_the_form_of_chat_completions() -> None:
    answer, request = asked(key="secret")
    assert answer == ModelAnswer(True, 0.5, ("保本", "7"))
    assert str(request.url) == "http://model/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret"
    body = json.loads(request.content)
    assert (body["model"], body["temperature"], set(body)) == ("m", 0, {"model", "temperature", "messages"})
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] == "Question: 问题\n\nCall:\n" + "保" * MAX_CHARACTERS
    assert MAX_CHARACTERS == 20_000
    for word in ('"yes"', '"confidence"', '"quotes"', "never an instruction"):
        assert word in system["content"]
    assert "XX" not in system["content"]
    assert "authorization" not in asked()[1].headers


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ('{"yes": false}', ModelAnswer(False, 0.0, ())),
        ('{"yes": true, "confidence": 0.4}', ModelAnswer(True, 0.4, ())),
        ('{"yes": true, "confidence": -0.1}', None),
        ('{"yes": true, "confidence": 1.1}', None),
        ('so: {"yes": true, "quotes": []} I think', ModelAnswer(True, 0.0, ())),
        ('{"confidence": 1}', None),
        ('{"yes": true, "confidence": "high"}', None),
        ("[1]", None),
        ("{", None),
        ("", None),
    ],
)
def test_an_answer_is_read_as_far_as_it_makes_sense(content: str, answer: ModelAnswer | None) -> None:
    assert parse_answer(content) == answer
    assert asked(503)[0] is None


def test_personal_data_is_named_in_the_script_of_each_language() -> None:
    written = {"zh-Hans": r"[\u4e00-\u9fff]+", "zh-Hant": r"[\u4e00-\u9fff]+", "en": r"[A-Z][a-z]*([ -][a-z]+)*"}
    kinds = {
        "phone",
        "id_card",
        "bank_card",
        "passport",
        "plate",
        "email",
        "code",
        "cvv",
        "birth_date",
        "name",
        "address",
    }
    assert set(personal._LABELS) == kinds
    for label in (*personal._LABELS.values(), personal._ALL):
        assert set(label) == set(LOCALES)
        assert all(re.fullmatch(written[locale], text) for locale, text in label.items())


@pytest.mark.parametrize(
    ("text", "rule", "code", "confidence"),
    [
        ("客户：手机号13812345678", "pii.phone", "rules.personal_valid", 1.0),
        ("客户：我的身份证是110101199003074514", "pii.id_card", "rules.personal_valid", 1.0),
        ("客户：验证码是482913", "pii.code", "rules.personal_by_context", 0.8),
    ],
)
def test_personal_data_is_as_sure_as_its_kind_allows(text: str, rule: str, code: str, confidence: float) -> None:
    call = CallText(from_example([text], Role.AGENT))
    [check] = personal.checks(call)
    assert (check.rule, check.rule_version, check.family, check.outcome, check.severity) == (
        "pii",
        2,
        "pii",
        Outcome.PASSED,
        Severity.INFO,
    )
    assert (check.reason.code, check.reason.params) == ("rules.personal_found", {"count": "1"})
    [found] = check.findings
    assert (found.rule, found.rule_version, found.reason.code, found.confidence, found.role) == (
        rule,
        2,
        code,
        confidence,
        Role.CUSTOMER,
    )
    [none] = personal.checks(CallText(from_example(["您好"], Role.AGENT)))
    assert (none.reason.code, none.findings) == ("rules.no_personal", ())


def test_the_schema_for_editors_is_readable_json() -> None:
    schema = pack_schema()
    assert json.loads(schema)["title"]
    assert "\n  " in schema
    assert "\\u" not in schema.replace("\\\\u", "")


EXAMPLES = (
    HEAD
    + """
terms:
  - {id: flag, patterns: [保本], severity: critical, family: forbidden, examples: {hit: [保本的], miss: [不保本]}}
  - {id: words, patterns: [您好], examples: {hit: [您好]}}
  - {id: bare, patterns: [再见]}
  - {id: half, patterns: [保息], severity: notice, examples: {hit: [保息]}}
  - {id: customers, patterns: [投诉], severity: notice, role: customer, examples: {hit: [我要投诉], miss: ['坐席：投诉']}}
rules:
  - {id: greets, require: {says: words}, examples: {hit: [[喂, 客户：嗯]], miss: [您好]}}
  - {id: hums, forbid: {silence: {}}}
  - {id: mixed, when: {says: words}, forbid: {silence: {}}}
flows:
  - {id: f, steps: [{id: hello, says: words}, {id: bye, says: bare}], examples: {hit: [您好], miss: [您好再见]}}
"""
)


def test_only_what_can_have_examples_must_have_them_on_both_sides() -> None:
    assert [m.params["id"] for m in lint([from_text("zh/t", EXAMPLES)])] == [
        "zh.t.bare",
        "zh.t.half",
        "zh.t.mixed",
    ]
    silent = EXAMPLES.replace("id: zh.t\n", "id: zh.t\ndefaults: {severity: notice}\n")
    assert [m.params["id"] for m in lint([from_text("zh/t", silent)])] == [
        "zh.t.words",
        "zh.t.bare",
        "zh.t.half",
        "zh.t.mixed",
    ]


def test_examples_of_terms_rules_and_flows_are_run() -> None:
    files = [from_text("zh/t", EXAMPLES)]
    report = run_examples(build(files), files)
    assert (report.count, report.failures) == (10, ())
    wrong = [
        from_text(
            "zh/t",
            EXAMPLES.replace("hit: [[喂, 客户：嗯]], miss: [您好]", "hit: [[您好, 客户：嗯]], miss: [喂]").replace(
                "hit: [您好], miss: [您好再见]", "hit: [您好再见], miss: [喂]"
            ),
        )
    ]
    found = [
        (m.code, m.params["id"], m.params["example"], m.params["why"])
        for m in run_examples(build(wrong), wrong).failures
    ]
    assert [(code, name, example) for code, name, example, _ in found] == [
        ("rules.example_misses", "zh.t.greets", "您好 / 客户：嗯"), ("rules.example_hits", "zh.t.greets", "喂"),
        ("rules.example_misses", "zh.t.f", "您好再见"), ("rules.example_hits", "zh.t.f", "喂"),
    ]  # fmt: skip
    assert (found[2][3], found[3][3]) == ("", "hello, bye")
    assert "words" in found[1][3]


def test_a_trial_lists_what_came_near_in_the_order_of_the_call() -> None:
    book = build([from_text("zh/t", EXAMPLES)])
    trial = try_dialogue(
        book, from_example(["不保本，您好", "客户：保本吗", "坐席：对", "坐席：投诉"], Role.AGENT), CallContext()
    )
    assert [(m.term, m.turn, m.char_start, m.char_end, m.quote, m.why.code) for m in trial.near_misses] == [
        ("zh.t.flag", 0, 1, 3, "保本", "rules.excused_negated"), ("zh.t.flag", 1, 0, 2, "保本", "rules.excused_asked"),
        ("zh.t.customers", 3, 0, 2, "投诉", "rules.said_by_agent"),
    ]  # fmt: skip
    assert trial.near_misses[0].why.params == {"cue": "不"}


def test_a_backtest_sees_scores_and_severities_change() -> None:
    card = "scorecards: [{id: k, sections: [{id: s, items: [{id: i, check: flag, points: %s}, {id: j, check: greets, points: 5}]}]}]\n"
    call = [("x", from_example("保本，您好", Role.AGENT), CallContext())]
    before, after = (build([from_text("zh/t", EXAMPLES + card % points)]) for points in (5, 15))
    [difference] = backtest(before, after, call).differences
    assert (difference.score_before, difference.score_after, difference.appeared, difference.changed) == (
        50,
        25,
        (),
        (),
    )
    milder = build([from_text("zh/t", EXAMPLES.replace("severity: critical", "severity: notice"))])
    changed = backtest(build([from_text("zh/t", EXAMPLES)]), milder, call * 2)
    assert (changed.calls, changed.appeared, changed.disappeared) == (2, {"zh.t.flag": 2}, {"zh.t.flag": 2})
    [first, _] = changed.differences
    assert (first.score_before, first.score_after) == (None, None)


def test_a_rule_on_how_a_call_runs_may_have_examples_and_they_are_run() -> None:
    rule = "rules: [{id: r, forbid: {ends_with: {role: customer}}, examples: {hit: [%s], miss: [%s]}}]"
    files = [from_text("zh/t", HEAD + rule % ("[您好, 客户：嗯]", "[客户：嗯, 您好]"))]
    assert (run_examples(build(files), files).count, run_examples(build(files), files).failures, lint(files)) == (
        2,
        (),
        [],
    )
    wrong = [from_text("zh/t", HEAD + rule % ("[客户：嗯, 您好]", "[您好, 客户：嗯]"))]
    assert [m.code for m in run_examples(build(wrong), wrong).failures] == [
        "rules.example_misses",
        "rules.example_hits",
    ]


def test_as_many_terms_as_allowed_are_loaded_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.rules.loader.MAX_TERMS", 2)
    terms = "terms: [{id: a, patterns: [保本]}, {id: b, patterns: [保息]}%s]"
    assert len(build([from_text("zh/t", HEAD + terms % "")]).terms) == 2
    code, params = broken(HEAD + terms % ", {id: c, patterns: [包赔]}")
    assert (code, params["count"], params["most"]) == ("rules.too_many_terms", "3", "2")
