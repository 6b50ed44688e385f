"""Every threat of docs/security.md names its test, and the test exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_each_threat_names_a_test_that_exists() -> None:
    tests = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    rows = [
        line.split(" | ")
        for line in (ROOT / "docs/security.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| threat ")
    ]
    assert rows
    for threat, *_, named in rows:
        cited = re.findall(r"`(?:(test_\w+\.py): )?(test_\w+)`", named)
        assert cited, threat
        file = ""
        for in_file, name in cited:
            file = in_file or file
            assert f"def {name}(" in tests.get(file, ""), f"{threat}: {file} has no {name}"
