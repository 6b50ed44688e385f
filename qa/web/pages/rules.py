"""Rules: the packs as text, what a change of one would do to a dialogue and to stored calls."""

from typing import Annotated, Final

from fastapi import Form, Query, Request, Response

from qa.api.context import ContextDep
from qa.api.dependencies import require
from qa.core.people import Right
from qa.services.rulebook import FileView
from qa.web.render import Who, page_router, render

router = page_router()

Text = Annotated[str, Form()]
VERSIONS_SHOWN: Final = 20
"""The newest of those that were in force; `tingjian rules versions` lists all."""


@router.get("/rules", dependencies=[require(Right.SEE_RULES)])
def rules(
    request: Request,
    who: Who,
    context: ContextDep,
    path: Annotated[str, Query(max_length=200)] = "",
    rule: Annotated[str, Query(max_length=255)] = "",
) -> Response:
    """The packs as they lie on disk, what is wrong with them, and the text of one file where it, or a rule in it,
    is asked for; the versions that were in force otherwise."""
    service = context.services.rules
    shown = service.file(who, path, rule) if path or rule else None
    packs: dict[str, list[FileView]] = {}
    for one in service.files(who):
        packs.setdefault(one.path.rpartition("/")[0], []).append(one)
    return render(
        request,
        "rules/rules.html",
        packs=packs,
        shown=shown,
        rule=rule,
        broken=service.problem(who),
        versions=() if shown else service.versions(who)[:VERSIONS_SHOWN],
    )


@router.post("/rules/check", dependencies=[require(Right.SEE_RULES)])
def check(request: Request, who: Who, context: ContextDep, path: Text = "", text: Text = "") -> Response:
    """What is wrong with the text as it stands."""
    problems = context.services.rules.check(who, path, _lines(text))
    return render(request, "rules/results.html", problems=problems, trial=None, difference=None)


@router.post("/rules/try", dependencies=[require(Right.SEE_RULES)])
def attempt(
    request: Request, who: Who, context: ContextDep, path: Text = "", text: Text = "", dialogue: Text = ""
) -> Response:
    """What it finds in a pasted dialogue, and what nearly hit."""
    trial = context.services.rules.attempt(who, dialogue, path, _lines(text))
    return render(request, "rules/results.html", problems=None, trial=trial, difference=None)


@router.post("/rules/backtest", dependencies=[require(Right.SEE_RULES)])
def backtest(request: Request, who: Who, context: ContextDep, path: Text = "", text: Text = "") -> Response:
    """What it would find otherwise in the newest stored calls."""
    difference = context.services.rules.backtest(who, path, _lines(text))
    return render(request, "rules/results.html", problems=None, trial=None, difference=difference)


def _lines(text: str) -> str:
    """A browser sends lines that end as on a typewriter."""
    return text.replace("\r\n", "\n")
