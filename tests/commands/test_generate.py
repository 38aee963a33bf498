import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import slow
from PIL import Image
from shrunk import batches, shrunk_model

from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.generate import generate_to, interpolate_to
from tfgan_suite.errors import InputError
from tfgan_suite.images import read_mark, save_png, to_uint8
from tfgan_suite.labels import titles
from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.marking import generator_name, marks
from tfgan_suite.models.gan import GAN
from tfgan_suite.pictures import sheet
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import CARD, SavedGenerator

CARDS = {"model": "cgan", "dataset": "tiny, train (32 images)", "label_names": ["ship", "cat", "2"]}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of classes, one of attributes, and one without labels or card."""
    folder = tmp_path_factory.mktemp("exported")
    export_generator(contrasting("cgan"), folder / "cgan", CARDS)
    export_generator(contrasting("cgan", attributes=True), folder / "attributes", CARDS)
    export_generator(contrasting("dcgan"), folder / "mine")
    return folder


def contrasting(name: str, attributes: bool = False) -> GAN:
    """A shrunk model whose images differ: those of an untrained one are nearly all grey."""
    model = shrunk_model(name, attributes)
    generator = model.sampling_generator
    generator.set_weights([weights * 16 if weights.ndim > 1 else weights for weights in generator.get_weights()])
    return model


def facts_of(path: Path) -> dict[str, str]:
    """A mark without its first text, which is the version's."""
    mark = read_mark(path)
    assert mark.pop("Software").startswith("tfgan_suite ")
    return mark


def generate(*arguments: object) -> int:
    return run(COMMANDS["generate"], [str(argument) for argument in arguments], "generate.py")


def test_single_pictures_say_seed_and_label(exported: Path, tmp_path: Path) -> None:
    name = "cgan trained on tiny, train (32 images)"
    generate_to(str(exported / "cgan"), str(tmp_path / "cgan"), 3, seed=9, labels="1,2,1")
    assert facts_of(tmp_path / "cgan/seed_00000009.png") == {"generator": name, "seed": "9", "label": "1 (cat)"}
    assert facts_of(tmp_path / "cgan/seed_00000010.png") == {"generator": name, "seed": "10", "label": "2"}
    assert facts_of(tmp_path / "cgan/seed_00000011.png") == {"generator": name, "seed": "11", "label": "1 (cat)"}
    generate_to(str(exported / "attributes"), str(tmp_path / "attributes"), 2, labels="110,000")
    assert facts_of(tmp_path / "attributes/seed_00000000.png")["label"] == "110 (ship, cat)"
    assert facts_of(tmp_path / "attributes/seed_00000001.png")["label"] == "000"
    generate_to(str(exported / "mine"), str(tmp_path / "mine"), 1)
    assert facts_of(tmp_path / "mine/seed_00000000.png") == {"generator": "mine", "seed": "0"}


@pytest.mark.parametrize(
    ("name", "count", "labels", "expected"),
    [
        ("cgan", 6, "2,0", {"seed": "5", "count": "6", "labels": "2,0"}),
        ("cgan", 7, None, {"seed": "5", "count": "7", "labels": "0,1,2"}),
        ("attributes", 4, "011,100", {"seed": "5", "count": "4", "labels": "011,100"}),
        ("mine", 4, None, {"seed": "5", "count": "4"}),
    ],
)
def test_the_mark_of_a_grid_makes_it_again(
    name: str, count: int, labels: str | None, expected: dict[str, str], exported: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    generate_to(str(exported / name), str(first), count, 5, labels)
    mark = facts_of(first)
    del mark["generator"]
    assert mark == expected
    generate_to(str(exported / name), str(second), int(mark["count"]), int(mark["seed"]), mark.get("labels"))
    with Image.open(first) as one, Image.open(second) as other:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_grid_of_fewer_images_than_classes_names_those_it_has(exported: Path, tmp_path: Path) -> None:
    generate_to(str(exported / "cgan"), str(tmp_path / "grid.png"), 2)
    assert facts_of(tmp_path / "grid.png")["labels"] == "0,1"


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("/home/someone/photos (32 images)", "cgan trained on photos (32 images)"),
        ("mnist/3.0.1, train (60,000 images)", "cgan trained on mnist/3.0.1, train (60,000 images)"),
    ],
)
def test_a_mark_does_not_say_where_the_data_lay(dataset: str, expected: str, exported: Path) -> None:
    generator = SavedGenerator(exported / "cgan")
    generator.card = {**generator.card, "dataset": dataset}
    assert generator_name(generator) == expected


def test_a_truncated_picture_says_so(exported: Path, tmp_path: Path) -> None:
    generator = SavedGenerator(exported / "mine")
    for name, truncation in (("a", 0.2), ("b", 1000.0)):
        generate_to(str(exported / "mine"), str(tmp_path / f"{name}.npz"), 3, truncation=truncation)
        with np.load(tmp_path / f"{name}.npz") as arrays:
            expected = to_uint8(generator.generate(np.arange(3), truncation=truncation))
            np.testing.assert_array_equal(arrays["images"], expected)
    plain = to_uint8(generator.generate(np.arange(3)))
    with np.load(tmp_path / "a.npz") as arrays:
        assert np.abs(arrays["images"].astype(int) - plain).mean() > 3
    np.testing.assert_array_equal(expected, plain)  # a wide one leaves latents as they are
    generate_to(str(exported / "mine"), str(tmp_path / "a.png"), 1, truncation=0.2)
    generate_to(str(exported / "mine"), str(tmp_path / "folder"), 1, truncation=0.2)
    assert facts_of(tmp_path / "a.png")["truncation"] == "0.2"
    assert facts_of(tmp_path / "folder" / "seed_00000000.png")["truncation"] == "0.2"


@pytest.mark.parametrize(("labels", "expected"), [(None, [0, 1, 2]), ("2,0", [2, 0])])
def test_a_sweep_makes_each_seed_with_every_label(
    labels: str | None, expected: list[int], exported: Path, tmp_path: Path
) -> None:
    generate_to(str(exported / "cgan"), str(tmp_path / "a.npz"), 2, seed=5, labels=labels, sweep=True)
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["seeds"].tolist() == [5] * len(expected) + [6] * len(expected)
        assert arrays["labels"].tolist() == expected * 2
        images = arrays["images"]
    generator = SavedGenerator(exported / "cgan")
    np.testing.assert_array_equal(images[1], to_uint8(generator.generate(np.array([5]), expected[1]))[0])
    generate_to(str(exported / "cgan"), str(tmp_path / "a.png"), 2, seed=5, labels=labels, sweep=True)
    names = [(name, str(index)) for index, name in enumerate(CARDS["label_names"])]
    with Image.open(tmp_path / "a.png") as picture:
        # A column a label, below its name, and a row a seed.
        drawn = sheet(images, len(expected), [names[label] for label in expected])
        np.testing.assert_array_equal(np.asarray(picture), drawn[..., 0])
        assert picture.size[0] > picture.size[1] or len(expected) == 2
    assert facts_of(tmp_path / "a.png")["sweep"] == "each seed with every label"


@pytest.mark.parametrize(
    ("name", "labels", "digits"),
    [
        ("cgan", "Ship,cat", "0,1"),
        slow("cgan", "2", "2"),
        slow("attributes", "ship+CAT,cat", "110,010"),
        ("attributes", "ship,001", "100,001"),
    ],
)
def test_labels_by_name_are_those_by_digits(
    name: str, labels: str, digits: str, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in ("npz", "png"):
        for part, text in (("names", labels), ("digits", digits)):
            assert (
                generate(exported / name, "--count", 6, "--labels", text, "--output", tmp_path / f"{part}.{suffix}")
                == 0
            )
    with np.load(tmp_path / "names.npz") as one, np.load(tmp_path / "digits.npz") as other:
        for array in ("images", "labels", "seeds"):
            np.testing.assert_array_equal(one[array], other[array])
    assert (tmp_path / "names.png").read_bytes() == (tmp_path / "digits.png").read_bytes()
    assert facts_of(tmp_path / "names.png")["labels"] == digits
    interpolate_to(str(exported / name), str(tmp_path / "names.gif"), "3:7", 2, labels)
    interpolate_to(str(exported / name), str(tmp_path / "digits.gif"), "3:7", 2, digits)
    assert (tmp_path / "names.gif").read_bytes() == (tmp_path / "digits.gif").read_bytes()
    assert 'is "' not in capsys.readouterr().out


def test_python_takes_names_too(exported: Path) -> None:
    generator, seeds = SavedGenerator(exported / "cgan"), np.arange(3)
    assert generator.label_names == ("ship", "cat", "2")
    by_name = generator.generate(seeds, labels=["cat", "ship", "2"])
    np.testing.assert_array_equal(by_name, generator.generate(seeds, labels=[1, 0, 2]))
    attributes = SavedGenerator(exported / "attributes")
    by_name = attributes.generate(seeds, labels=["ship+cat", "ship", "cat"])
    np.testing.assert_array_equal(by_name, attributes.generate(seeds, labels=[[1, 1, 0], [1, 0, 0], [0, 1, 0]]))
    assert SavedGenerator(exported / "mine").label_names == ()


def test_digits_that_are_the_name_of_another_class_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export_generator(shrunk_model("cgan"), tmp_path / "counted", {"label_names": ["1", "2", "red"]})
    arguments = [tmp_path / "counted", "--count", 2, "--output", tmp_path / "a.npz"]
    assert generate(*arguments, "--labels", "1,RED") == 0
    assert capsys.readouterr().out.splitlines()[0] == 'label 1 is "2"'
    assert generate(*arguments, "--labels", "3") == 2
    assert "in 0..2. Received: 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("cgan", ["0 ship", "1 cat", "2 2"]),
        ("attributes", ["0 ship", "1 cat", "2 2 (give it as 001)"]),
        ("mine", ["The generator MINE takes no labels."]),
    ],
)
def test_list_labels(name: str, lines: list[str], exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(exported / name, "--list-labels") == 0
    assert capsys.readouterr().out.replace(str(exported / "mine"), "MINE").splitlines() == lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["CGAN", "--labels", "shap", "--output", "a.png"],
            "Unknown class 'shap'. Did you mean ship? Expected one of: 2",
        ),
        (["CGAN", "--labels", "ship+cat", "--output", "a.png"], "Unknown class 'ship+cat'. Did you mean ship"),
        (["ATTRIBUTES", "--labels", "ship+kat", "--output", "a.png"], "Unknown attribute 'kat'. Did you mean cat"),
        (["MINE", "--labels", "ship", "--output", "a.png"], "is not conditional and takes no labels"),
        (["CGAN", "--labels", "shap", "--interpolate", "3:7", "--output", "a.gif"], "Did you mean ship"),
        (["CGAN", "--labels", "shap", "--sweep", "--output", "a.png"], "Did you mean ship"),
        (["CGAN", "--list-labels", "--output", "a.png"], "--list-labels takes GENERATOR and no other flag"),
        (["--list-labels"], "--list-labels takes GENERATOR and no other flag"),
        (["nowhere", "--list-labels"], "nowhere is no SavedModel"),
    ],
)
def test_names_are_refused_in_one_line(
    arguments: list[str], message: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    paths = {name.upper(): exported / name for name in ("mine", "cgan", "attributes")}
    assert generate(*(paths.get(argument, argument) for argument in arguments)) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.iterdir())


def test_one_image_alone_is_written_pixel_by_pixel(exported: Path, tmp_path: Path) -> None:
    generate_to(str(exported / "cgan"), str(tmp_path / "one.png"), 1, seed=5, labels="cat")
    with Image.open(tmp_path / "one.png") as picture:
        expected = to_uint8(SavedGenerator(exported / "cgan").generate(np.array([5]), 1))[0, ..., 0]
        np.testing.assert_array_equal(np.asarray(picture), expected)
    assert facts_of(tmp_path / "one.png")["labels"] == "1"


@pytest.mark.parametrize(
    ("name", "labels", "values"),
    [
        ("cgan", "1", [1]),
        ("cgan", None, [0, 1, 2]),
        ("attributes", "011,100", [[0, 1, 1], [1, 0, 0]]),
        ("mine", None, None),
    ],
)
def test_a_walk_leads_from_one_seed_to_the_other(
    name: str, labels: str | None, values: list[int] | None, exported: Path, tmp_path: Path
) -> None:
    interpolate_to(str(exported / name), str(tmp_path / "walk.gif"), "3:7", 5, labels)
    generator, side = SavedGenerator(exported / name), 1 if values is None else len(values)
    a, b = latents_from_seeds(np.array([3, 7]), 4).numpy().astype(np.float64)
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    quarter = (np.sin(angle * 3 / 4) * a + np.sin(angle / 4) * b) / np.sin(angle)
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 5 and gif.size[0] >= 600
        names = titles(generator.labels.check(values, side), generator.label_names) if values is not None else []
        shown = {}
        for frame, latents in ((0, a), (1, quarter), (4, b)):
            gif.seek(frame)
            shown[frame] = np.asarray(gif.convert("L"), np.float32)
            expected = to_uint8(generator.images_from_latents(np.tile(latents, (side, 1)), values))
            # A level apart where rounding falls the other way.
            np.testing.assert_allclose(shown[frame], sheet(expected, side, names)[..., 0], atol=1)
        assert np.abs(shown[0] - shown[4]).mean() > 10
        assert np.abs(shown[0] - shown[1]).mean() > 3
    assert [path.name for path in tmp_path.iterdir()] == ["walk.gif"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["MINE", "--output", "a.gif", "--interpolate", "3"], "two seeds in 0..2**62, such as 3:7. Received: '3'"),
        (["MINE", "--output", "a.gif", "--interpolate", "3:x"], "two seeds"),
        (["MINE", "--output", "a.png", "--interpolate", "3:7"], "must be NAME.gif"),
        (["MINE", "--output", "no/a.gif", "--interpolate", "3:7"], "does not exist"),
        (["MINE", "--output", "a.gif", "--interpolate", "3:7", "--frames", "1"], "--frames must be in 2..1000"),
        (["MINE", "--output", "a.gif", "--interpolate", "3:7", "--count", "2"], "and no other flag"),
        (["MINE", "--output", "a.gif", "--interpolate", "3:7", "--labels", "1"], "not conditional"),
        (["CGAN", "--output", "a.gif", "--interpolate", "3:7", "--labels", "3"], "must be in 0..2. Received: 3"),
        (["MINE", "--output", "a.gif"], "or be a folder"),
        (["MINE", "--output", "a.png", "--frames", "9"], "--frames needs --interpolate"),
        (["MINE", "--output", "a.png", "--truncation", "0"], "--truncation must be greater than 0"),
        (["MINE", "--output", "a.png", "--truncation", "nan"], "--truncation must be greater than 0"),
        (["MINE", "--output", "a.png", "--sweep"], "not conditional"),
        (["CGAN", "--output", "folder", "--sweep"], "--sweep needs --output NAME.png or NAME.npz"),
    ],
)
def test_walks_and_sweeps_are_refused_in_one_line(
    arguments: list[str], message: str, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    paths = {"MINE": exported / "mine", "CGAN": exported / "cgan"}
    assert generate(*(paths.get(argument, argument) for argument in arguments)) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.iterdir())


def test_an_export_without_the_signature_says_what_to_do(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = tf.saved_model.load

    def older(path: str) -> SimpleNamespace:
        loaded = load(path)
        return SimpleNamespace(signatures={"sample": loaded.signatures["sample"]}, kept=loaded)

    monkeypatch.setattr(tf.saved_model, "load", older)
    with pytest.raises(InputError, match=r"no signature 'interpolate'\. Export it again"):
        interpolate_to(str(exported / "mine"), str(tmp_path / "walk.gif"), "3:7")
    assert not list(tmp_path.iterdir())


def test_sample_grids_of_a_training_are_marked(tmp_path: Path) -> None:
    shrunk_model("dcgan").fit(batches(), epochs=2, callbacks=[SampleGrid(tmp_path, 4)], verbose=0)
    assert facts_of(tmp_path / "epoch_0002.png") == {"generator": "DCGAN in training", "epoch": "2"}


def test_verify_prints_a_line_a_keyword(exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(exported / "cgan", "--count", 1, "--seed", 4, "--labels", 1, "--output", tmp_path / "one") == 0
    capsys.readouterr()
    assert generate("--verify", tmp_path / "one" / "seed_00000004.png") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Software: tfgan_suite ")
    assert lines[1:] == ["generator: cgan trained on tiny, train (32 images)", "seed: 4", "label: 1 (cat)"]


def test_verify_of_a_folder_prints_a_line_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.zeros((4, 4, 1), np.uint8)
    (tmp_path / "b").mkdir()
    save_png(tmp_path / "b" / "one.png", pixels, {"seed": 3})
    save_png(tmp_path / "two.png", pixels, {"seed": 5})
    assert generate("--verify", tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(Path("b/one.png")), "two.png"]
    assert [line.rpartition("; ")[2] for line in lines] == ["seed: 3", "seed: 5"]
    save_png(tmp_path / "c.png", pixels)
    (tmp_path / "d.jpg").touch()
    assert generate("--verify", tmp_path) == 2
    output, error = capsys.readouterr()
    assert len(output.splitlines()) == 4
    assert "c.png: carries no mark of tfgan_suite\nd.jpg: carries no mark of tfgan_suite\n" in output
    assert error == f"generate.py: 2 of the 4 pictures in {tmp_path} carry no mark of tfgan_suite.\n"


def test_a_forged_mark_does_not_steer_the_terminal(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", np.zeros((4, 4, 1), np.uint8), {"seed": "7\nlabel: 3\x1b[2J"})
    assert list(marks(str(tmp_path / "a.png")))[1:] == ["seed: 7?label: 3?[2J"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--verify", "plain.png"], "plain.png carries no mark of tfgan_suite"),
        (["--verify", "text.png"], "text.png carries no mark of tfgan_suite: it is no PNG file, or a damaged one"),
        (["--verify", "nowhere.png"], "nowhere.png does not exist"),
        (["--verify", "empty"], "has no pictures"),
        (["--verify", "plain.png", "--count", "3"], "stands alone"),
        (["saved_models/x", "--verify", "plain.png"], "stands alone"),
        (["--verify"], "--verify"),
        (["--output", "a.png"], "Expected GENERATOR and --output"),
        ([], "Expected GENERATOR and --output"),
    ],
)
def test_verify_refuses_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("text.png").write_text("no picture")
    save_png("plain.png", np.zeros((4, 4, 1), np.uint8))
    assert generate(*arguments) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.count("\n") == 1
    assert message in error


def test_foreign_operations_need_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Here a log line: it could be any file, or Python."""
    model = shrunk_model("mlp_gan")

    def sample(seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([tf.io.write_file(str(tmp_path / "written"), "x")]):
            return {"images": model.sample(tf.identity(seeds))}

    archive = keras.export.ExportArchive()
    archive.add_endpoint("sample", sample, input_signature=[tf.TensorSpec([None], tf.int64, name="seeds")])
    archive.write_out(str(tmp_path / "foreign"), verbose=False)
    good = export_generator(model, tmp_path / "good", verify=False)
    (tmp_path / "foreign" / CARD).parent.mkdir()
    shutil.copy(good / CARD, tmp_path / "foreign" / CARD)
    picture = tmp_path / "picture.png"
    assert generate(tmp_path / "foreign", "--output", picture) == 2
    assert "WriteFile. Load it, by --trust of generate.py, only if you trust" in capsys.readouterr().err
    assert not picture.exists() and not (tmp_path / "written").exists()
    assert generate(tmp_path / "foreign", "--trust", "--output", picture) == 0
    assert picture.exists() and (tmp_path / "written").read_text() == "x"


def test_a_generator_that_diverged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = shrunk_model("mlp_gan")
    kernel = next(weight for weight in model.sampling_generator.weights if len(weight.shape) > 1)
    kernel.assign(np.full(kernel.shape, np.nan))
    export_generator(model, tmp_path / "nan", verify=False)
    assert generate(tmp_path / "nan", "--output", tmp_path / "x.png") == 2
    assert "makes images that are not finite" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()
