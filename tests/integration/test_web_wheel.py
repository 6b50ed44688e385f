"""What is installed has the pages' built files in it, and none of what they were built from."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_wheel_holds_the_built_pages_and_no_sources_of_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    built = {f"qa/web/static/{path.name}" for path in (ROOT / "qa/web/static").iterdir()}
    assert "qa/web/static/manifest.json" in built, "run make setup"
    assert built <= names
    assert "qa/web/templates/base.html" in names
    assert "qa/i18n/web.toml" in names
    assert not [name for name in names if "node_modules" in name or name.startswith("qa/web/assets/")]
