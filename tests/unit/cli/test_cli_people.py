"""`tingjian people`, `tingjian token`, and the page on roles."""

import re
from pathlib import Path

import pytest

from qa.cli import reference
from qa.cli.main import run
from qa.core.people import SYSTEM
from qa.db.engine import Database
from qa.services.people import open_people
from qa.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINGJIAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_the_table_of_roles_is_the_one_that_is_asked() -> None:
    page = (ROOT / "docs" / "roles.md").read_text(encoding="utf-8")
    assert reference.roles_page(page) == page, "run `make docs`"


def test_an_account_is_made_listed_and_closed_from_the_command_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["people", "add", "Li.Jing", "--jobs", "reviewer,agent", "--teams", "south", "--agent", "17"]) == 0
    link = re.search(r"http://127\.0\.0\.1:8300/link/[\w-]{43}", capsys.readouterr().out)
    assert link is not None
    assert run(["people", "list"]) == 0
    assert "li.jing" in capsys.readouterr().out
    assert run(["people", "reset-link", "li.jing"]) == 0
    assert link[0] not in capsys.readouterr().out
    assert run(["token", "li.jing", "--jobs", "reviewer"]) == 0
    secret = capsys.readouterr().out.strip()
    settings = Settings()
    database = Database(settings.resolved_database_url)
    people = open_people(database, settings)
    who = people.tokens.find(secret)
    assert who is not None
    assert who.jobs == {"reviewer"}
    assert run(["people", "deactivate", "li.jing"]) == 0
    assert people.tokens.find(secret) is None
    assert not people.accounts.by_login(SYSTEM, "li.jing").active
    database.close()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["people", "add", "li.jing", "--jobs", "king"], 2, "king"),
        (["people", "add", "a b"], 2, "a b"),
        (["people", "reset-link", "nobody"], 4, "nobody"),
        (["token", "nobody"], 4, "nobody"),
    ],
)
def test_a_mistake_is_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run(arguments) == code
    told = capsys.readouterr().err.strip()
    assert said in told
    assert len(told.splitlines()) == 1
