"""Which generator may follow another one in a folder of versions, and what happens when several come at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from shrunk import shrunk_model
from test_cli import TINY, call, refused

from tfgan_suite import ConditionalGAN, InputError
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import CARD, read_card
from tfgan_suite.serving.succession import check_successor

TESTS = Path(__file__).parent.parent
OLD: dict[str, Any] = {
    "image_shape": [8, 8, 1], "latent_dim": 4, "num_classes": 2, "num_attributes": None, "label_names": ["cat", "dog"],
    "model": "cgan", "dataset": "a/pets (20 images)", "data": {"fingerprint": "1", "place_sha256": "a"},
}  # fmt: skip


def write_card(base: Path, version: int, card: dict[str, Any]) -> None:
    path = base / str(version) / CARD
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (8, 9, 1)}, r"image_shape was \(8, 8, 1\), now \(8, 9, 1\)"),
        ({"latent_dim": 5}, "latent_dim was 4, now 5"),
        ({"num_classes": 3}, "num_classes was 2, now 3"),
        ({"num_classes": None, "num_attributes": 2}, "num_classes was 2, now None; num_attributes was None, now 2"),
        ({"label_names": ["cat", "cow"]}, "label 1 was dog, now cow"),
    ],
)
def test_what_would_break_clients_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    write_card(tmp_path, 3, OLD)
    for chosen in (True, False):
        with pytest.raises(InputError, match=f"version 3 of another generator, .*{message}"):
            check_successor(tmp_path, {**OLD, **changes}, chosen)


def test_the_newest_card_of_ours_counts(tmp_path: Path) -> None:
    assert check_successor(tmp_path / "nowhere", OLD, chosen=False) is None
    write_card(tmp_path, 9, {**OLD, "latent_dim": 5})
    write_card(tmp_path, 10, OLD)
    (tmp_path / "11").mkdir()  # another's
    (tmp_path / "notes").mkdir()
    assert check_successor(tmp_path, OLD, chosen=False) is None


def test_other_data_and_models_are_told(tmp_path: Path) -> None:
    write_card(tmp_path, 1, OLD)
    data = {"fingerprint": "2", "place_sha256": "a"}
    grown = {**OLD, "model": "cgan_mirza2014", "dataset": "a/pets (21 images)", "data": data}
    for chosen in (True, False):
        assert check_successor(tmp_path, grown, chosen) == (
            f"export: {tmp_path} had version 1 with the same signature; the model was cgan, now cgan_mirza2014; "
            "the data were a/pets (20 images), now a/pets (21 images)"
        )


def test_data_of_another_place_need_a_word(tmp_path: Path) -> None:
    write_card(tmp_path, 1, OLD)
    moved = {**OLD, "dataset": "b/pets (20 images)", "data": {"fingerprint": "1", "place_sha256": "b"}}
    assert check_successor(tmp_path, moved, chosen=False) is None  # they have only moved
    others = {**moved, "data": {"fingerprint": "2", "place_sha256": "b"}}
    with pytest.raises(InputError, match=f"give export_dir='{tmp_path}' to go on there"):
        check_successor(tmp_path, others, chosen=False)
    assert "the data were a/pets (20 images), now b/pets (20 images)" in (check_successor(tmp_path, others) or "")


@pytest.mark.parametrize("missing", ["data", "label_names", "model", "dataset"])
def test_facts_that_a_card_lacks_are_not_compared(missing: str, tmp_path: Path) -> None:
    write_card(tmp_path, 1, {key: value for key, value in OLD.items() if key != missing})
    changed = {"data": {"fingerprint": "2", "place_sha256": "b"}, "label_names": ["x", "y"]}
    other = {**OLD, missing: changed.get(missing, "z")}
    check_successor(tmp_path, other, chosen=False)
    with pytest.raises(InputError, match="latent_dim"):
        check_successor(tmp_path, {**other, "latent_dim": 9})


def test_names_of_data_do_not_matter_to_a_generator_without_labels(tmp_path: Path) -> None:
    plain = {**OLD, "num_classes": None}
    write_card(tmp_path, 1, plain)
    assert check_successor(tmp_path, {**plain, "label_names": ["x", "y"]}) is None


def test_export_generator_looks_and_writes_nothing(tmp_path: Path) -> None:
    model = shrunk_model("cgan")
    export_generator(model, tmp_path, {"label_names": ["a", "b", "c"]}, verify=False)
    assert model.facts().items() <= read_card(tmp_path / "1").items()
    other = ConditionalGAN(image_shape=(8, 8, 1), latent_dim=4, num_classes=4, body="mlp")
    for wrong, card in ((shrunk_model("dcgan"), {}), (other, {}), (model, {"label_names": ["a", "b", "d"]})):
        with pytest.raises(InputError, match="version 1 of another generator"):
            export_generator(wrong, tmp_path, card, verify=False)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert export_generator(model, tmp_path, verify=False).name == "2"


EXPORTS = """
import sys, time
from pathlib import Path
from shrunk import shrunk_model
from tfgan_suite.serving import export
index, base = int(sys.argv[1]), Path(sys.argv[2])
model = shrunk_model("mlp_gan", latent_dim=4 if index < 2 else 5)
write = export._write
def write_and_meet(*arguments):  # all have looked at the folder, and written, before any of them appears
    write(*arguments)
    (base.parent / f"written_{index}").touch()
    while len(list(base.parent.glob("written_*"))) < 3:
        time.sleep(0.01)
export._write = write_and_meet
for _ in range(2):
    print(export.export_generator(model, base, {"index": index}, verify=index == 0).name)
"""


@pytest.mark.slow
def test_processes_that_export_at_once_get_versions_of_their_own(tmp_path: Path) -> None:
    """Two of one model and one of another: either those of the two appear, or those of the one."""
    base = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "TF_CPP_MIN_LOG_LEVEL": "0"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", EXPORTS, str(index), str(base)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )
        for index in range(3)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=300) for process in processes]
    printed = [[int(line) for line in out.split()] for out, _ in outputs]
    dims = {read_card(path)["latent_dim"] for path in base.iterdir()}
    versions = sorted(version for numbers in printed for version in numbers)
    assert versions == list(range(1, len(versions) + 1)) and len(versions) in (2, 4), outputs
    assert sorted(int(path.name) for path in base.iterdir()) == versions
    assert len(dims) == 1
    assert "INVALID_ARGUMENT" not in outputs[0][1]  # which TensorFlow says of each refusal that the check provokes
    for index, numbers in enumerate(printed):
        for version in numbers:
            assert read_card(base / str(version))["index"] == index
        assert bool(numbers) == ((index == 2) == (dims == {5}))
        assert numbers or "whose clients would break: latent_dim" in outputs[index][1]


def pictures(folder: Path, shade: int, size: int = 8) -> Path:
    folder.mkdir(parents=True)
    for number in range(16):
        Image.new("L", (size, size), (shade + 5 * number) % 256).save(folder / f"{number:02}.png")
    return folder


@pytest.mark.slow
def test_two_data_sets_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ("--batch-size", "8", "--epochs", "1")
    run = [*(argument for argument in TINY if argument not in ("--image-size", "8")), *small]
    assert call("train", *run, "--dataset", pictures(tmp_path / "a" / "pets", 0), "--run-dir", "a/run") == 0
    other, larger = pictures(tmp_path / "b" / "pets", 100), pictures(tmp_path / "c" / "pets", 0, 9)
    capsys.readouterr()
    for dry in ([], ["--dry-run"]):
        error = refused(capsys, "train", *run, "--dataset", other, "--run-dir", "b/run", *dry)
        assert "give --export-dir saved_models/dcgan_pets to go on there" in error
        error = refused(capsys, "train", *run, "--dataset", larger, "--run-dir", "c/run", *dry)
        assert "image_shape was (8, 8, 1), now (9, 9, 1)" in error
    assert not (tmp_path / "b" / "run").exists()
    chosen = ["--export-dir", "saved_models/dcgan_pets"]
    assert call("train", *run, "--dataset", other, "--run-dir", "b/run", *chosen) == 0
    output = capsys.readouterr().out
    assert output.count("with the same signature; the data were ") == 1
    assert output.rstrip().endswith("exported: saved_models/dcgan_pets/2")
    # A run goes on where its data have moved to, by the name of the new place.
    (tmp_path / "b" / "pets").rename(tmp_path / "moved")
    again = [*run, "--run-dir", "b/run", *chosen, "--epochs", "2"]
    assert "--dataset was" not in refused(capsys, "train", *again, "--dataset", tmp_path / "b" / "pets")
    assert call("train", *again, "--dataset", tmp_path / "moved") == 0
    output = capsys.readouterr().out
    assert f"data: {tmp_path / 'moved'} has what {other} had" in output
    assert "after step 2 (1 epochs and 0 of 2 steps)" in output
    assert "the data's fingerprint was" in refused(capsys, "train", *again, "--dataset", tmp_path / "a" / "pets")
