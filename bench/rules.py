"""How fast the rule engine is: calls per minute on one core, beside a naive loop of regular expressions
and, where it is installed, flashtext.

    python -m bench.rules [--calls 200] [--packs zh/common,zh/finance]     (all packs by default)

The calls are ten minutes long (2,500 characters, some 110 turns), put together from the examples of the packs and
from neutral sentences, so that about every third turn holds something; beside them the engine judges calls made of
talks of the benchmark in which nothing is wrong. Figures are CPU seconds of this process.
"""

import argparse
import gc
import importlib
import random
import re
import resource
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from qa.core.roles import Role
from qa.core.transcript import Transcript
from qa.lexicon.patterns import parse
from qa.rules.book import RuleBook
from qa.rules.call import CallContext
from qa.rules.dialogue import transcript
from qa.rules.loader import SourceFile, available_packs, build, from_text, read_pack

CHARACTERS = 2500
TALKS = Path(__file__).parents[1] / "tests/golden/talks.txt"
NEUTRAL = (
    "您稍等一下，我帮您查询一下系统里的记录。",
    "好的，我明白了，那我明天再打过来问一下进度可以吗？",
    "这边显示您上个月一共有三笔消费，金额分别是二十元、三十五元和一百零八元。",
    "我想问一下我的快递为什么一直没有到，已经等了五天了。",
    "系统显示您的订单已经在派送途中，预计今天下午六点之前送达。",
    "嗯，那您把地址再跟我核对一遍吧，我怕填错了。",
    "我们会有专门的同事在两个工作日之内给您回电话，请您保持电话畅通。",
)


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def made_up_call(seed: int, lines: list[str]) -> Transcript:
    pick = random.Random(seed)
    pairs, length, role = [], 0, Role.AGENT
    while length < CHARACTERS:
        text = pick.choice(lines) if pick.random() < 0.3 else pick.choice(NEUTRAL)
        pairs.append((role, text))
        length += len(text)
        role = role.other
    return transcript(pairs)


def ordinary_calls(count: int) -> list[Transcript]:
    """Calls of the same length in which nothing is wrong, from whole talks of `tests/golden/talks.txt`."""
    talks = []
    for block in TALKS.read_text(encoding="utf-8").strip().split("\n\n"):
        turns = [line.split(" ", 1) for line in block.split("\n")[1:]]
        if all(label in "NK" for label, _ in turns):
            talks.append([(Role.CUSTOMER if label == "K" else Role.AGENT, text) for label, text in turns])
    pick = random.Random(count)
    calls = []
    for _ in range(count):
        pairs: list[tuple[Role, str]] = []
        while sum(len(text) for _, text in pairs) < CHARACTERS:
            pairs += pick.choice(talks)
        calls.append(transcript(pairs))
    return calls


def example_lines(files: list[SourceFile]) -> list[str]:
    examples = [e for f in files for t in f.model.terms for e in (*t.examples.hit, *t.examples.miss)]
    return [e.split("：")[-1] for e in examples if isinstance(e, str)] or list(NEUTRAL)


def naive(book: RuleBook, calls: list[Transcript]) -> float:
    """One regular expression per term over the plain text of every turn; no context, no homophones, no offsets."""
    expressions = [
        re.compile("|".join(re.sub(r"…|\{[^}]*\}", ".{0,8}", re.sub(r"[\^$]", "", p)) for p in t.match.patterns))
        for t in book.terms
    ]
    start = cpu()
    for call in calls:
        for turn in call.turns:
            for expression in expressions:
                for _ in expression.finditer(turn.text):
                    pass
    return cpu() - start


def flashtext(book: RuleBook, calls: list[Transcript]) -> float | None:
    """The literals of all terms in flashtext's trie over the plain text of every turn: one hit per place, no gaps,
    no context, no homophones. None where it is not installed (pip install flashtext).
    """
    try:
        trie = importlib.import_module("flashtext").KeywordProcessor()
    except ImportError:
        return None
    trie.set_non_word_boundaries(set())  # otherwise it looks for blanks between words, and Chinese has none
    for term in book.terms:
        for pattern in map(parse, term.match.patterns):
            for literal in [] if pattern.has_gaps else pattern.literals():
                trie.add_keyword(literal, term.id)
    start = cpu()
    for call in calls:
        for turn in call.turns:
            trie.extract_keywords(turn.text, span_info=True)
    return cpu() - start


def engine(book: RuleBook, calls: list[Transcript]) -> float:
    start = cpu()
    for call in calls:
        book.analyse(replace(call), CallContext())  # a copy: nothing is remembered of an earlier round
    return cpu() - start


def warm(book: RuleBook, calls: list[Transcript], others: list[Transcript]) -> float:
    """What the calls cost once the expressions are compiled: each is when a call first needs it, once in the life
    of a worker.
    """
    engine(book, others)
    gc.collect()
    gc.freeze()  # as a worker does after its first run
    return engine(book, calls)


def with_invented_terms(files: list[SourceFile], count: int) -> RuleBook:
    """The packs and so many further terms of three to five characters that mean nothing."""
    pick = random.Random(count)
    alphabet = "".join(bytes((a, b)).decode("gb2312") for a in range(0xB0, 0xD7) for b in range(0xA1, 0xFF))
    texts = sorted({"".join(pick.choices(alphabet, k=pick.randint(3, 5))) for _ in range(count)})
    lines = ["id: zh.invented", "defaults: {family: invented, severity: notice}", "terms:"]
    lines += [f"  - {{id: t{i}, patterns: [{t}]}}" for i, t in enumerate(texts)]
    return build([*files, from_text("zh/invented", "\n".join(lines))])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100)
    options.add_argument("--packs", default="")
    arguments = options.parse_args()
    names = arguments.packs.split(",") if arguments.packs else available_packs([])
    start = cpu()
    files = [f for n in names for f in read_pack(n, [])]
    book = build(files)
    loading = cpu() - start
    print(f"{len(book.terms)} terms of {len(names)} packs loaded in {loading:.2f} CPU s")
    lines = example_lines(files)
    calls = [made_up_call(i, lines) for i in range(arguments.calls)]
    others = [made_up_call(-i, lines) for i in range(1, 4 * arguments.calls)]
    spent = warm(book, calls, others)
    each = 1000 * spent / len(calls)
    print(f"engine        {60_000 / each:10,.0f} calls per minute and core ({each:.2f} ms each)")
    plain_talk = ordinary_calls(5 * len(calls))
    ordinary = 1000 * warm(book, plain_talk[: len(calls)], plain_talk[len(calls) :]) / len(calls)
    print(f"ordinary talk {60_000 / ordinary:10,.0f} calls per minute and core ({ordinary:.2f} ms each)")
    plain = naive(book, calls[: max(1, len(calls) // 10)]) * 10
    print(f"naive regexes {60 * len(calls) / plain:10,.0f} calls per minute and core (matching alone)")
    trie = flashtext(book, calls)
    if trie is not None:
        print(f"flashtext     {60 * len(calls) / trie:10,.0f} calls per minute and core (literals alone)")
    few, many = (warm(with_invented_terms(files, n), calls, others) for n in (1000, 100_000))
    few, many = 1000 * few / len(calls), 1000 * many / len(calls)
    print(f"and 1,000 terms more {few:.2f} ms, 100,000 more {many:.2f} ms each")
    print(f"python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
