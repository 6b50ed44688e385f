"""What people and recognisers really hand in: each gets one sentence, and the packs already loaded go on."""

import json
import re
from pathlib import Path

import pytest

from qa.core.errors import BadPackError, InputError
from qa.core.roles import Role
from qa.core.transcript import Transcript, Turn, Word
from qa.i18n import LOCALES, render
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import from_example
from qa.rules.dialogue_files import read_calls
from qa.rules.loader import available_packs, build, from_text, load_packs, stamp

HEAD = "id: zh.t\nlanguage: zh\n"
GOOD = HEAD + "terms:\n  - {id: a, patterns: [保本], severity: critical, family: forbidden}\n"
RULE = HEAD + "rules:\n  - {id: r, forbid: "


def promises(book: RuleBook, call: Transcript) -> list[str]:
    return [e.quote for f in book.analyse(call, CallContext()).findings for e in f.evidence if f.rule == "zh.t.a"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "terms: [", "closing bracket"),
        (HEAD + "terms:\n  - {id: a, patern: [保本]}", "patern"),
        (GOOD + "  - {id: a, patterns: [保息]}", "zh.t.a"),
        (HEAD + "conditions:\n  x: {use: y}\n  y: {none: [{use: x}]}", "x"),
        (RULE + "{matches: '保(?!险)'}}", "保(?!险)"),
        (RULE + "{matches: '保\\w'}}", "保\\w"),
        (HEAD + "terms:\n  - {id: a, patterns: [嗯]}", "嗯"),
        (HEAD + "schema_version: 9", "9"),
        (HEAD + "schema_version: '9'", "9"),
        (HEAD + "version: new", "“version” must be a whole number"),
        (HEAD + "terms: [{id: [a], patterns: [保本]}]", "“terms.0.id” must be a text"),
        (HEAD + "terms: {}", "“terms” must be a list"),
        (HEAD + "rules: [{id: r, forbid: 3}]", "must be a mapping, as in {key: value}"),
        (HEAD + "applies: {since: 2024-13-45}", "must be a day of the calendar"),
        (RULE + "{alike: {to: rude, at_least: 1.5}}}", "“rules.0.forbid.alike.at_least” must be < 1"),
        (HEAD + "conditions:\n  x: " + "{none: [" * 500 + "{says: a}" + "]}" * 500, "nested too deep"),
        (HEAD + "conditions:\n  x: " + "{none: [" * 99 + "{says: a}" + "]}" * 99, "conditions.x.none.0.…"),
        (HEAD + "terms:\n  - {id: a, patterns: ['保本{0,99}息']}", "保本{0,99}息"),
        ("\x00\x01", "pack.yaml"),
    ],
)
def test_a_broken_pack_is_one_sentence_and_leaves_the_loaded_one_working(
    tmp_path: Path, text: str, says: str
) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    file = folder / "pack.yaml"
    file.write_text(GOOD, encoding="utf-8")
    book = load_packs(["zh/t"], [tmp_path])
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadPackError) as caught:
        load_packs(["zh/t"], [tmp_path])
    for locale in LOCALES:
        sentence = render(caught.value.message, locale)
        assert "pack.yaml" in sentence
        assert "\n" not in sentence
        assert not re.search(r"Traceback|pydantic|Error\b|\{\w+\}(?!息)", sentence)
    assert says in render(caught.value.message, "en")
    assert promises(book, from_example("保本的", Role.AGENT)) == ["保本"]


def turn(index: int, text: str, start: float = 0.0, role: Role = Role.AGENT) -> Turn:
    words = tuple(Word(c, start + i * 0.2, start + i * 0.2 + 0.2, 0.95, 0.95) for i, c in enumerate(text))
    return Turn(index, role, role.value, 0, words, 1.0)


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ((), []),
        ((turn(0, ""), turn(1, "保本的"), turn(2, "")), ["保本"]),
        ((turn(0, "保本的", 0.0), turn(1, "保本吗", 0.1, Role.CUSTOMER)), ["保本"]),
        ((turn(0, "😀保😀本😀"),), ["保😀本"]),
        ((turn(0, "𠮷𠀀保本𪚥"),), ["保本"]),
        ((turn(0, "\ud800保本\udfff"),), ["保本"]),
        ((turn(0, "。。。！？"), turn(1, "   ")), []),
        ((turn(0, "保本" * 500),), ["保本"] * 500),
    ],
)
def test_odd_transcripts_are_read_as_far_as_they_go(turns: tuple[Turn, ...], found: list[str]) -> None:
    book = build([from_text("zh/t", GOOD)])
    assert promises(book, Transcript("zh", 60.0, turns)) == found


@pytest.mark.slow
def test_a_hundred_thousand_terms_are_found_like_one() -> None:
    words = "".join(chr(0x4E00 + i) for i in range(400))
    terms = "".join(
        f"  - {{id: t{i}, patterns: [{words[i % 400]}{words[i // 400]}甲乙]}}\n" for i in range(100_000)
    )
    book = build([from_text("zh/t", GOOD + terms)])
    assert promises(book, from_example("保本的", Role.AGENT)) == ["保本"]


def test_a_million_terms_are_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    lines = (f"  - {{id: t{i}, patterns: [甲乙丙丁]}}\n" for i in range(1_000_000))
    (folder / "pack.yaml").write_text(HEAD + "terms:\n" + "".join(lines), encoding="utf-8")
    with pytest.raises(BadPackError) as caught:
        load_packs(["zh/t"], [tmp_path])
    assert "pack.yaml" in render(caught.value.message, "en")
    monkeypatch.setattr(
        "qa.rules.loader.MAX_TERMS", 1
    )  # spread over files, they are counted before anything is built
    parts = [from_text("zh/a", GOOD.replace("zh.t", "zh.a")), from_text("zh/b", GOOD.replace("zh.t", "zh.b"))]
    with pytest.raises(BadPackError) as caught:
        build(parts)
    assert "2 terms" in render(caught.value.message, "en")
    assert build(parts[:1]).terms


def test_millions_of_terms_over_many_files_are_refused_before_they_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    for i in range(3):
        lines = "".join(f"  - {{id: t{i}-{j}, patterns: [甲乙丙丁]}}\n" for j in range(100))
        (folder / f"{i}.yaml").write_text(f"id: zh.t.f{i}\nterms:\n#  - patterns: [x]\n{lines}", encoding="utf-8")
    monkeypatch.setattr("qa.rules.loader.MAX_TERMS", 300)
    assert len(load_packs(["zh/t"], [tmp_path]).terms) == 300
    monkeypatch.setattr("qa.rules.loader.MAX_TERMS", 299)
    monkeypatch.setattr("qa.rules.loader._read", lambda *_: pytest.fail("parsed"))
    with pytest.raises(BadPackError) as caught:
        load_packs(["zh/t"], [tmp_path])
    assert "300 terms" in render(caught.value.message, "en")


def test_what_is_named_like_a_file_of_a_pack_is_read_or_told(tmp_path: Path) -> None:
    folder = tmp_path / "zh" / "t"
    folder.mkdir(parents=True)
    (folder / "A.YAML").write_text(GOOD, encoding="utf-8")
    (folder / "._A.yaml").write_bytes(b"\x00\x05\x16\x07\xff")  # as a file system leaves them
    (folder / ".#A.yaml").symlink_to("nobody@nowhere")  # as an editor does
    assert [t.id for t in load_packs(["zh/t"], [tmp_path]).terms] == ["zh.t.a"]
    assert "zh/t" in available_packs([tmp_path])
    assert [Path(name).name for name, *_ in stamp(["zh/t"], [tmp_path])] == ["A.YAML"]
    for make in (Path.mkdir, lambda path: path.symlink_to("gone"), lambda path: path.symlink_to(path.name)):
        odd = folder / "odd.yaml"
        make(odd)
        with pytest.raises(BadPackError) as caught:
            load_packs(["zh/t"], [tmp_path])
        assert caught.value.message.code == "rules.no_plain_file"
        assert "zh/t/odd.yaml" in render(caught.value.message, "en")
        odd.rmdir() if odd.is_dir() else odd.unlink()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("\tlabel: x", "yaml_tab"),
        ("terms:\n\t- x", "yaml_tab"),
        ("---\nlabel: x", "yaml_documents"),
        ("label: !x y", "yaml_tag"),
        ("label: !!python/object:os.system x", "yaml_tag"),
        ("? [a]\n: b", "yaml_key"),
        ("label: 'x", "yaml_quote"),
        ("terms: [{id: a， patterns: [保本]}]", "yaml_bracket"),
        ("terms: [", "yaml_bracket"),
        ("label： x\nversion: 1", "yaml_colon"),
        ("label: a: b", "yaml_second_colon"),
        ("terms:\n  - x\n - y", "yaml_indent"),
        ("label: @x", "yaml_sign"),
        ("label: '\x07'", "yaml_control"),
        ("label: '\x00'", "yaml_control"),
    ],
)
def test_what_is_no_yaml_is_told_in_the_language_of_the_reader(line: str, code: str) -> None:
    with pytest.raises(BadPackError) as caught:
        from_text("zh/t", HEAD + line)
    told = caught.value.message
    assert told.code == f"rules.{code}"
    assert 3 <= int(told.params["line"]) <= 5
    assert not re.search("[a-z]{4,}", render(told, "zh-Hans").removeprefix("pack.yaml"))


def spoken(**word: object) -> str:
    said = {"text": "保本", "start": 0.0, "end": 1.0, "probability": 0.9, "trust": 0.9} | word
    made = {"index": 0, "role": "agent", "speaker": "a", "channel": 0, "words": [said], "role_confidence": 1.0}
    return json.dumps({"language": "zh", "duration": 9.0, "turns": [made]})


@pytest.mark.parametrize(
    "word",
    [
        {"start": float("nan")},
        {"end": float("inf")},
        {"start": -5.0},
        {"start": 2.0},
        {"trust": 9.0},
        {"trust": float("nan")},
        {"probability": -1.0},
    ],
)
def test_words_at_impossible_times_judge_nobody(word: dict[str, object]) -> None:
    """Who spoke at no time, or before the call, left everything unsaid in its first thirty seconds."""
    assert list(read_calls(spoken(), "f.json"))
    assert list(read_calls(spoken(start=1.0), "f.json"))
    with pytest.raises(InputError) as caught:
        list(read_calls(spoken(**word), "f.json"))
    assert (caught.value.message.code, caught.value.message.params["turn"]) == ("rules.bad_words", "1")


def test_an_industry_that_no_pack_can_have_is_told_with_its_line() -> None:
    call = '{"industry": "%s", "turns": [{"role": "agent", "text": "保本"}]}\n'
    assert [c.attributes for c in read_calls(call % "finance", "f")] == [{"industry": "finance"}]
    with pytest.raises(InputError) as caught:
        list(read_calls(call % "finance" + call % "fiance", "f"))
    assert (caught.value.message.code, caught.value.message.params["line"]) == ("rules.industry_in_file", "2")
    assert "fiance" in render(caught.value.message, "zh-Hans")
