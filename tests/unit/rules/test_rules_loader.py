# ruff: noqa: E501 - one case of a table stays on one line
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qa.core.errors import BadPackError
from qa.core.finding import MatchKind, Severity
from qa.core.roles import Role
from qa.i18n import LOCALES, catalogue, render
from qa.lexicon.yaml_reader import parse_yaml, read_yaml
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.examples import lint, run_examples
from qa.rules.json_schema import pack_schema
from qa.rules.loader import available_packs, build, builtin_pack_dir, from_text, load_packs, read_pack

EXAMPLE = Path(__file__).parents[3] / "docs" / "example"

HEAD = "id: zh.t\nlanguage: zh\n"
TERM = HEAD + "terms:\n  - {id: a, patterns: [保本], severity: critical, family: forbidden}\n"


def test_the_example_pack_loads_lints_and_passes_its_own_examples() -> None:
    files = read_pack("zh/example", [EXAMPLE])
    report = run_examples(build(files), files)
    assert report.failures == ()
    assert report.count > 15
    assert lint(files) == []


def broken(text: str) -> tuple[str, dict[str, str]]:
    with pytest.raises(BadPackError) as caught:
        build([from_text("zh/t", text)])
    return caught.value.message.code, caught.value.message.params


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + "terms: [", "rules.yaml_bracket", "4"),
        (HEAD + "terms:\n  - {id: a, patern: [保本]}", "rules.unknown_key", "4"),
        (HEAD + "terms:\n  - {id: a}", "rules.missing_field", "4"),
        (HEAD + "terms:\n  - id: a\n    patterns: [保本]\n    severity: bad", "rules.not_one_of", "6"),
        (HEAD + "terms:\n  - {id: A B, patterns: [保本]}", "rules.bad_form", "4"),
        (HEAD + "terms:\n  - {id: a, patterns: []}", "rules.empty_field", "4"),
        (HEAD + "terms:\n  - {id: a, patterns: [嗯]}", "rules.pattern_one_character", "4"),
        (HEAD + "terms:\n  - {id: a, patterns: ['(保']}", "rules.pattern_parenthesis", "4"),
        (HEAD + "id: zh.t", "rules.duplicate_key", "3"),
        (TERM + "  - {id: a, patterns: [保息]}", "rules.duplicate_id", "5"),
        ("id: zh.other\nlanguage: zh", "rules.foreign_id", "1"),
        (HEAD + "rules:\n  - {id: r, forbid: {says: nobody}}", "rules.unknown_term", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {use: nobody}}", "rules.unknown_condition", "4"),
        (HEAD + "rules:\n  - {id: r}", "rules.rule_sides", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {turns: {above: 1}, duration: {above: 1}}}", "rules.one_operator", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {turns: {}}}", "rules.range_empty", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {turns: {above: 1}, after: {condition: {turns: {above: 1}}, hit: 0}}}",
         "rules.hit_zero", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {matches: '(?<!不)保本'}}", "rules.regex_look_around", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {matches: '(a'}}", "rules.regex_broken", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {matches: '保\\w'}}", "rules.regex_latin_word", "4"),
        (HEAD + "rules:\n  - {id: r, forbid: {matches: '(a)\\1'}}", "rules.regex_back_reference", "4"),
        (HEAD + "conditions:\n  x: {use: y}\n  y: {none: [{use: x}]}", "rules.condition_cycle", "4"),
        (HEAD + "flows:\n  - {id: f, steps: [{id: s, says: {patterns: [您好]}, before: t}]}", "rules.unknown_step", "4"),
        (HEAD + "flows:\n  - {id: f, steps: [{id: s}]}", "rules.step_ways", "4"),
        (HEAD + "scorecards:\n  - {id: c, sections: [{id: s, items: [{id: i, check: no}]}]}", "rules.unknown_check", "4"),
        (HEAD + "applies: {since: 2026-02-01, until: 2026-01-01}", "rules.dates_reversed", "3"),
        (HEAD + "schema_version: 9", "rules.from_the_future", None),
        (HEAD + "label: &a {en: x}\ndefaults: *a", "rules.alias", "4"),
        ("- 1\n- 2", "rules.not_a_pack", "1"),
        ("", "rules.not_a_pack", "1"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(text: str, code: str, line: str | None) -> None:
    got, params = broken(text)
    assert got == code
    assert params["file"] == "pack.yaml"
    assert line is None or params["line"] == line


def test_every_mistake_is_one_sentence_in_every_language() -> None:
    for name, texts in catalogue().items():
        if name.startswith("rules."):
            assert set(texts) == set(LOCALES)
    with pytest.raises(BadPackError) as caught:
        build([from_text("zh/t", HEAD + "rules:\n  - {id: r, forbid: {matches: '保(?!险)'}}")])
    for locale in LOCALES:
        assert "保(?!险)" in render(caught.value.message, locale)


def test_on_and_off_are_words_and_numbers_in_patterns_are_text() -> None:
    book = build([from_text("zh/t", HEAD + "terms:\n  - {id: a, patterns: [12315], homophone: off}")])
    assert book.terms[0].match.homophone == "off"
    assert book.terms[0].match.patterns == ("12315",)


def test_a_condition_that_nests_too_deep_is_refused() -> None:
    deep = "{none: [" * 300 + "{turns: {above: 1}}" + "]}" * 300
    code, _ = broken(HEAD + "rules:\n  - {id: r, forbid: " + deep + "}")
    assert code in ("rules.broken_yaml", "rules.too_deep", "rules.bad_value")


def test_an_unknown_pack_names_those_there_are() -> None:
    with pytest.raises(BadPackError) as caught:
        load_packs(["zh/nothing"], [EXAMPLE])
    assert "zh/example" in caught.value.message.params["available"]
    assert "zh/example" in available_packs([EXAMPLE])


@pytest.mark.parametrize("name", ["../etc", "/etc", "zh", "zh/../..", "zh/ex\nample", ""])
def test_a_pack_name_never_leads_out_of_the_folder(name: str) -> None:
    with pytest.raises(BadPackError):
        load_packs([name], [EXAMPLE])


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(BadPackError) as caught:
        load_packs(["zh/t"], [tmp_path])
    assert caught.value.message.code == "rules.not_utf8"


def test_a_broken_pack_leaves_the_loaded_one_working(tmp_path: Path) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(TERM, encoding="utf-8")
    book = load_packs(["zh/t"], [tmp_path])
    (folder / "a.yaml").write_text(TERM + "terms: [", encoding="utf-8")
    with pytest.raises(BadPackError):
        load_packs(["zh/t"], [tmp_path])
    assert book.analyse(from_example("保本的", Role.AGENT), CallContext()).findings


def test_the_fingerprint_changes_with_the_text_and_not_with_the_order() -> None:
    a, b = from_text("zh/t", TERM), from_text("zh/u", "id: zh.u\n")
    assert build([a, b]).fingerprint == build([b, a]).fingerprint
    assert build([a]).fingerprint != build([a, b]).fingerprint
    assert build([from_text("zh/t", TERM + "version: 2\n")]).fingerprint != build([a]).fingerprint


def test_the_schema_for_editors_describes_every_operator() -> None:
    schema = pack_schema()
    for word in ("says", "similar", "asks_model", "talk_share", "verbatim", "homophone", "misheard"):
        assert f'"{word}"' in schema


SCHEMA = Draft202012Validator(json.loads(pack_schema()))
SHIPPED = sorted(builtin_pack_dir().rglob("*.yaml"))


def as_json(path: Path) -> object:
    """A pack as an editor hands it to the schema: days are texts there."""
    return json.loads(json.dumps(read_yaml(path, path.name), default=str))


@pytest.mark.parametrize("path", SHIPPED, ids=[f"{p.parent.name}/{p.name}" for p in SHIPPED])
def test_an_editor_underlines_nothing_in_the_shipped_packs(path: Path) -> None:
    assert [e.message for e in SCHEMA.iter_errors(as_json(path))] == []


@pytest.mark.parametrize(
    "rule",
    [
        "require: {says: hello}",
        "require: {says: [hello, 'family:greeting']}",
        "require: {matches: 保.本}",
        "require: {similar: 投资有风险}",
        "require: {entity: phone}",
        "require: {says: {any: [hello]}}, applies: {since: 2024-01-01}",
    ],
)
def test_an_editor_knows_the_short_forms(rule: str) -> None:
    pack = parse_yaml(f"id: zh.t\nrules: [{{id: a, {rule}}}]\n", "t")
    assert [e.message for e in SCHEMA.iter_errors(json.loads(json.dumps(pack, default=str)))] == []


@pytest.mark.parametrize(
    "rule", ["require: {say: hello}", "require: {says: 5.5, x: 1}", "severity: bad", "require: []"]
)
def test_an_editor_underlines_what_does_not_load(rule: str) -> None:
    assert not SCHEMA.is_valid(parse_yaml(f"id: zh.t\nrules: [{{id: a, {rule}}}]\n", "t"))


def flow(*steps: str, head: str = "") -> str:
    """A file with one flow; the first step stands in line 7."""
    lines = "".join(f"      - {{{step}}}\n" for step in steps)
    return f"{HEAD}terms: [{{id: x, patterns: [您好]}}]\nflows:\n  - id: f\n{head}    steps:\n{lines}"


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        (flow("id: a, says: x, when: {step: a}"), "7", "a -> a"),
        (flow("id: a, says: x, when: {step: b}", "id: b, says: x, when: {any: [{step: a}]}"), "7", "a -> b -> a"),
        (
            flow("id: c, says: x, when: {step: a}", "id: a, says: x, when: {step: b}", "id: b, says: x, when: {step: a}"),
            "8",
            "a -> b -> a",
        ),
        (
            flow("id: a, says: x, when: {says: x, after: {condition: {step: c}}}", "id: b, says: x, when: {step: a}", "id: c, says: x, when: {step: b}"),
            "7",
            "a -> c -> b -> a",
        ),
    ],
)  # fmt: skip
def test_steps_that_wait_for_each_other_are_a_mistake(text: str, line: str, path: str) -> None:
    code, params = broken(text)
    assert (code, params["line"], params["path"]) == ("rules.step_cycle", line, path)


def test_a_long_flow_whose_steps_wait_for_many_others_loads() -> None:
    before = [", ".join(f"{{step: s{j}}}" for j in range(i)) for i in range(1, 40)]
    from_each = flow(
        "id: s0, says: x", *(f"id: s{i}, says: x, when: {{all: [{b}]}}" for i, b in enumerate(before, 1))
    )
    assert build([from_text("zh/t", from_each)]).flows
    in_a_row = flow("id: s0, says: x", *(f"id: s{i}, says: x, when: {{step: s{i - 1}}}" for i in range(1, 1500)))
    assert build([from_text("zh/t", in_a_row)]).flows


@pytest.mark.parametrize(
    "text",
    [
        flow("id: a, condition: {step: a}"),
        flow("id: a, says: x", "id: b, condition: {any: [{step: a}]}"),
        flow("id: a, says: x", head="    when: {step: a}\n"),
        HEAD + "conditions: {c: {step: a}}\n",
    ],
)
def test_a_step_is_asked_for_only_in_the_when_of_another(text: str) -> None:
    assert broken(text)[0] == "rules.step_outside_when"


def test_lint_wants_examples_on_both_sides() -> None:
    assert [m.code for m in lint([from_text("zh/t", TERM)])] == ["rules.no_examples"]


def test_a_wrong_example_is_told_with_the_reason() -> None:
    text = HEAD + "terms:\n  - {id: a, patterns: [保本], severity: critical, family: forbidden,"
    files = [from_text("zh/t", text + " examples: {hit: [不保本], miss: [保本的]}}")]
    report = run_examples(build(files), files)
    assert [m.code for m in report.failures] == ["rules.example_misses", "rules.example_hits"]
    assert "Denied" in report.failures[0].params["why"]


def test_a_misheard_promise_is_a_warning_and_its_examples_are_run() -> None:
    text = (
        HEAD
        + "terms:\n  - {id: a, patterns: [国家兜底], misheard: [国家都抵], severity: critical, family: forbidden,"
    )
    files = [from_text("zh/t", text + " examples: {hit: [有國家都抵的], miss: [不是国家都抵的, 国家都底]}}")]
    book = build(files)
    assert run_examples(book, files).failures == ()
    [finding] = book.analyse(from_example("有國家都抵的", Role.AGENT), CallContext()).findings
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].match is MatchKind.SIMILAR
    assert finding.confidence < 0.6


def test_a_wrong_misheard_spelling_is_told_with_its_line() -> None:
    code, params = broken(HEAD + "terms:\n  - {id: a, patterns: [保本], misheard: ['(包']}")
    assert (code, params["field"]) == ("rules.pattern_parenthesis", "terms.0.misheard.0")


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        (TERM.replace("保本", "'[保本]'"), "rules.pattern_regex", {"line": "4", "pattern": "[保本]"}),
        (TERM.replace("保本", "'不保本.*'"), "rules.pattern_regex", {"pattern": "不保本.*"}),
        (TERM.replace("保本", "'(保|本)+息'"), "rules.pattern_regex", {"pattern": "(保|本)+息"}),
        (TERM.replace("保本", "'(?:保|本)息'"), "rules.pattern_regex", {"pattern": "(?:保|本)息"}),
        (TERM.replace("保本", "'保\\d本'"), "rules.pattern_regex", {"pattern": "保\\d本"}),
        (HEAD + "applies: {industries: [bank]}\n", "rules.not_one_of", {"line": "3"}),
        (
            HEAD + "applies: {languages: [zh, klingon]}\n",
            "rules.unknown_language",
            {"line": "3", "found": "klingon"},
        ),
        (HEAD + "applies: {languages: [xx]}\n", "rules.unknown_language", {"found": "xx"}),
        (HEAD + "applies: {languages: [zh_CN]}\n", "rules.unknown_language", {"found": "zh_CN"}),
        (
            "id: zh.t\nversion: 1\nlanguage: klingon\n",
            "rules.unknown_language",
            {"line": "3", "field": "language"},
        ),
    ],
)
def test_what_would_silently_never_apply_is_a_mistake(text: str, code: str, params: dict[str, str]) -> None:
    found, told = broken(text)
    assert found == code
    assert told.items() >= params.items()


@pytest.mark.parametrize(
    "pattern", ["固收+", "固收+产品", "A+级", "www.a.com", "收益3.5%", "【保本】", "您好.请问"]
)
def test_what_is_written_with_such_signs_is_no_regular_expression(pattern: str) -> None:
    assert build([from_text("zh/t", TERM.replace("保本", f"'{pattern}'"))]).terms


@pytest.mark.parametrize("locale", LOCALES)
def test_whoever_writes_a_regular_expression_is_told_what_patterns_have(locale: str) -> None:
    with pytest.raises(BadPackError) as caught:
        build([from_text("zh/t", TERM.replace("保本", "'保.*本'"))])
    sentence = render(caught.value.message, locale)
    assert "保.*本" in sentence
    assert "{0,3}" in sentence
    assert "matches" in sentence


@pytest.mark.parametrize(
    "given", ["language: any", "language: yue", "applies: {languages: [zh-Hant, zh-CN, en, haw]}"]
)
def test_a_language_that_calls_can_be_in_is_no_mistake(given: str) -> None:
    assert build([from_text("zh/t", f"id: zh.t\n{given}\n")])
    assert SCHEMA.is_valid(parse_yaml(f"id: zh.t\n{given}\n", "t"))


@pytest.mark.parametrize(
    "given", ["language: klingon", "applies: {languages: [xx]}", "applies: {industries: [bank]}"]
)
def test_an_editor_underlines_where_nothing_ever_applies(given: str) -> None:
    assert not SCHEMA.is_valid(parse_yaml(f"id: zh.t\n{given}\n", "t"))


@pytest.mark.parametrize(
    "uses", [lambda i: range(i), lambda i: range(max(0, i - 1), i)], ids=["all before", "a chain"]
)
def test_conditions_that_unfold_to_thousands_are_refused_at_once(uses: Callable[[int], range]) -> None:
    """Eighteen that each use all before them would be judged 131,072 times in every call."""
    made = ["  c-0: {says: a}"]
    made += [f"  c-{i}: {{any: [{', '.join(f'{{use: c-{j}}}' for j in uses(i))}]}}" for i in range(1, 200)]
    code, told = broken(TERM + "conditions:\n" + "\n".join(made) + "\n")
    assert code == "rules.condition_too_large"
    assert told["name"].startswith("c-")
    few = ["  c-0: {says: a}", *made[1:6]]
    build([from_text("zh/t", TERM + "conditions:\n" + "\n".join(few) + "\n")])


def ruled(condition: str) -> str:
    return TERM + "rules:\n  - {id: r, forbid: " + condition + "}\n"


def carded(*items: str) -> str:
    lines = "".join(f"          - {{{item}}}\n" for item in items)
    return TERM + "scorecards:\n  - id: c\n    sections:\n      - id: s\n        items:\n" + lines


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        *((ruled(f"{{{name}: []}}"), "empty_field", {"line": "6"}) for name in ("all", "any", "none")),
        *(
            (ruled(f"{{says: a, within: {part}}}"), "no_such_part", {"line": "6", "found": part})
            for part in (
                "60%..40%", "40%..40%", "90%..110%", "first 0s", "last 0%", "first 101%", "first 0 turns",
                "last 1.5 turns", "first 0.5 agent turns",
            )
        ),
        (ruled("{turns: {above: 5, below: 3}}"), "nothing_between", {"found": "5 ≥ 3"}),
        (ruled("{tone: {of: angry, above: 0.5, below: 0.5}}"), "nothing_between", {"found": "0.5 ≥ 0.5"}),
        (ruled("{attribute: {name: x, above: 2, below: 1}}"), "nothing_between", {"line": "6"}),
        (ruled("{duration: {below: 0}}"), "out_of_range", {"limit": "> 0"}),
        (ruled("{talk_share: {above: 60}}"), "out_of_range", {"limit": "< 1"}),
        (ruled("{attribute: {name: ''}}"), "empty_field", {}),
        (ruled("{attribute: {name: x, exists: false, equals: y}}"), "absent_value", {}),
        (ruled("{ends_with: {}}"), "ends_anyhow", {}),
        (ruled("{similar: ['，。']}"), "no_words_in", {"found": "，。"}),
        (ruled("{silence: {at_least: 70, excused_after: a}}"), "excuses_nothing", {"found": "60 < 70"}),
        (ruled("{says: {any: [a, zh.t.a], at_least: 2}}"), "too_few_terms", {"at_least": "2", "count": "1"}),
        (ruled("{says: {patterns: [甲乙, 丙丁], at_least: 2}}"), "too_few_terms", {"count": "1"}),
        *(
            (ruled(f"{{says: a, after: {{condition: {nowhere}}}}}"), "nowhere", {"field": "rules.0.forbid.after.condition"})
            for nowhere in (
                "{duration: {above: 3}}", "{none: [{says: a}]}", "{says: {none: a}}", "{all: [{attribute: {name: x}}]}",
                "{asks_model: {question: x, expect: false}}",
            )
        ),
        (
            ruled("{then: {first: {says: a}, second: {turns: {above: 3}}}}"),
            "nowhere",
            {"field": "rules.0.forbid.then.second"},
        ),
        (flow("id: a, says: x, before: b", "id: b, says: x, before: a"), "step_order", {"line": "7"}),
        (flow("id: a, says: x, before: a"), "step_order", {"path": "a → a"}),
        (flow("id: a, says: x, after: b", "id: b, says: x", head="    ordered: true\n"), "step_order", {}),
        (carded("id: i, check: a", "id: i, check: a"), "duplicate_id", {"id": "i", "line": "11"}),
        (carded("id: i, check: a") + "      - {id: s, items: [{id: j, check: a}]}\n", "duplicate_id", {"id": "s"}),
        (carded("id: i, manual: true, per_finding: 1"), "manual_without_findings", {"line": "10"}),
        (carded("id: i, manual: true, veto: critical"), "manual_without_findings", {"line": "10"}),
        (carded("id: i, check: a, veto: critica"), "not_one_of", {"allowed": "true, false, 'critical'"}),
        (HEAD + "applies: {attributes: {x: []}}\n", "empty_field", {"line": "3"}),
        (HEAD + "label: {cn: x}\n", "not_one_of", {"allowed": "zh-Hans, zh-Hant, en"}),
        (TERM.replace("保本", "保" * 501), "too_long", {"most": "500"}),
        (TERM.replace("id: a", "id: " + "a" * 81), "too_long", {"most": "80"}),
        (HEAD + "1: 2\n", "key_wants_text", {"line": "3"}),
    ],
)  # fmt: skip
def test_what_could_never_hit_is_a_mistake(text: str, code: str, params: dict[str, str]) -> None:
    found, told = broken(text)
    assert found == f"rules.{code}"
    assert told.items() >= params.items()


@pytest.mark.parametrize(
    "text",
    [
        ruled("{says: a, after: {condition: {none: [{none: [{says: a}]}]}}}"),
        ruled("{says: a, after: {condition: {any: [{says: a}, {duration: {above: 3}}]}}}"),
        ruled("{says: a, within: 0%..100%}"),
        ruled("{says: a, within: first 0.5s}"),
        ruled("{says: a, within: last 12.5%}"),
        ruled("{says: {any: [a, 'family:gone'], at_least: 2}}"),
        ruled("{silence: {at_least: 60, excused_after: a}}"),
        ruled("{talk_share: {above: 0}}"),
        flow("id: a, says: x, before: [b, c]", "id: b, says: x", "id: c, says: x, after: b"),
        carded("id: i, manual: true, veto: true"),
    ],
)
def test_what_can_hit_is_no_mistake(text: str) -> None:
    assert build([from_text("zh/t", text)])


def test_a_family_without_members_is_told_and_accuses_nobody() -> None:
    text = flow("id: a, says: 'family:nobody'", "id: b, says: ['family:nobody', x]")
    text += "rules:\n  - {id: r, forbid: {none: [{says: 'family:nobody'}]}, examples: {hit: [好], miss: [好]}}\n"
    file = from_text("zh/t", text.replace("    steps", "    examples: {hit: [好], miss: [好]}\n    steps"))
    told = [m.params["name"] for m in lint([file]) if m.code == "rules.family_not_loaded"]
    assert told == ["family:nobody"] * 3
    assert not [m for m in lint(read_pack("zh/finance", [])) if m.code == "rules.family_not_loaded"]
    checks = build([file]).analyse(from_example("坐席：好的您说", Role.AGENT), CallContext()).checks
    found = {c.rule: (c.outcome.value, c.reason.code) for c in checks}
    assert found["zh.t.f.a"] == found["zh.t.r"] == ("unknown", "rules.not_loaded")
    assert found["zh.t.f.b"] == ("fail", "rules.step_missing")
