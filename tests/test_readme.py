import re
from pathlib import Path

import pytest
import tyro
import yaml

from tfgan_suite.config import TrainConfig

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONG_RUNS = (ROOT / "docs" / "long_runs.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process and order, as a reader would type them, but of fewer steps."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 3 and "steps_per_epoch=28" in blocks[0]
    names: dict[str, object] = {}
    for block in blocks:
        exec(block.replace("steps_per_epoch=28", "steps_per_epoch=2"), names)
    assert names["images"].shape == (16, 32, 32, 1)  # type: ignore[attr-defined]
    assert (tmp_path / "saved_models" / "my_dcgan" / "1" / "saved_model.pb").is_file()


def test_python_block_of_long_runs_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", LONG_RUNS, re.DOTALL)
    exec(block, {})
    assert sorted(p.name for p in (tmp_path / "checkpoints").glob("*.keras")) == [
        "step_00000028.keras",
        "step_00000030.keras",
    ]
    names: dict[str, object] = {}
    exec(block, names)
    assert int(names["model"].step.numpy()) == 30  # type: ignore[attr-defined]


def test_kubernetes_manifest_has_what_the_operator_and_the_run_need() -> None:
    job = yaml.safe_load((ROOT / "docs" / "tfjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v1", "TFJob")
    assert job["metadata"]["name"]
    assert job["spec"]["runPolicy"]["backoffLimit"] >= 1
    assert list(job["spec"]["tfReplicaSpecs"]) == ["Worker"]  # TF_CONFIG then has the type worker alone
    workers = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert workers["replicas"] >= 2
    assert workers["restartPolicy"] == "OnFailure"  # code 75 is started again
    pod = workers["template"]["spec"]
    (container,) = pod["containers"]
    assert container["name"] == "tensorflow"
    assert container["image"]
    assert container["command"] == ["python", "-m", "tfgan_suite", "train"]
    config = tyro.cli(TrainConfig, args=container["args"], default=TrainConfig.from_preset("dcgan"))
    assert config.strategy == "multi_worker"
    assert config.batch_size % workers["replicas"] == 0
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    assert volume["persistentVolumeClaim"]["claimName"]
    for folder in (config.run_dir, config.export_dir, config.data_dir):
        assert str(folder).startswith(mount["mountPath"])


def test_ci_runs_the_test_line() -> None:
    pattern = re.search(r"grep -m 1 '(.*?)' README.md", (ROOT / ".ci" / "run").read_text()).group(1)  # type: ignore[union-attr]
    assert len(re.findall(pattern, README, re.MULTILINE)) == 1


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_named_scripts_exist() -> None:
    for script in re.findall(r"python (scripts/\w+\.py)", README):
        assert (ROOT / script).is_file(), script
