"""What a change of a pack would do, before anybody commits it."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from coaching_kit import AGENT, BAD_CALL, LEADER, OTHER_LEADER, THIRD, taken

from qa.core.errors import ForbiddenError, NotFoundError
from qa.core.finding import Check, Doubt, Evidence, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.roles import Role
from qa.db.models import AuditEventRow
from qa.rules.trial import Backtest, Difference
from qa.services import Services, rulebook
from qa.services.work import Worker

Make = Callable[..., Worker]
FILE = "zh/finance/forbidden.yaml"


def test_a_file_is_found_by_path_and_by_the_rule_in_it(services: Services) -> None:
    shown = services.rules.file(THIRD, FILE)
    assert shown.file.terms > 10
    rule = next(line for line in shown.text.splitlines() if line.strip().startswith("- id:")).split(":")[1].strip()
    found = services.rules.file(THIRD, rule=f"zh.finance.{rule}")
    assert found.line > 1
    with pytest.raises(NotFoundError):
        services.rules.file(THIRD, "../../etc/passwd")
    with pytest.raises(ForbiddenError):
        services.rules.files(AGENT)


def test_a_mistake_is_told_with_file_and_line_and_a_sound_text_with_nothing(services: Services) -> None:
    text = services.rules.file(THIRD, FILE).text
    assert services.rules.check(THIRD, FILE, text) == ()
    (problem,) = services.rules.check(THIRD, FILE, text.replace("terms:", "termz:", 1))
    assert problem.params["file"] == FILE
    assert int(problem.params["line"]) > 0


def test_a_dialogue_is_tried_and_a_near_miss_says_why_not(services: Services) -> None:
    trial = services.rules.attempt(THIRD, BAD_CALL)
    assert any(one.rule.startswith("zh.finance") for one in trial.analysis.findings)
    near = services.rules.attempt(THIRD, "坐席：本产品不保本。").near_misses
    assert near


def test_a_back_test_names_calls_in_reach_with_masked_quotes(services: Services, make_worker: Make) -> None:
    call = taken(services, make_worker, BAD_CALL.replace("稳赚不赔。", "稳赚不赔，电话13800138000。"))
    text = services.rules.file(THIRD, FILE).text
    emptied = text[: text.index("terms:")] + "terms: []\n"
    found = services.rules.backtest(LEADER, FILE, emptied)
    assert found.calls == 1
    assert found.differences[0].call.startswith(call)
    assert found.differences[0].disappeared
    assert "13800138000" not in repr(found)
    assert services.rules.backtest(OTHER_LEADER, FILE, emptied).calls == 0


def test_what_a_check_doubts_is_masked_too(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "手机号是13800138000"
    proof = Evidence(0, Role.CUSTOMER, 0, len(said), 0.0, 1.0, 0, said, MatchKind.EXACT, 0.2)
    doubt = Doubt(message("rules.unlike", quote=said, share="3%"), (proof,), "zh.t")
    check = Check("zh.t", 1, "pii", {}, Outcome.UNKNOWN, doubt.reason, Severity.INFO, doubts=(doubt,))
    difference = Difference("a", (), (), ((check, check),), None, None)
    monkeypatch.setattr(rulebook, "backtest", lambda *_: Backtest(1, (difference,), {}, {}))
    found = services.rules.backtest(LEADER, FILE, services.rules.file(THIRD, FILE).text)
    assert found.differences[0].changed[0][0].doubts[0].term == "zh.t"
    assert "13800138000" not in repr(found)


def test_the_log_tells_once_which_rules_are_in_force(services: Services) -> None:
    services.rules.in_force()
    services.rules.in_force()
    with services.database.read() as session:
        rows = session.scalars(sa.select(AuditEventRow).where(AuditEventRow.action == "rules.changed")).all()
    (event,) = rows
    assert event.details["versions"]["zh.finance.forbidden"] >= 1
