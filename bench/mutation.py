"""Mutation test of the rule engine: breaks one expression at a time and sees whether a test notices.

    python -m bench.mutation [--sample 120] [--seed 1] [--only qa/lexicon/answers.py]

A sample of the mutants of `qa/lexicon` and `qa/rules`, drawn with a fixed seed. Each runs in a fork of a process
that has the heavy libraries loaded, against the unit tests of both packages; with --broad, what these let through
meets the property tests, the packs' own examples and the dialogue benchmark. Survivors are printed as changes.
"""

import argparse
import ast
import importlib
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from qa.alike.features import Talk

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("qa/lexicon", "qa/rules")
PRELOADED = (
    "pytest", "hypothesis", "schemathesis.pytest.plugin", "pydantic", "yaml", "ahocorasick_rs", "numpy",
    "sqlalchemy", "qa.text.calltext", "qa.i18n",
)  # fmt: skip
KEPT = "tests/unit/rules/test_rules_kept.py"
UNIT = ("tests/unit/lexicon", "tests/unit/rules")
BROAD = ("tests/property/test_rules_properties.py", "tests/golden")
SLOW = ("hundred_thousand", "million")
_SCRIPT = "__name__ == '__main__'"
CPU_SECONDS = 90
"""A mutant that runs longer hangs, and counts as killed."""

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
RECKONED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div}


@dataclass(frozen=True)
class Mutant:
    """One changed expression of one file."""

    path: str
    place: int
    """Which expression of the file."""
    variant: int
    """Which of its changes."""

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").replace("/", ".")

    def tree(self) -> tuple[ast.Module, str]:
        """The changed file, and line and change in words."""
        tree = _parsed(self.path)
        node, parent, name, at = list(_places(tree))[self.place]
        changed = list(_changes(node))[self.variant]
        words = f"{self.path}:{node.lineno}: {ast.unparse(node)[:70]} -> "
        ast.fix_missing_locations(ast.copy_location(changed, node))
        if at is None:
            setattr(parent, name, changed)
        else:
            getattr(parent, name)[at] = changed
        return tree, words + ast.unparse(changed)[:70]


def _parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def mutants_of(path: str) -> Iterator[Mutant]:
    """Every mutant of a file."""
    for place, (node, *_) in enumerate(_places(_parsed(path))):
        for variant, _ in enumerate(_changes(node)):
            yield Mutant(path, place, variant)


def _places(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.AST, str, int | None]]:
    """Expressions that run, with where they hang; no docstrings, annotations, descriptions, asserts."""
    for name, value in ast.iter_fields(tree):
        if isinstance(tree, ast.ClassDef) and name == "keywords":
            continue  # frozen=True guards programmers, not users
        if name in ("annotation", "returns", "decorator_list", "bases", "type_params"):
            continue
        items: list[tuple[int | None, object]] = (
            list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        )
        for at, item in items:
            if not isinstance(item, ast.AST) or isinstance(item, ast.Assert | ast.Import | ast.ImportFrom):
                continue
            if isinstance(item, ast.keyword) and item.arg == "description":
                continue
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
                continue
            if isinstance(item, ast.If) and ast.unparse(item.test) in ("TYPE_CHECKING", _SCRIPT):
                continue  # the second would write a file of the checkout from within a test
            if isinstance(item, ast.expr):
                yield item, tree, name, at
            yield from _places(item)


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in COMPARED:
            yield ast.Compare(node.left, [COMPARED[type(op)](), *rest], node.comparators)
        case ast.BoolOp(op=op):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp(op=op) if type(op) in RECKONED:
            yield ast.BinOp(node.left, RECKONED[type(op)](), node.right)
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value) if value:
            yield ast.Constant(f"XX{value}XX")
        case ast.Call(func=ast.Name(id="any" | "all" as name)):
            yield ast.Call(ast.Name("all" if name == "any" else "any", ast.Load()), node.args, node.keywords)
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            yield ast.Call(ast.Name("max" if name == "min" else "min", ast.Load()), node.args, node.keywords)


class _Mutated(MetaPathFinder, Loader):
    """Gives out the mutant where its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Of the mutated module alone."""
        return (
            ModuleSpec(name, self, origin=str(ROOT / self._mutant.path)) if name == self._mutant.module else None
        )

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        module.__file__ = str(ROOT / self._mutant.path)
        exec(compile(self._mutant.tree()[0], self._mutant.path, "exec"), module.__dict__)


def survives(mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Whether all of `tests` pass on it, in a fork; on the code as it is where there is no mutant."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        if mutant is not None:
            sys.meta_path.insert(0, _Mutated(mutant))
        import pytest

        deselected = " and ".join(f"not {s}" for s in SLOW)
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", deselected, *tests])))
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def main() -> None:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sample", type=int, default=120)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--broad", action="store_true", help="survivors meet the slower tests as well")
    options.add_argument("--only", default="", help="a path or a part of one")
    arguments = options.parse_args()
    os.chdir(ROOT)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for name in PRELOADED:
        importlib.import_module(name)
    importlib.import_module("qa.text.segment").word_spans("词典")
    importlib.import_module("qa.alike.reader").reader().nearest("rude", Talk("好"))
    paths = sorted(p.relative_to(ROOT).as_posix() for d in PACKAGES for p in (ROOT / d).rglob("*.py"))
    mutants = [m for p in paths if arguments.only in p for m in mutants_of(p)]
    chosen = random.Random(arguments.seed).sample(mutants, min(arguments.sample, len(mutants)))
    print(f"{len(chosen)} of {len(mutants)} mutants of {len(paths)} files", flush=True)
    if not survives(None, UNIT):
        sys.exit("the tests fail without any mutant, which would kill them all")
    start, lived = time.monotonic(), Counter[str]()
    for number, mutant in enumerate(chosen, 1):
        stages = [(t,) for t in (UNIT if mutant.path.startswith("qa/lexicon") else (KEPT, *UNIT[::-1]))]
        if all(survives(mutant, stage) for stage in [*stages, *([BROAD] if arguments.broad else [])]):
            lived[mutant.path] += 1
            print(f"{number:4} {mutant.tree()[1]}", flush=True)
        print(number, end="\r", file=sys.stderr, flush=True)
    killed = 1 - lived.total() / max(1, len(chosen))
    print(f"{killed:.1%} of {len(chosen)} killed, {lived.total()} survived, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
