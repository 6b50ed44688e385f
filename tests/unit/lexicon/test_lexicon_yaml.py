# ruff: noqa: E501 - one case of a table stays on one line
"""How packs are read: YAML without its surprises, and the line on which something stands."""

import datetime
from pathlib import Path

import pytest

from qa.core.errors import BadPackError
from qa.lexicon import yaml_reader
from qa.lexicon.schema import Applies, Term, default_unless, label_of
from qa.lexicon.yaml_reader import line_of, parse_yaml, read_yaml


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True), ("false", False), ("True", "True"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("truer", "truer"),
        ("0", 0), ("7", 7), ("-7", -7), ("12315", 12315), ("010", "010"), ("0x10", "0x10"), ("1_000", "1_000"), ("12:30", "12:30"), ("-0", "-0"),
        ("1.5", 1.5), ("-0.5", -0.5), (".5", ".5"), ("1.", "1."), ("1e3", "1e3"), ("1.5e3", "1.5e3"), (".inf", ".inf"),
        ("null", None), ("~", None), ("2024-02-01", "2024-02-01"), ("2024-13-45", "2024-13-45"), ("9" * 19, "9" * 19), ("'7'", "7"), ("保本", "保本"),
    ],
)  # fmt: skip
def test_a_value_is_what_it_looks_like(written: str, read: object) -> None:
    value = parse_yaml(f"a: {written}", "f")
    assert value == {"a": read}
    assert isinstance(value, dict)
    assert type(value["a"]) is type(read)


TEXT = """id: zh.t
terms:
  - id: a
    patterns:
      - 保本
      - 保息
  - {id: b,
     patterns: [包赔]}
12315: number
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 1), (("id",), 1), (("terms",), 2), (("terms", 0), 3), (("terms", 0, "id"), 3), (("terms", 0, "patterns"), 4),
        (("terms", 0, "patterns", 0), 5), (("terms", 0, "patterns", 1), 6), (("terms", 1), 7), (("terms", 1, "patterns"), 8),
        (("terms", 1, "patterns", 0), 8), (("terms", 2), 2), (("terms", 0, "patterns", 2), 4), (("terms", 0, "severity"), 3),
        (("nothing",), 1), (("terms", "id"), 2), ((12315,), 9), (("id", "deeper"), 1),
    ],
)  # fmt: skip
def test_a_field_has_a_line_or_its_parents(location: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, location) == line


def test_a_text_that_is_no_yaml_and_an_empty_one_have_one_line() -> None:
    assert line_of("a: [", ("a",)) == 1
    assert line_of("", ("a",)) == 1


def refused(text: str) -> dict[str, str]:
    with pytest.raises(BadPackError) as caught:
        parse_yaml(text, "zh/t/a.yaml")
    message = caught.value.message
    return {"code": message.code, **message.params}


def test_mistakes_of_form_are_told_with_their_line() -> None:
    assert refused("a: 1\nb: 2\na: 3") == {
        "code": "rules.duplicate_key",
        "file": "zh/t/a.yaml",
        "line": "3",
        "field": "a",
    }
    assert refused("x:\n  a: 1\n  a: 2")["line"] == "3"
    assert refused("a: &x 1\nb: *x") == {"code": "rules.alias", "file": "zh/t/a.yaml", "line": "2"}
    broken = refused("a: 1\nb: [1,\nc: ]: 2")
    assert (broken["code"], broken["file"], broken["line"]) == ("rules.yaml_second_colon", "zh/t/a.yaml", "3")
    broken = refused('a: 1\nb: "\\q"')
    assert (broken["code"], broken["file"], broken["line"]) == ("rules.broken_yaml", "zh/t/a.yaml", "2")
    assert broken["problem"] not in ("", "None")
    assert refused("a: 1\nb: \x00") == {"code": "rules.yaml_control", "file": "zh/t/a.yaml", "line": "2"}
    assert refused("[" * 5000)["code"] == "rules.yaml_bracket"
    assert refused("a: \ud800")["code"] == "rules.broken_yaml"
    for key in ("? [a, b]\n: c", "{[a]: b}", "? {a: 1}\n: c"):
        assert refused(f"x: 1\ny:\n  {key}".replace("\n: c", "\n  : c"))["line"] == "3"
    assert parse_yaml("a: 'R&D * 2'", "f") == {"a": "R&D * 2"}


def test_a_file_that_cannot_be_read_is_told_by_its_shown_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"

    def told() -> dict[str, str]:
        with pytest.raises(BadPackError) as caught:
            read_yaml(file, "zh/t/a.yaml")
        return {"code": caught.value.message.code, **caught.value.message.params}

    gone = told()
    assert (gone["code"], gone["file"], gone["problem"]) == (
        "rules.file_unreadable",
        "zh/t/a.yaml",
        "No such file or directory",
    )
    file.write_bytes(b"\xff\xfe")
    assert told() == {"code": "rules.not_utf8", "file": "zh/t/a.yaml", "line": "1"}
    file.write_bytes("id: a\nlabel: 承诺".encode("gbk"))
    assert told() == {"code": "rules.not_utf8", "file": "zh/t/a.yaml", "line": "2"}
    file.write_bytes("\ufeffa: 保本".encode())
    assert read_yaml(file, "f") == {"a": "保本"}
    size = file.stat().st_size
    monkeypatch.setattr(yaml_reader, "MAX_BYTES", size)
    assert read_yaml(file, "f") == {"a": "保本"}
    monkeypatch.setattr(yaml_reader, "MAX_BYTES", size - 1)
    assert told()["code"] == "rules.file_too_large"


def test_the_size_that_is_too_large_is_told_in_megabytes(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(16 * 2**20 + 1)
    with pytest.raises(BadPackError) as caught:
        read_yaml(tmp_path / "a.yaml", "a.yaml")
    assert caught.value.message.params == {"file": "a.yaml", "megabytes": "16"}


@pytest.mark.parametrize(
    ("family", "role", "severity", "unless"),
    [
        ("forbidden", "agent", "critical", ("negated", "quoted", "warned", "asked", "hypothetical", "corrected")),
        ("forbidden", "any", "notice", ("negated", "quoted", "warned", "asked", "hypothetical", "corrected")),
        ("forbidden", "customer", "critical", ("negated",)),
        ("forbidden", "agent", None, ()),
        ("rude", "agent", "warning", ("disowned", "quoted")),
        ("rude", "customer", "warning", ("negated",)),
        ("complaint", "customer", "notice", ("negated",)),
        ("other", "agent", "notice", ("negated", "quoted")),
    ],
)
def test_what_excuses_a_term_depends_on_who_is_accused_of_what(
    family: str, role: str, severity: str | None, unless: tuple[str, ...]
) -> None:
    assert default_unless(family, role, severity) == unless


def test_a_label_is_a_text_or_one_per_language() -> None:
    assert label_of(None, "promise") == {"zh-Hans": "promise"}
    assert label_of({}, "promise") == {"zh-Hans": "promise"}
    assert label_of({"en": "Promise"}, "promise") == {"en": "Promise"}
    assert Term(id="a", patterns=["保本"], label="承诺").label == {"zh-Hans": "承诺"}  # type: ignore[arg-type]
    for locale in ("zh-Hans", "zh-Hant", "en"):
        assert Term(id="a", patterns=["保本"], label={locale: "x"}).label == {locale: "x"}
    with pytest.raises(ValueError, match="unknown locale"):
        Term(id="a", patterns=["保本"], label={"fr": "x"})


def test_numbers_are_texts_and_a_text_alone_is_a_list() -> None:
    assert Term(id="a", patterns=[12315]).patterns == ["12315"]  # type: ignore[list-item]
    assert Term(id="a", patterns="保本", exclude=[1.5]).exclude == ["1.5"]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="patterns"):
        Term(id="a", patterns=[True])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["a", "a1", "1-a", "a-b-c", "x" * 80])
def test_a_name_is_small_letters_digits_and_single_hyphens(name: str) -> None:
    assert Term(id=name, patterns=["保本"]).id == name


@pytest.mark.parametrize("name", ["", "A", "a b", "a_b", "-a", "a-", "a--b", "甲", "x" * 81])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="id"):
        Term(id=name, patterns=["保本"])


@pytest.mark.parametrize(("length", "good"), [(1, True), (500, True), (501, False), (0, False)])
def test_a_pattern_is_no_novel(length: int, good: bool) -> None:
    try:
        Term(id="a", patterns=["保" * length])
    except ValueError:
        assert not good
    else:
        assert good


def test_validity_may_be_a_single_day_but_never_run_backwards() -> None:
    first, last = datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)
    assert Applies(since=first, until=first).since == first
    assert Applies(since=first, until=last).until == last
    assert Applies(until=first).since is None
    with pytest.raises(ValueError, match="since"):
        Applies(since=last, until=first)
