"""Templates: every sentence exists, nothing runs or styles inline."""

import re
from pathlib import Path

import pytest

from qa.core.finding import Check, Doubt, Evidence, MatchKind, Outcome, Severity
from qa.core.messages import message
from qa.core.result import Analysis, RunStatus
from qa.core.roles import Role
from qa.i18n import LOCALES, catalogue
from qa.rules.trial import Trial
from qa.web.assets import STATIC
from qa.web.navigation import HOUSE, QUALITY, WORK
from qa.web.render import TEMPLATES, environment

ALL = sorted(TEMPLATES.rglob("*.html"))
SOURCES = TEMPLATES.parent / "assets"


@pytest.mark.parametrize("path", ALL, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_a_template_compiles_and_all_its_sentences_exist(path: Path) -> None:
    environment().get_template(str(path.relative_to(TEMPLATES)))
    for code in re.findall(r"""\b_\(\s*["']([a-z_]+\.[a-z0-9_]+)["']\s*[,)]""", path.read_text(encoding="utf-8")):
        assert code in catalogue(), code


@pytest.mark.parametrize("path", ALL, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_nothing_runs_or_styles_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\son[a-z]+=[\"']", text)
    assert not re.search(r"hx-on|javascript:|<style", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag


def test_names_made_up_from_parts_exist() -> None:
    made = [f"web.place_{place.name}" for group in (WORK, QUALITY, HOUSE) for place in group]
    made += [f"web.status_{status.value}" for status in RunStatus]
    made += [f"web.{when}_{side}" for when in ("minutes", "hours", "days") for side in ("ago", "in")]
    for code in made:
        assert set(catalogue()[code]) == set(LOCALES)


def test_every_drawing_that_templates_name_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (SOURCES / "src" / "icons.svg").read_text(encoding="utf-8")))
    for path in ALL:
        assert set(re.findall(r"""ui\.icon\(["']([a-z]+)["']""", path.read_text(encoding="utf-8"))) <= drawn, path
    assert {place.name for group in (WORK, QUALITY, HOUSE) for place in group} <= drawn


def test_the_lock_file_pins_content_and_names_no_address() -> None:
    lock = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    assert "registry" not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')


def test_what_was_built_loads_nothing_from_elsewhere() -> None:
    built = [path for path in STATIC.glob("*") if path.suffix in (".css", ".js")]
    assert built, "run make setup"
    for path in built:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(?:import|from|url\()\s*["'(]?https?://""", text), path.name


def test_what_a_trial_leaves_open_is_told_with_its_words() -> None:
    proof = Evidence(0, Role.AGENT, 0, 4, 0.0, 1.0, 0, "会录下来", MatchKind.ALIKE, 0.9)
    doubt = Doubt(message("rules.step_alike", quote="会录下来", share="80%"), (proof,))
    label = {"zh-Hans": "录音告知"}
    step = Check("zh.x", 1, "step", label, Outcome.UNKNOWN, doubt.reason, Severity.NOTICE, doubts=(doubt, doubt))
    trial = Trial(Analysis((step,), (), None, {}), ())
    assert trial.doubts() == [(step, doubt)]
    shown = {"problems": None, "difference": None, "trial": trial, "locale": "zh-Hans"}
    page = environment().get_template("rules/results.html").render(_=lambda code, **_: code, **shown)
    assert "录音告知" in page
    assert page.count("可能性 80%") == 1
    assert "web_rules.nothing" not in page
