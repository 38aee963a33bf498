import json
import shutil
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
from PIL import Image
from shrunk import SHAPE, shrunk_model, tiny_data

from tfgan_suite import InputError, SavedGenerator, load_images
from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.augment import SEEN_MORE, SEEN_TEST, augment_to, folder_names, real_of_classes
from tfgan_suite.data import sources
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.images import read_mark, save_png, to_uint8
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import CARD

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generators, and a folder of 150 real images of their three classes."""
    folder = tmp_path_factory.mktemp("augmenting")
    export_generator(shrunk_model("cgan"), folder / "cgan", {"label_names": list(NAMES)})
    shutil.copytree(folder / "cgan", folder / "other")
    card = folder / "other" / "1" / CARD
    card.write_text(json.dumps({**json.loads(card.read_text()), "label_names": ["a", "b", "d"]}))
    export_generator(shrunk_model("dcgan"), folder / "dcgan")
    data = tiny_data(150)
    assert data.labels is not None
    for index, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
        (folder / "real" / NAMES[label]).mkdir(parents=True, exist_ok=True)
        save_png(folder / "real" / NAMES[label] / f"{index}.png", image)
    return folder


def test_the_set_is_an_image_folder_of_what_the_generator_makes(place: Path, tmp_path: Path) -> None:
    line = augment_to(str(place / "cgan"), str(tmp_path / "set"), str(place / "real"), per_class=4, seed=5, num_seeds=0)
    assert line == f"wrote: {tmp_path / 'set'}, 12 images of 3 classes"
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == list(NAMES)
    data = load_images(str(tmp_path / "set"))
    assert data.labels is not None
    assert (data.image_shape, data.label_names, np.bincount(data.labels).tolist()) == (SHAPE, NAMES, [4, 4, 4])
    generator = SavedGenerator(place / "cgan")
    for label, name in enumerate(NAMES):
        files = sorted((tmp_path / "set" / name).iterdir())
        seeds = [5 + label, 8 + label, 11 + label, 14 + label]
        assert [file.name for file in files] == [f"seed_{seed:08d}.png" for seed in seeds]
        made = to_uint8(generator.generate(np.array(seeds), np.full(4, label)))
        for file, seed, pixels in zip(files, seeds, made, strict=True):
            with Image.open(file) as image:
                np.testing.assert_array_equal(np.asarray(image), pixels[..., 0])
            mark = read_mark(file)
            assert (mark["generator"], mark["seed"], mark["label"]) == ("cgan", str(seed), f"{label} ({name})")


@pytest.mark.slow
def test_the_table_has_both_arms_for_each_seed(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (place / "cgan", "--dataset", place / "real", "--output", tmp_path / "set", "--per-class", 20,
                 "--real-per-class", 20, "--num-seeds", 2, "--steps", 3)  # fmt: skip
    assert run(COMMANDS["augment"], [str(argument) for argument in arguments], "augment.py") == 0
    output = capsys.readouterr().out
    record = json.loads((tmp_path / "set" / "augment.json").read_text())
    assert record["seeds"] == [0, 1]
    assert record["synthetic"] == {"per_class": 20, "first_seed": 0}
    assert record["num_test_images"] == 30
    assert record["test"].startswith("20% of ")
    assert record["versions"]["tfgan_suite"]
    (row,) = record["rows"]
    assert (row["real_per_class"], row["steps"]) == (20, 3)
    less, more, gain = (row[name]["each"] for name in ("real_only", "with_synthetic", "difference"))
    assert len(less) == len(more) == 2
    assert all(0 <= value <= 1 and value * 30 == pytest.approx(round(value * 30)) for value in less + more)
    assert gain == pytest.approx([more[0] - less[0], more[1] - less[1]])
    for name, values in (("real_only", less), ("with_synthetic", more), ("difference", gain)):
        assert row[name]["mean"] == pytest.approx(mean(values))
        assert row[name]["sd"] == pytest.approx(stdev(values))
        assert f"{mean(values):.2%} +- {stdev(values):.2%}" in output
    for seed in (0, 1):
        assert f"k = 20, seed {seed}: " in output
    assert "takes 3 steps of 128 images" in output
    for caveat in (SEEN_MORE, SEEN_TEST):
        assert caveat in output
        assert caveat in record["caveats"]
    assert len(load_images(str(tmp_path / "set")).images) == 60  # the JSON file is no image


def test_the_split_test_is_taken_where_there_is_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(dataset: str, split: str, data_dir: str | None, rules: PictureRules) -> ImageData:
        assert (data_dir, rules.size, rules.channels, rules.data_rules) == ("here", (8, 8), 1, 2)
        data = tiny_data(30 if split == "train" else 12)
        return ImageData(data.images, data.labels, data.label_names, f"{dataset}, {split}")

    generator = SavedGenerator(place / "cgan")
    monkeypatch.setattr(sources, "read_images", read)
    monkeypatch.setattr(sources, "splits_of", lambda *_: ("train", "test"))
    train, test = real_of_classes(generator, "letters", "here")
    assert (train.source, len(train.images)) == ("letters, train", 30)
    assert (test.source, len(test.images)) == ("letters, test", 12)
    monkeypatch.setattr(sources, "splits_of", lambda *_: ("train",))
    train, test = real_of_classes(generator, "letters", "here")
    assert (len(train.images), len(test.images)) == (24, 6)
    assert not {image.tobytes() for image in train.images} & {image.tobytes() for image in test.images}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["T-shirt/top", "../up", "..."], ["class_0", "class_1", "class_2"]),
        (["T-shirt/top", "../up"], ["T-shirt_top", "_up"]),
        (["a", "A"], ["class_0", "class_1"]),
        (["a b", "ü", "3.5"], ["a b", "ü", "3.5"]),
    ],
)
def test_classes_as_folders(names: list[str], expected: list[str]) -> None:
    assert folder_names(names) == expected


@pytest.mark.parametrize(
    ("generator", "options", "message"),
    [
        ("dcgan", {}, "needs a generator of classes"),
        ("other", {}, r"3 classes \(a, b, d\). Received: .* with a, b, c"),
        ("cgan", {"dataset": "digits"}, "3 classes"),
        ("nowhere", {}, "no SavedModel"),
        ("cgan", {"per_class": 0}, "--per-class must be at least 1"),
        ("cgan", {"seed": -1}, "seed must be"),
        ("cgan", {"real_per_class": ()}, "--real-per-class must be numbers of at least 1"),
        ("cgan", {"real_per_class": (5, 0)}, "--real-per-class must be numbers of at least 1"),
        ("cgan", {"real_per_class": (5, 41)}, r"at most \d+, the real images of the smallest class. Received: 41"),
        ("cgan", {"num_seeds": 1}, "--num-seeds must be at least 2"),
        ("cgan", {"steps": 4, "per_class": 200}, "--steps must be at least 5"),
        ("cgan", {"results": "missing/table.json"}, "--results does not exist"),
        ("cgan", {"output": "full"}, "not empty"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(
    generator: str, options: dict[str, object], message: str, place: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/file").touch()
    settings = {"output": "set", "dataset": str(place / "real"), "real_per_class": (5,), **options}
    with pytest.raises(InputError, match=message):
        augment_to(str(place / generator), **settings)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
