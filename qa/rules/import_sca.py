"""Converts a rule file of Alibaba Cloud's conversation analysis into a pack, and tells what was left out.

The source is the JSON that its `UploadRule` takes and its console exports: `conditions` (each with a
`check_range`, `operators` and a `lambda` over their ids) and
`rules` (each with `triggers`, lambdas over the ids of conditions). What `GetRuleDetail` and `GetRuleV4` answer
says the same in other words, which are turned into these first.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import yaml

from qa.core.characters import whole
from qa.core.errors import InputError
from qa.core.messages import Message, message
from qa.i18n import catalogue
from qa.lexicon.patterns import parse
from qa.rules.references import walk
from qa.rules.regexes import compiled
from qa.rules.schema import Condition, Says

_ROLES: Final = {"客服": "agent", "客户": "customer", "所有": "any", "agent": "agent", "customer": "customer"}
_SYMBOL: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[^\s&|!()]+)")
_MAX_DEPTH: Final = 50

Tree = dict[str, Any]


@dataclass
class Imported:
    """A pack as YAML, and the report."""

    yaml: str
    rules: int
    carried: int
    dropped: list[Message] = field(default_factory=list)


class _NotCarriedError(Exception):
    """Something has no counterpart; says what and, by a name under `rules.sca_why_`, why."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why


def convert(content: str, pack: str, file: str) -> Imported:
    """Convert the JSON in `content`; raises `InputError` where it is not such a file."""
    try:
        data = json.loads(content)
        if isinstance(data, dict) and isinstance(data.get("JsonStr"), str):
            data = json.loads(data["JsonStr"])
        data = _as_uploaded(whole(data))
    except (ValueError, RecursionError) as e:
        line, problem = (e.lineno, e.msg) if isinstance(e, json.JSONDecodeError) else (1, str(e))
        raise InputError("rules.sca_not_json", file=file, line=line, problem=problem) from None
    while isinstance(data, dict) and "rules" not in data and isinstance(data.get("data"), dict | list):
        data = data["data"]
    if isinstance(data, list):
        parts = [d for d in data if isinstance(d, dict)]
        data = {key: [x for d in parts for x in _list(d.get(key))] for key in ("rules", "conditions")}
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list) or not data["rules"]:
        raise InputError("rules.sca_not_rules", file=file)
    return _Converter(data, pack).run()


_ANSWERED: Final = {
    "checkRange": "check_range",
    "conditionInfoCid": "cid",
    "anchorCid": "cid",
    "operLambda": "lambda",
    "ruleLambda": "lambda",
    "hitTime": "hit_time",
    "similarityThreshold": "similarity_threshold",
}
"""What answers call what is uploaded under another name; they begin names with capitals, too."""
_WRAPPED: Final = (
    "conditions",
    "operators",
    "rules",
    "triggers",
    "keywords",
    "operKeyWords",
    "similarlySentences",
)
"""Lists that answers put into an object of one field: `Triggers: {Trigger: [...]}`."""


def _as_uploaded(value: object) -> Any:
    """An answer in the words of what is uploaded."""
    if isinstance(value, list):
        return [_as_uploaded(_inside(item, dict)) for item in value]
    if not isinstance(value, dict):
        return value
    plain: Tree = {}
    for key, item in value.items():
        name = key[:1].lower() + key[1:]
        plain[_ANSWERED.get(name, name)] = _as_uploaded(_inside(item, list) if name in _WRAPPED else item)
    return plain


def _inside(value: object, kind: type) -> object:
    """What an object of one field holds, where it is of that kind: `{ConditionBasicInfo: {...}}`."""
    if isinstance(value, dict) and len(value) == 1:
        [inner] = value.values()
        if isinstance(inner, kind):
            return inner
    return value


class _Converter:
    def __init__(self, data: Mapping[str, Any], pack: str) -> None:
        self._pack = pack.replace("/", ".")
        self._rules = [r for r in data["rules"] if isinstance(r, dict)]
        given = [*_list(data.get("conditions")), *(c for r in self._rules for c in _list(r.get("conditions")))]
        self._given = {str(c.get("cid")): c for c in given if isinstance(c, dict)}
        self._made: dict[str, Tree] = {}
        self._names = _condition_names(self._given)
        self._dropped: list[Message] = []
        self._rule = ""

    def run(self) -> Imported:
        """Convert rule by rule; one that cannot be carried over is reported and left out."""
        rules = []
        for number, source in enumerate(self._rules, 1):
            self._rule = str(source.get("name") or source.get("ruleName") or source.get("rid") or number)
            try:
                rules.append(self._convert_rule(source, number))
            except _NotCarriedError as e:
                self._drop(e.what, e.why)
        document: Tree = {"id": f"{self._pack}.imported", "version": 1, "language": "zh"}
        if self._made:
            document["conditions"] = self._made
        document["rules"] = rules
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)
        return Imported(text, len(self._rules), len(rules), self._dropped)

    def _drop(self, what: str, why: str) -> None:
        reason = {f"why:{locale}": sentence for locale, sentence in catalogue()[f"rules.sca_why_{why}"].items()}
        self._dropped.append(message("rules.sca_dropped", rule=self._rule, what=what, **reason))

    def _convert_rule(self, source: Mapping[str, Any], number: int) -> Tree:
        triggers = source.get("triggers") or ([source["lambda"]] if source.get("lambda") else [])
        if not isinstance(triggers, list):
            triggers = [triggers]
        for scoring in ("ruleScoreType", "scoreNum", "scoreType", "score"):
            if source.get(scoring):
                self._drop(scoring, "scored_on_cards")
                break
        trees = [parse_lambda(str(t), self._condition) for t in triggers]
        if not trees:
            raise _NotCarriedError("triggers", "no_triggers")
        for cid in re.findall(r"[^\s&|!()]+", " ".join(map(str, triggers))):
            self._named(cid, ())
        rule: Tree = {"id": f"sca-{number}", "label": self._rule, "family": "imported"}
        rule["severity"] = "warning"
        rule["role"] = "any"
        rule["forbid"] = trees[0] if len(trees) == 1 else {"any": trees}
        return rule

    def _condition(self, cid: str) -> Tree:
        if cid not in self._names:
            raise _NotCarriedError(f"condition {cid}", "not_in_file")
        return {"use": self._names[cid]}

    def _named(self, cid: str, path: tuple[str, ...]) -> str:
        source = self._given.get(cid)
        if source is None:
            raise _NotCarriedError(f"condition {cid}", "not_in_file")
        name = self._names[cid]
        if name in self._made:
            return name
        if cid in path:
            raise _NotCarriedError(f"condition {cid}", "circle")
        operators = {str(o.get("oid")): o for o in _list(source.get("operators")) if isinstance(o, dict)}
        expression = str(source.get("lambda") or "&&".join(operators))
        tree = parse_lambda(expression, lambda oid: self._operator(operators, oid))
        if source.get("exclusion"):
            self._drop(f"exclusion {source['exclusion']}", "not_known_here")
        scope = self._scope(self._part(source, "check_range", "checkRange"), (*path, cid))
        self._made[name] = {"all": [tree], **scope} if scope else tree
        return name

    def _operator(self, operators: Mapping[str, Any], oid: str) -> Tree:
        source = operators.get(oid)
        if source is None:
            raise _NotCarriedError(f"operator {oid}", "not_in_condition")
        kind, param = str(source.get("type")), source.get("param") or {}
        make = _OPERATORS.get(kind)
        if make is None:
            raise _NotCarriedError(f"operator {kind}", "no_operator")
        try:
            read = _Read(param)
            made = make(read)
            _check_loads(made)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _NotCarriedError(f"operator {kind}", "bad_parameters") from None
        for key in read.unread():
            self._drop(f"{kind} {key}", "not_known_here")
        return made

    def _scope(self, source: Mapping[str, Any], path: tuple[str, ...]) -> Tree:
        scope: Tree = {}
        role = _ROLES.get(str(source.get("role") or "所有"))
        if role is None:
            self._drop(f"role {source.get('role')}", "unknown_role")
        elif role != "any":
            scope["role"] = role
        if source.get("allSentencesSatisfy"):
            self._drop("allSentencesSatisfy", "not_known_here")
        span = self._part(source, "range")
        first, last = span.get("from"), span.get("to")
        anchor = self._part(source, "anchor")
        if anchor.get("cid"):
            if first not in (None, 0, 1):
                self._drop(f"range from {first}", "from_anchor")
            self._anchor(scope, anchor, last, path)
        elif first is not None or last is not None:
            self._within(scope, first, last, role)
        return scope

    def _part(self, source: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
        """A part of a condition that holds fields; nothing of one that does not."""
        found: object = next((source[name] for name in names if source.get(name)), {})
        if isinstance(found, str):  # so one description of the form has it
            with contextlib.suppress(ValueError, RecursionError):
                found = json.loads(found)
        if isinstance(found, Mapping):
            return found
        self._drop(f"{names[0]} {found}", "bad_parameters")
        return {}

    def _anchor(self, scope: Tree, anchor: Mapping[str, Any], last: int | None, path: tuple[str, ...]) -> None:
        cid, place = str(anchor["cid"]), str(anchor.get("location", "AFTER")).upper()
        hit = anchor.get("hit_time", 1)
        if not isinstance(hit, int) or isinstance(hit, bool) or (hit < 1 and hit != -1):
            self._drop(f"hit_time {hit}", "any_hit")
            hit = 1
        made: Tree = {"condition": {"use": self._named(cid, path)}, "hit": hit}
        if isinstance(last, int) and last > 0:
            made["turns"] = last
        if place == "AROUND":
            self._drop("location AROUND", "after_only")
        elif place == "CURRENT":
            made["turns"] = 0
        scope["before" if place == "BEFORE" else "after"] = made

    def _within(self, scope: Tree, first: int | None, last: int | None, role: str | None) -> None:
        turns = f"{role} turns" if role in ("agent", "customer") else "turns"
        first, last = (None if isinstance(x, bool) else x for x in (first, last))
        if first in (None, 0, 1) and isinstance(last, int) and last > 0:
            scope["within"] = f"first {last} {turns}"
        elif isinstance(first, int) and first < 0 and last in (None, -1):
            scope["within"] = f"last {-first} {turns}"
        elif not (first in (None, 0, 1) and last in (None, -1, 0)):
            self._drop(
                f"range {first}..{last}",
                "whole_call",
            )


def _list(value: object) -> list[Any]:
    """A list; nothing of what is none."""
    return value if isinstance(value, list) else []


def _condition_names(cids: Iterable[str]) -> dict[str, str]:
    """A name of its own for each condition: A and a, 甲 and 乙 are two."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for cid in cids:
        plain = "c-" + (re.sub(r"[^a-z0-9]+", "-", cid.lower()).strip("-")[:60] or "x")
        number = next(k for k in count(1) if (plain if k == 1 else f"{plain}-{k}") not in taken)
        name = plain if number == 1 else f"{plain}-{number}"
        names[cid] = name
        taken.add(name)
    return names


class _Read(dict[str, Any]):
    """Parameters of an operator that know which of them were looked at."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self._seen = set(_HOLDS_ANYWAY)

    def __getitem__(self, key: str) -> Any:
        self._seen.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, which counts as looked at."""
        self._seen.add(key)
        return super().get(key, default)

    def unread(self) -> list[str]:
        """What says something and was not looked at."""
        return [key for key, value in self.items() if value and key not in self._seen]


_HOLDS_ANYWAY: Final = ("in_sentence", "inSentence", "operName", "keywordMatchSize")
"""Patterns never run over the end of a sentence."""


def _check_loads(tree: Tree) -> None:
    """A `ValueError` where an operator would keep the pack from loading."""
    for value, _ in walk(Condition.model_validate(tree), ()):
        if isinstance(value, Says):
            for pattern in value.patterns:
                parse(pattern)


def parse_lambda(expression: str, leaf: Callable[[str], Tree]) -> Tree:
    """Read `1&&(2||!3)`; `&&` binds closer than `||`."""
    symbols = _SYMBOL.findall(expression)
    if "".join(symbols) != re.sub(r"\s", "", expression) or not symbols:
        raise _NotCarriedError(f"lambda {expression}", "unreadable")
    position = 0

    def peek() -> str | None:
        return symbols[position] if position < len(symbols) else None

    def take() -> str:
        nonlocal position
        if position >= len(symbols):
            raise _NotCarriedError(f"lambda {expression}", "breaks_off")
        position += 1
        return str(symbols[position - 1])

    def chain(sign: str, key: str, part: Callable[[int], Tree], depth: int) -> Tree:
        parts = [part(depth)]
        while peek() == sign:
            take()
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else {key: parts}

    def either(depth: int) -> Tree:
        return chain("||", "any", both, depth)

    def both(depth: int) -> Tree:
        return chain("&&", "all", single, depth)

    def single(depth: int) -> Tree:
        if depth > _MAX_DEPTH:
            raise _NotCarriedError(f"lambda {expression[:40]}", "too_deep")
        symbol = take()
        if symbol == "!":
            return {"none": [single(depth + 1)]}
        if symbol == "(":
            tree = either(depth + 1)
            if take() != ")":
                raise _NotCarriedError(f"lambda {expression}", "no_parenthesis")
            return tree
        if symbol in ("&&", "||", ")"):
            raise _NotCarriedError(f"lambda {expression}", "unreadable")
        return leaf(symbol)

    tree = either(0)
    if peek() is not None:
        raise _NotCarriedError(f"lambda {expression}", "unreadable")
    return tree


def _keywords(param: Mapping[str, Any], default: int) -> Tree:
    words = [_literal(w) for w in _texts(param.get("keywords") or param["operKeyWords"])]
    size = int(param.get("keywordMatchSize", default))
    if not words:
        raise ValueError
    if size == 0:
        return {"none": [{"says": {"patterns": words}}]}
    if size < 0:
        return {"all": [{"says": {"patterns": [w]}} for w in words]}
    says: Tree = {"patterns": words}
    if size == 1:
        times = int(param.get("threshold") or 1)
        return {"says": says | ({"times": times} if times > 1 else {})}
    raise ValueError


def _texts(value: object) -> list[str]:
    """A list of texts; a text by itself is none."""
    if not isinstance(value, list) or not value:
        raise ValueError
    return [str(one) for one in value]


def _any_keyword(param: Mapping[str, Any]) -> Tree:
    return _keywords(param, 1)


def _all_keywords(param: Mapping[str, Any]) -> Tree:
    return _keywords(param, -1)


def _literal(word: object) -> str:
    text = re.sub(r"[()|?^${}…\[\]\\*+]", "", str(word)).strip()
    if not text:
        raise ValueError
    return text if len(text) > 1 else f"^{text}$"


def _similar(param: Mapping[str, Any]) -> Tree:
    score = float(param.get("score") or 80)
    return {
        "similar": {"text": _texts(param["similarlySentences"]), "at_least": score / 100 if score > 1 else score}
    }


def _regex(param: Mapping[str, Any]) -> Tree:
    made: Tree = {"regex": str(param["regex"])}
    if param.get("notRegex"):
        made["exclude"] = str(param["notRegex"])
    for expression in made.values():
        compiled(expression)  # RegexError is a ValueError: else the pack would not load
    return {"matches": made}


_EVER: Final = 100_000
"""Turns: 0 stands for all before."""


def _repeat(param: Mapping[str, Any]) -> Tree:
    return {
        "repeats": {
            "within_turns": _EVER if param.get("from") == 0 else int(param.get("from") or 10),
            "similarity": float(param.get("similarity_threshold") or 0.8),
            "times": int(param.get("hit_time") or 1) + 1,
            "min_chars": max(2, int(param.get("threshold") or 5)),
        }
    }


def _silence(param: Mapping[str, Any]) -> Tree:
    if str(param.get("compareOperator", "gt")) != "gt":
        raise ValueError
    made: Tree = {"at_least": int(param["interval"]) / 1000}
    different = param.get("different_role", param.get("differentRole"))
    if different is not None and not different:
        made["between"] = "same"
    elif different:
        return {"any": [{"silence": made | {"between": b}} for b in ("agent-customer", "customer-agent")]}
    return {"silence": made}


def _speed(param: Mapping[str, Any]) -> Tree:
    bound = "below" if str(param.get("compareOperator", "gt")) == "lt" else "above"
    made: Tree = {bound: int(param["velocityInMint"]), "per": "call" if param.get("average") else "turn"}
    if isinstance(param.get("minWordSize"), int) and param["minWordSize"] > 1:
        made["min_chars"] = int(param["minWordSize"])
    return {"rate": made}


def _interruption(param: Mapping[str, Any]) -> Tree:
    return {
        "interrupts": {
            "overlap_ms": int(param.get("interval") or 500),
            "delay_ms": int(param.get("delayTime") or 0),
        }
    }


_OPERATORS: Final[Mapping[str, Callable[[Mapping[str, Any]], Tree]]] = {
    "HIT_ANY_KEYWORDS": _any_keyword,
    "INCLUDE_KEYWORDS": _all_keywords,
    "SIMILAR_MATCH": _similar,
    "REGULAR_EXPRESSION": _regex,
    "ADVANCED_REPEAT_DETECT": _repeat,
    "INTERVAL_GREATER": _silence,
    "SPEECH_SPEED_CHECK": _speed,
    "INTERRUPT_DETECT": _interruption,
}
