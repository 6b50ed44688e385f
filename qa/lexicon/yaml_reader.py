"""Reads one YAML file of a pack, and tells on which line a field stands when something is wrong with it.

YAML's surprises are switched off: `on`, `off`, `yes` and `no` are words, days, times and sexagesimal numbers are
text, a key given twice is an error, and there are no anchors that blow up or objects that run code.
"""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from qa.core.errors import BadPackError

MAX_BYTES: Final = 16 * 2**20
"""Larger files are refused before they are read; as many terms as a rule book may have fit."""


_PROBLEMS: Final = (
    ("found another document", "yaml_documents"),
    ("could not determine a constructor", "yaml_tag"),
    ("a key must be a word", "yaml_key"),
    ("found a tab character", "yaml_tab"),
    ("unexpected end of stream", "yaml_quote"),
    ("did not find expected ',' or", "yaml_bracket"),
    ("did not find expected node content", "yaml_bracket"),
    ("could not find expected ':'", "yaml_colon"),
    ("mapping values are not allowed", "yaml_second_colon"),
    ("did not find expected key", "yaml_indent"),
    ("did not find expected '-' indicator", "yaml_indent"),
    ("did not find expected <document start>", "yaml_indent"),
    ("cannot start any token", "yaml_sign"),
)
"""What the parser says, and the sentence for it."""


class _Loader(yaml.CSafeLoader):
    """CSafeLoader without surprises."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise _DuplicateKey(str(key), key_node.start_mark.line + 1)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _DuplicateKey(yaml.YAMLError):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key = key
        self.line = line


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regex)
        for tag, regex in resolvers
        if tag.rpartition(":")[2] not in ("bool", "int", "float", "timestamp")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]{0,17})$"), list("-0123456789")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))


def read_yaml(path: Path, shown: str) -> object:
    """The content of `path`; `shown` is the name that errors use. Raises `BadPackError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadPackError("rules.file_too_large", file=shown, megabytes=MAX_BYTES // 2**20)
        content = path.read_bytes()
    except OSError as e:
        raise BadPackError("rules.file_unreadable", file=shown, problem=e.strerror or "I/O") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = content.count(b"\n", 0, e.start) + 1
        raise BadPackError("rules.not_utf8", file=shown, line=line) from None
    return parse_yaml(text, shown)


def parse_yaml(text: str, shown: str) -> object:
    """The content of a YAML text; see `read_yaml`."""
    try:
        _refuse_aliases(text, shown)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except _DuplicateKey as e:
        raise BadPackError("rules.duplicate_key", file=shown, line=e.line, field=e.key) from None
    except yaml.reader.ReaderError as e:
        line = text.count("\n", 0, e.position) + 1
        raise BadPackError("rules.yaml_control", file=shown, line=line) from None
    except yaml.YAMLError as e:
        mark, problem = getattr(e, "problem_mark", None), str(getattr(e, "problem", None) or "not YAML")
        line = mark.line + 1 if mark else 1
        written = text.split("\n")[line - 1 : line]
        if (
            mark
            and "cannot start any token" in problem
            and written
            and written[0][mark.column : mark.column + 1] == "\t"
        ):
            raise BadPackError("rules.yaml_tab", file=shown, line=line) from None
        code = next((code for part, code in _PROBLEMS if part in problem), None)
        if code is not None:
            raise BadPackError(f"rules.{code}", file=shown, line=line) from None
        raise BadPackError("rules.broken_yaml", file=shown, line=line, problem=problem) from None
    except RecursionError:
        raise BadPackError("rules.too_deep", file=shown) from None
    except ValueError:
        raise BadPackError("rules.broken_yaml", file=shown, line=1, problem="a bad value") from None


def _refuse_aliases(text: str, shown: str) -> None:
    """Aliases can make a few lines into gigabytes; packs need none."""
    if "*" not in text and "&" not in text:
        return
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise BadPackError("rules.alias", file=shown, line=mark.line + 1 if mark else 1)


def line_of(text: str, location: Sequence[str | int]) -> int:
    """The line, from 1, of the field at `location`; of its nearest parent where it is not there."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return 1
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if pair is None:
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line
