# ruff: noqa: E501 - one case of a table stays on one line
"""Rules of another house in every form they come in: wrapped, bare, with ranges, anchors and bad expressions."""

import json

import pytest
import yaml

from qa.core.errors import InputError
from qa.i18n import render
from qa.rules.import_sca import Imported, convert, parse_lambda
from qa.rules.loader import build, from_text

SAYS = {"oid": "1", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": ["您好"]}}
HELLO = {"says": {"patterns": ["您好"]}}


def imported(*conditions: dict[str, object], triggers: object = None, **rule: object) -> Imported:
    made = [{"cid": str(n), "operators": [SAYS]} | c for n, c in enumerate(conditions, 1)]
    rules = [{"rid": "9", "name": "规则", "triggers": ["1"] if triggers is None else triggers} | rule]
    return convert(json.dumps({"conditions": made, "rules": rules}), "zh/imported", "f.json")


def condition(**given: object) -> object:
    """What becomes of one condition."""
    return yaml.safe_load(imported(given).yaml)["conditions"]["c-1"]


def dropped(made: Imported) -> list[tuple[str, str]]:
    assert {m.code for m in made.dropped} <= {"rules.sca_dropped"}
    return [(m.params["what"], m.params["why:en"]) for m in made.dropped]


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({}, {}),
        ({"role": "客服"}, {"role": "agent"}),
        ({"role": "agent"}, {"role": "agent"}),
        ({"role": "customer"}, {"role": "customer"}),
        ({"role": "所有"}, {}),
        ({"range": {"from": 1, "to": 3}}, {"within": "first 3 turns"}),
        ({"range": {"from": 0, "to": 3}}, {"within": "first 3 turns"}),
        ({"range": {"to": 1}}, {"within": "first 1 turns"}),
        ({"role": "客服", "range": {"from": 1, "to": 3}}, {"role": "agent", "within": "first 3 agent turns"}),
        (
            {"role": "客户", "range": {"from": -2, "to": -1}},
            {"role": "customer", "within": "last 2 customer turns"},
        ),
        ({"range": {"from": -1}}, {"within": "last 1 turns"}),
        ({"range": {"from": 1, "to": -1}}, {}),
        ({"range": {"from": 0, "to": 0}}, {}),
        ({"range": {"from": None, "to": None}}, {}),
        ({"range": {"from": 1}}, {}),
    ],
)
def test_a_range_of_turns_is_carried_over(given: dict[str, object], scope: dict[str, object]) -> None:
    made = imported({"check_range": given})
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"] == ({"all": [HELLO], **scope} if scope else HELLO)
    assert dropped(made) == []
    assert condition(checkRange=given) == condition(check_range=given)


@pytest.mark.parametrize(
    "span",
    [
        {"from": 2, "to": 5},
        {"from": 2},
        {"from": -3, "to": -2},
        {"from": 2, "to": -1},
        {"from": 1, "to": -2},
        {"from": -3, "to": 2},
    ],
)
def test_any_other_range_is_looked_at_as_a_whole_and_told(span: dict[str, int]) -> None:
    made = imported({"check_range": {"range": span}})
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"] == HELLO
    assert made.carried == 1
    assert dropped(made) == [
        (
            f"range {span.get('from')}..{span.get('to')}",
            "only the first or the last turns can be named; the whole call is looked at",
        )
    ]


@pytest.mark.parametrize(
    ("anchor", "span", "side", "expected"),
    [
        ({}, {}, "after", {"hit": 1}),
        ({"location": "AFTER", "hit_time": 1}, {}, "after", {"hit": 1}),
        ({"location": "after", "hit_time": 2}, {"to": 3}, "after", {"hit": 2, "turns": 3}),
        ({"location": "before"}, {"to": 1}, "before", {"hit": 1, "turns": 1}),
        ({"location": "BEFORE"}, {"to": 0}, "before", {"hit": 1}),
        ({"location": "BEFORE"}, {"to": -1}, "before", {"hit": 1}),
        ({"location": "CURRENT"}, {"to": 4}, "after", {"hit": 1, "turns": 0}),
    ],
)
def test_an_anchor_is_carried_over(
    anchor: dict[str, object], span: dict[str, int], side: str, expected: dict[str, int]
) -> None:
    made = imported({"check_range": {"anchor": {"cid": "2", **anchor}, "range": span}}, {})
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"] == {
        "all": [HELLO],
        side: {"condition": {"use": "c-2"}, **expected},
    }
    assert dropped(made) == []


def test_what_an_anchor_cannot_say_here_is_told() -> None:
    last = imported({"check_range": {"anchor": {"cid": "2", "hit_time": -1}}}, {})
    assert (dropped(last), yaml.safe_load(last.yaml)["conditions"]["c-1"]["after"]["hit"]) == ([], -1)
    for hit in (-2, "x"):
        made = imported({"check_range": {"anchor": {"cid": "2", "hit_time": hit}}}, {})
        assert dropped(made) == [
            (f"hit_time {hit}", "every or any hit of an anchor is not known here; the first is taken")
        ]
        assert yaml.safe_load(made.yaml)["conditions"]["c-1"]["after"]["hit"] == 1
    made = imported({"check_range": {"anchor": {"cid": "2", "location": "AROUND"}, "range": {"to": 2}}}, {})
    assert dropped(made) == [("location AROUND", "only what follows the anchor is looked at")]
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"]["after"]["turns"] == 2
    assert dropped(imported({"check_range": {"anchor": {"cid": "1"}}})) == [
        ("condition 1", "its anchors form a circle")
    ]
    assert dropped(imported({"check_range": {"role": "机器人"}})) == [
        ("role 机器人", "unknown role; everybody is looked at")
    ]
    assert dropped(imported({}, triggers=["7"])) == [("condition 7", "it is not in the file")]


@pytest.mark.parametrize(
    ("given", "what", "why"),
    [
        ({"lambda": "2"}, "operator 2", "it is not in the condition"),
        ({"operators": [{"oid": "1", "type": "EMOTION"}]}, "operator EMOTION", "there is no such operator here"),
        ({"operators": [{"oid": "1", "type": "REGULAR_EXPRESSION"}]}, "operator REGULAR_EXPRESSION", "its parameters are not understood"),
        ({"operators": []}, "lambda ", "it cannot be read"),
        ({"lambda": "1&&"}, "lambda 1&&", "it breaks off"),
        ({"lambda": "(1"}, "lambda (1", "it breaks off"),
        ({"lambda": "(1(1"}, "lambda (1(1", "a parenthesis is missing"),
        ({"lambda": "1)"}, "lambda 1)", "it cannot be read"),
        ({"lambda": "1&&||1"}, "lambda 1&&||1", "it cannot be read"),
        ({"lambda": "||1"}, "lambda ||1", "it cannot be read"),
        ({"lambda": "1&1"}, "lambda 1&1", "it cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_over_is_told_with_its_reason(
    given: dict[str, object], what: str, why: str
) -> None:
    made = imported(given)
    assert (made.rules, made.carried, dropped(made)) == (1, 0, [(what, why)])
    assert made.dropped[0].params["rule"] == "规则"
    assert "conditions" not in yaml.safe_load(made.yaml)


def leaf(name: str) -> dict[str, object]:
    return {"use": name}


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("1", leaf("1")),
        ("1&&2||3", {"any": [{"all": [leaf("1"), leaf("2")]}, leaf("3")]}),
        ("1||2&&3", {"any": [leaf("1"), {"all": [leaf("2"), leaf("3")]}]}),
        ("(1||2)&&3", {"all": [{"any": [leaf("1"), leaf("2")]}, leaf("3")]}),
        ("!1&&!(2||3)", {"all": [{"none": [leaf("1")]}, {"none": [{"any": [leaf("2"), leaf("3")]}]}]}),
        (" a-b  && c.d ", {"all": [leaf("a-b"), leaf("c.d")]}),
        ("((1))", leaf("1")),
        ("1&&2&&3", {"all": [leaf("1"), leaf("2"), leaf("3")]}),
    ],
)
def test_an_expression_becomes_a_tree(expression: str, tree: dict[str, object]) -> None:
    assert parse_lambda(expression, leaf) == tree


def test_an_expression_is_fifty_deep_at_most() -> None:
    assert parse_lambda("(" * 50 + "1" + ")" * 50, leaf) == leaf("1")
    assert parse_lambda("!" * 50 + "1", leaf)
    for deep in ("(" * 51 + "1" + ")" * 51, "!" * 51 + "1"):
        assert dropped(imported({}, triggers=[deep])) == [(f"lambda {deep[:40]}", "it is nested too deep")]


def test_rules_are_named_by_what_they_have_and_keep_their_number() -> None:
    rules = [
        {"name": "甲", "triggers": ["1"]},
        {"triggers": ["7"], "ruleName": "乙"},
        {"rid": "8", "lambda": "1"},
        {"triggers": "1"},
    ]
    made = convert(json.dumps({"conditions": [{"cid": 1, "operators": [SAYS]}], "rules": rules}), "zh/in", "f")
    document = yaml.safe_load(made.yaml)
    assert [(r["id"], r["label"]) for r in document["rules"]] == [("sca-1", "甲"), ("sca-3", "8"), ("sca-4", "4")]
    assert document["rules"][0] == {
        "id": "sca-1",
        "label": "甲",
        "family": "imported",
        "severity": "warning",
        "role": "any",
        "forbid": {"use": "c-1"},
    }
    assert [m.params["rule"] for m in made.dropped] == ["乙"]
    assert {k: document[k] for k in ("id", "version", "language")} == {
        "id": "zh.in.imported",
        "version": 1,
        "language": "zh",
    }
    both = imported({}, {}, triggers=["1", "2||1"])
    assert yaml.safe_load(both.yaml)["rules"][0]["forbid"] == {
        "any": [{"use": "c-1"}, {"any": [{"use": "c-2"}, {"use": "c-1"}]}]
    }


@pytest.mark.parametrize(("cid", "name"), [("A b", "c-a-b"), ("-", "c-x"), ("问候", "c-x"), ("R_1", "c-r-1")])
def test_a_condition_gets_a_name_that_packs_allow(cid: str, name: str) -> None:
    rules = {
        "conditions": [{"cid": cid, "operators": [SAYS]}],
        "rules": [{"name": "n", "triggers": ["x"], "conditions": []}],
    }
    assert dropped(convert(json.dumps(rules), "zh/in", "f")) == [("condition x", "it is not in the file")]
    if " " not in cid:
        rules["rules"] = [{"name": "n", "triggers": [cid]}]
        assert list(yaml.safe_load(convert(json.dumps(rules), "zh/in", "f").yaml)["conditions"]) == [name]


def test_the_file_comes_wrapped_bare_or_in_pieces() -> None:
    data = {"conditions": [{"cid": "1", "operators": [SAYS]}], "rules": [{"name": "a", "triggers": ["1"]}]}
    inside = {"rules": [{"name": "a", "triggers": ["1"], "conditions": data["conditions"]}]}
    for given in (
        data,
        {"data": data},
        {"data": {"data": data}},
        {"JsonStr": json.dumps(data)},
        [data],
        {"data": [data]},
        [{"rules": data["rules"]}, {"conditions": data["conditions"]}, 3],
        inside,
    ):
        made = convert(json.dumps(given), "zh/in", "f")
        assert (made.rules, made.carried, made.dropped) == (1, 1, [])
    for wrong in ({"JsonStr": "{"}, {"rules": []}, {"rules": {}}, [], 3, {"data": 3}, {"JsonStr": 3}):
        with pytest.raises(InputError) as caught:
            convert(json.dumps(wrong), "zh/in", "f.json")
        assert caught.value.message.params["file"] == "f.json"
        assert caught.value.message.code == (
            "rules.sca_not_json" if wrong == {"JsonStr": "{"} else "rules.sca_not_rules"
        )


def operator(kind: str, **param: object) -> object:
    return condition(operators=[{"oid": "1", "type": kind, "param": param}])


@pytest.mark.parametrize(
    ("kind", "param", "made"),
    [
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好", "喂"]}, {"says": {"patterns": ["您好", "^喂$"]}}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好"], "threshold": 1}, {"says": {"patterns": ["您好"]}}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好"], "threshold": 2}, {"says": {"patterns": ["您好"], "times": 2}}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好"], "keywordMatchSize": -1}, {"all": [HELLO]}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好"], "keywordMatchSize": 0}, {"none": [HELLO]}),
        ("INCLUDE_KEYWORDS", {"keywords": ["您好", "您(再)好"]}, {"all": [HELLO, {"says": {"patterns": ["您再好"]}}]}),
        ("INCLUDE_KEYWORDS", {"keywords": ["您好"], "keywordMatchSize": 1}, HELLO),
        ("SIMILAR_MATCH", {"similarlySentences": ["您好"], "score": 100}, {"similar": {"text": ["您好"], "at_least": 1.0}}),
        ("SIMILAR_MATCH", {"similarlySentences": ["您好"], "score": 1}, {"similar": {"text": ["您好"], "at_least": 1.0}}),
        ("SIMILAR_MATCH", {"similarlySentences": ["您好"]}, {"similar": {"text": ["您好"], "at_least": 0.8}}),
        ("ADVANCED_REPEAT_DETECT", {"threshold": 3}, {"repeats": {"within_turns": 10, "similarity": 0.8, "times": 2, "min_chars": 3}}),
        ("INTERVAL_GREATER", {"interval": 2500}, {"silence": {"at_least": 2.5}}),
        ("INTERVAL_GREATER", {"interval": 2500, "different_role": True}, {"any": [{"silence": {"at_least": 2.5, "between": b}} for b in ("agent-customer", "customer-agent")]}),
        ("INTERVAL_GREATER", {"interval": 2500, "different_role": False}, {"silence": {"at_least": 2.5, "between": "same"}}),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 300}, {"rate": {"above": 300, "per": "turn"}}),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 300, "minWordSize": 1}, {"rate": {"above": 300, "per": "turn"}}),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 300, "minWordSize": 2, "average": True}, {"rate": {"above": 300, "per": "call", "min_chars": 2}}),
        ("SPEECH_SPEED_CHECK", {"velocityInMint": 300, "compareOperator": "lt"}, {"rate": {"below": 300, "per": "turn"}}),
        ("INTERRUPT_DETECT", {"interval": 200}, {"interrupts": {"overlap_ms": 200, "delay_ms": 0}}),
    ],
)  # fmt: skip
def test_an_operator_becomes_a_condition(kind: str, param: dict[str, object], made: object) -> None:
    assert operator(kind, **param) == made


@pytest.mark.parametrize(
    ("given", "what", "why"),
    [
        ({"check_range": "x"}, "check_range x", "its parameters are not understood"),
        ({"check_range": {"range": [1]}}, "range [1]", "its parameters are not understood"),
        ({"check_range": {"allSentencesSatisfy": True}}, "allSentencesSatisfy", "there is no such thing here; it was left out"),
        ({"exclusion": "2"}, "exclusion 2", "there is no such thing here; it was left out"),
        ({"check_range": {"anchor": {"cid": "2"}, "range": {"from": 3}}}, "range from 3", "the stretch begins right behind the anchor here"),
    ],
)  # fmt: skip
def test_what_is_lost_on_the_way_is_told(given: dict[str, object], what: str, why: str) -> None:
    made = imported(given, {})
    assert (made.carried, dropped(made)) == (1, [(what, why)])
    build([from_text("zh/imported", made.yaml)])


def test_scores_are_told_and_an_expression_that_no_pack_may_hold_is_left_out() -> None:
    assert dropped(imported({}, scoreNum=5)) == [("scoreNum", "scores belong to scorecards here")]
    source = {"oid": "1", "type": "REGULAR_EXPRESSION", "param": {"regex": "(?=退)保"}}
    assert dropped(imported({"operators": [source]})) == [
        ("operator REGULAR_EXPRESSION", "its parameters are not understood")
    ]


def test_lists_that_are_none_are_no_lists() -> None:
    for broken in ({"conditions": 5}, {"conditions": [{"cid": "1", "operators": 5}]}, {"conditions": None}):
        source = {"rules": [{"name": "a", "triggers": "1"}], **broken}
        assert convert(json.dumps(source), "zh/imported", "f.json").carried == 0
    assert convert(json.dumps({"rules": [{"name": "a", "triggers": 5}]}), "zh/imported", "f.json").carried == 0


def test_reasons_are_told_in_the_language_of_the_reader() -> None:
    [told] = imported({}, triggers=["7"]).dropped
    assert "文件中没有" in render(told, "zh-Hans")
    assert "檔案中沒有" in render(told, "zh-Hant")
    assert "it is not in the file" in render(told, "en")


@pytest.mark.parametrize(
    ("word", "pattern"),
    [("保本.+收益", "保本.收益"), ("保本*", "保本"), ("[保本]", "保本"), ("A+", "^A$"), ("固收+", "固收")],
)
def test_a_keyword_with_signs_of_patterns_becomes_one_that_loads(word: str, pattern: str) -> None:
    made = imported({"operators": [{"oid": "1", "type": "HIT_ANY_KEYWORDS", "param": {"keywords": [word]}}]})
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"] == {"says": {"patterns": [pattern]}}
    assert build([from_text("zh/imported", made.yaml)])


@pytest.mark.parametrize(("first", "second"), [("A", "a"), ("甲", "乙"), ("1_", "1-")])
def test_conditions_keep_apart_whatever_their_ids_are(first: str, second: str) -> None:
    bye = SAYS | {"param": {"keywords": ["再见"]}}
    made = imported({"cid": first}, {"cid": second, "operators": [bye]}, triggers=[first, second])
    document = yaml.safe_load(made.yaml)
    used = [part["use"] for part in document["rules"][0]["forbid"]["any"]]
    assert [document["conditions"][name]["says"]["patterns"] for name in used] == [["您好"], ["再见"]]


@pytest.mark.parametrize(
    ("kind", "param"),
    [
        ("INTERVAL_GREATER", {"interval": -5}),
        ("ADVANCED_REPEAT_DETECT", {"from": -3}),
        ("ADVANCED_REPEAT_DETECT", {"similarity_threshold": 60}),
        ("HIT_ANY_KEYWORDS", {"keywords": "您好,再见"}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["好" * 600]}),
        ("HIT_ANY_KEYWORDS", {"keywords": ["。"]}),
        ("SIMILAR_MATCH", {"similarlySentences": []}),
        ("SIMILAR_MATCH", {"similarlySentences": "您好再见"}),
        ("SIMILAR_MATCH", {"similarlySentences": ["您好"], "score": 150}),
        ("INTERRUPT_DETECT", {"interval": -500}),
    ],
)
def test_what_would_keep_the_pack_from_loading_is_left_out_and_told(kind: str, param: dict[str, object]) -> None:
    made = imported({"operators": [{"oid": "1", "type": kind, "param": param}]})
    assert build([from_text("zh/imported", made.yaml)]).rules == ()
    assert dropped(made) == [(f"operator {kind}", "its parameters are not understood")]


@pytest.mark.parametrize(
    ("kind", "param", "expected", "left_out"),
    [
        ("INTERVAL_GREATER", {"interval": 2000, "different_role": 0, "from_end": True, "target": 0},
         {"silence": {"at_least": 2.0, "between": "same"}}, ["from_end"]),
        ("INTERVAL_GREATER", {"interval": 2000, "different_role": 1},
         {"any": [{"silence": {"at_least": 2.0, "between": b}} for b in ("agent-customer", "customer-agent")]}, []),
        ("ADVANCED_REPEAT_DETECT", {"from": 0, "excludes": ["你好"]},
         {"repeats": {"within_turns": 100_000, "similarity": 0.8, "times": 2, "min_chars": 5}}, ["excludes"]),
        ("HIT_ANY_KEYWORDS", {"keywords": ["您好"], "in_sentence": True, "contextChatMatch": True},
         {"says": {"patterns": ["您好"]}}, ["contextChatMatch"]),
    ],
)  # fmt: skip
def test_parameters_that_are_not_known_here_are_told(
    kind: str, param: dict[str, object], expected: object, left_out: list[str]
) -> None:
    made = imported({"operators": [{"oid": "1", "type": kind, "param": param}]})
    assert yaml.safe_load(made.yaml)["conditions"]["c-1"] == expected
    assert [what for what, _ in dropped(made)] == [f"{kind} {key}" for key in left_out]


def test_every_hit_of_an_anchor_is_told_as_the_first_and_a_range_may_be_a_text() -> None:
    anchored = {"check_range": {"anchor": {"cid": "1", "hit_time": 0}}}
    made = imported({}, anchored, triggers=["2"])
    assert [what for what, _ in dropped(made)] == ["hit_time 0"]
    assert condition(check_range={"range": '{"from": 1, "to": 3}'}) == {"all": [HELLO], "within": "first 3 turns"}


def test_what_the_interface_answers_is_read_as_what_is_uploaded() -> None:
    regex = {"oid": "7", "type": "REGULAR_EXPRESSION", "param": {"regex": "告诉.*密码", "hit_time": 1}}
    after = {
        "role": "客服",
        "range": {"from": 1, "to": 3},
        "anchor": {"cid": "7", "location": "AFTER", "hit_time": 2},
    }
    uploaded = {
        "conditions": [
            {"cid": "7", "check_range": {"role": "客服"}, "operators": [regex], "lambda": "7"},
            {"cid": "8", "check_range": after, "operators": [SAYS], "lambda": "1"},
        ],
        "rules": [{"rid": "4", "triggers": ["7&&!8"]}],
    }
    param = {"Regex": "告诉.*密码", "OperKeyWords": {"OperKeyWord": []}, "InSentence": False, "HitTime": 1}
    asked = {"Type": "REGULAR_EXPRESSION", "Oid": "7", "OperName": "密码", "Param": param}
    said = {"Type": "HIT_ANY_KEYWORDS", "Oid": "1", "Param": {"OperKeyWords": {"OperKeyWord": ["您好"]}}}
    anchor = {"AnchorCid": "7", "Location": "AFTER", "HitTime": 2}
    scope = {"Role": "客服", "Range": {"From": 1, "To": 3}, "Anchor": anchor}
    detail = [
        {
            "ConditionInfoCid": "7",
            "OperLambda": "7",
            "CheckRange": {"Role": "客服"},
            "Operators": {"OperatorBasicInfo": [asked]},
        },
        {
            "ConditionInfoCid": "8",
            "OperLambda": "1",
            "CheckRange": scope,
            "Operators": {"OperatorBasicInfo": [said]},
        },
    ]
    rule = {"Rid": "4", "RuleLambda": "7&&!8", "Triggers": {"Trigger": ["7&&!8"]}}
    answered = {
        "Code": "200",
        "Data": {"Conditions": {"ConditionBasicInfo": detail}, "Rules": {"RuleBasicInfo": [rule]}},
    }
    one_by_one = {
        "Data": {
            "Conditions": [
                {
                    "Cid": d["ConditionInfoCid"],
                    "Lambda": d["OperLambda"],
                    "Check_range": d["CheckRange"],
                    "Operators": [{"Operator": o}],
                }
                for d, o in zip(detail, (asked, said), strict=True)
            ],
            "Rules": [{"Rid": "4", "Triggers": ["7&&!8"]}],
        }
    }
    wanted = convert(json.dumps(uploaded), "zh/imported", "f.json")
    for form in (answered, one_by_one):
        made = convert(json.dumps(form), "zh/imported", "f.json")
        assert (made.yaml, dropped(made)) == (wanted.yaml, dropped(wanted))
