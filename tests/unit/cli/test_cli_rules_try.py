"""`tingjian rules try`: what is left open is told with its words."""

from pathlib import Path

from typer.testing import CliRunner

from qa.cli.rules import app


def test_what_is_worded_like_a_step_is_told_with_its_words(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    said = "为了保证服务质量我们这边的对话都会留下音频"
    file.write_text(f"坐席：您好\n坐席：{said}\n客户：好\n", encoding="utf-8")
    told = CliRunner().invoke(app, ["try", str(file)]).output.splitlines()
    [line] = [line for line in told if line.startswith("? ")]
    assert said in line
    assert "zh.common.service-steps.recording-notice" in line
