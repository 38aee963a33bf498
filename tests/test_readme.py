import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process and order, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert names["images"].shape == (16, 32, 32, 1)  # type: ignore[attr-defined]
    assert (tmp_path / "saved_models" / "my_dcgan" / "1" / "saved_model.pb").is_file()


def test_ci_runs_the_test_line() -> None:
    pattern = re.search(r"grep -m 1 '(.*?)' README.md", (ROOT / ".ci" / "run").read_text()).group(1)  # type: ignore[union-attr]
    assert len(re.findall(pattern, README, re.MULTILINE)) == 1


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_named_scripts_exist() -> None:
    for script in re.findall(r"python (scripts/\w+\.py)", README):
        assert (ROOT / script).is_file(), script
