"""What a folder holds beside pictures, where its links lead, in which order it is read, and its splits."""

import itertools
import os
import random
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.natural_order import class_names, natural_key
from tfgan_suite.data.sources import load_images, load_train_and_test
from tfgan_suite.errors import InputError
from tfgan_suite.evaluation.real_images import load_real
from tfgan_suite.picture_rules import PictureRules

# What systems, editors and archivers leave behind; a picture of it must not be learned from.
HIDDEN_PICTURES = (
    ".ipynb_checkpoints/1-checkpoint.png",
    ".hidden.png",
    ".git/objects/a.png",
    "@eaDir/1.jpg",
    "#recycle/1.png",
    "$RECYCLE.BIN/1.png",
    "lost+found/1.png",
)
SILENT_JUNK = (
    "._1.png",
    "__MACOSX/cat/._1.png",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "Icon\r",
    ".gitkeep",
    ".partial_1.png/notes.txt",
)
NO_PICTURES = ("notes.txt", "labels.csv", "1.png~", "1.png.part", "clip.mpg", "scan.pdf", "1.HEIC", "weights.h5")


def write(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of whatever suffix: Pillow reads by content.
    Image.new("L", (5, 4), level).save(path, format="PNG")


def labelled(data: ImageData) -> list[tuple[str, int]]:
    """The class and the level of each picture, in order."""
    assert data.labels is not None
    return [(data.label_names[k], int(image[0, 0, 0])) for k, image in zip(data.labels, data.images, strict=True)]


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of two pictures."""
    for name, level in (("cat", 10), ("dog", 20)):
        for number in (2, 10):
            write(tmp_path / "animals" / name / f"img{number}.png", level + number)
    return tmp_path / "animals"


PLAIN = [("cat", 12), ("cat", 20), ("dog", 22), ("dog", 30)]


@pytest.mark.parametrize("place", ["", "cat", "cat/deeper"])
@pytest.mark.parametrize(
    ("junk", "kind"),
    [(name, kind) for names, kind in ((HIDDEN_PICTURES, "1 hidden picture"), (SILENT_JUNK, ""),
                                      (NO_PICTURES, "1 file that is no picture")) for name in names],
)  # fmt: skip
def test_junk_changes_no_class_and_is_told(animals: Path, junk: str, kind: str, place: str) -> None:
    write(animals / place / junk, 99)
    data = load_images(str(animals))
    assert labelled(data) == PLAIN
    where = f"{place}/{junk}".lstrip("/")
    assert data.notes == ((f"left out: {kind} ({where})",) if kind else ())


def test_all_that_is_left_out_is_counted_and_the_first_are_named(animals: Path) -> None:
    for index in range(1200):
        (animals / "cat" / f"{index}.txt").touch()
    (animals / "emu").mkdir()
    (animals / "fox" / "den").mkdir(parents=True)
    (animals / "dog" / "gone.png").symlink_to("nowhere")
    (animals / "goat").symlink_to("nowhere")
    (animals / "cat" / "self.png").symlink_to("self.png")
    os.mkfifo(animals / "pipe.png")
    data = load_images(str(animals))
    assert labelled(data) == PLAIN
    assert data.notes == (
        "left out: 2 empty folders (emu, fox), 3 broken links (cat/self.png, dog/gone.png, goat), "
        "1,201 files that are no pictures (cat/0.txt, cat/1.txt, cat/2.txt, and 1,198 more)",
    )


def test_nothing_left_says_what_there_was(tmp_path: Path) -> None:
    (tmp_path / "a.heic").touch()
    with pytest.raises(InputError, match=r"has no images .*\. Left out: 1 file that is no picture \(a\.heic\)\.$"):
        load_images(str(tmp_path))


def test_links_to_folders_and_files_are_followed(animals: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "1.png", 70)
    (animals / "emu").symlink_to(tmp_path / "elsewhere")
    (animals / "dog" / "img3.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    expected = [*PLAIN[:3], ("dog", 70), PLAIN[3], ("emu", 70)]
    assert labelled(load_images(str(animals))) == expected
    (tmp_path / "link").symlink_to(animals)
    assert labelled(load_images(str(tmp_path / "link"))) == expected


@pytest.mark.parametrize("target", [".", "..", "../..", "mutual"])
def test_a_loop_is_refused(animals: Path, tmp_path: Path, target: str) -> None:
    if target == "mutual":
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "back").symlink_to(animals)
        (animals / "cat" / "up").symlink_to(tmp_path / "other")
        name = "up/back"
    else:
        (animals / "cat" / "up").symlink_to(target)
        name = "up"
    if target == "../..":  # to the folder above the data set: the loop closes one round later
        name = "up/animals"
    with pytest.raises(InputError, match=rf"The link .*{name} leads back to a folder above it.* Remove the link\.$"):
        load_images(str(animals))
    (animals / "cat" / "up").rename(animals / "cat" / ".up")
    assert labelled(load_images(str(animals))) == PLAIN  # what is hidden is not followed


def test_a_folder_that_may_not_be_read_is_refused(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def forbidding(path: Path) -> object:
        if Path(path).name in ("cat", "lost+found"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    (animals / "lost+found").mkdir()  # which only root may read, on every disk of its own
    with pytest.raises(InputError, match=r"The folder .*cat cannot be read: Permission denied\.$"):
        load_images(str(animals))


def test_deeper_than_python_may_call(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    depth, here = sys.getrecursionlimit(), Path.cwd()
    try:
        os.chdir(tmp_path / "cat")
        for _ in range(depth):
            os.mkdir("d")  # noqa: PTH102
            os.chdir("d")
        write(Path("1.png"), 7)
        assert labelled(load_images(str(tmp_path))) == [("cat", 7)]
        Path("1.png").unlink()
        for _ in range(depth):  # deeper than pytest can clean up
            os.chdir("..")
            os.rmdir("d")  # noqa: PTH106
    finally:
        os.chdir(here)


def test_a_single_folder_around_the_classes_is_told(animals: Path, tmp_path: Path) -> None:
    data = load_images(str(tmp_path))
    assert data.label_names == ("animals",)
    assert data.notes == (f"one class: for the folders in it give {animals}",)


# ---- order -----------------------------------------------------------------------------------------

CLASS_SETS = [
    [str(number) for number in range(12)],
    ["class10", "class9", "class1"],
    ["-1", "0", "1.5", "1.25", "10"],
    ["01", "1", "2", "10"],
    ["B", "a", "C", "b 2", "b 10", "b"],
    ["größe", "gro\u0308ßer", "日本", "🙂", "a, b", "it's"],
    ["2020-1-2", "2020-1-10", "2020-02-1"],
]


@pytest.mark.parametrize("names", CLASS_SETS, ids=lambda names: names[0])
def test_a_folder_and_a_table_of_the_same_data_have_the_same_classes(tmp_path: Path, names: list[str]) -> None:
    rows = ["path,label"]
    for level, name in enumerate(names):
        write(tmp_path / "set" / name / "1.png", level)
        quoted = name.replace('"', '""')
        rows.append(f'"set/{quoted}/1.png","{quoted}"')
    (tmp_path / "set.csv").write_text("\n".join(rows), encoding="utf-8")
    folder, table = load_images(str(tmp_path / "set")), load_images(str(tmp_path / "set.csv"))
    assert folder.label_names == table.label_names
    assert sorted(labelled(folder)) == sorted(labelled(table))
    assert set(folder.label_names) == {unicodedata.normalize("NFC", name) for name in names}


def test_by_the_old_rules_names_are_text(tmp_path: Path) -> None:
    for level, name in enumerate(["class10", "class9"]):
        write(tmp_path / "set" / name / "10.png", level)
        write(tmp_path / "set" / name / "9.png", level + 10)
    rows = ["path,label", *(f"set/{name}/9.png,{name}" for name in ("class10", "class9"))]
    (tmp_path / "set.csv").write_text("\n".join(rows), encoding="utf-8")
    folder = load_images(str(tmp_path / "set"), data_rules=1)
    assert labelled(folder) == [("class10", 0), ("class10", 10), ("class9", 1), ("class9", 11)]
    assert (
        load_images(str(tmp_path / "set.csv"), data_rules=1).label_names == folder.label_names == ("class10", "class9")
    )


def test_numbers_are_ordered_by_value() -> None:
    assert class_names(map(str, range(120))) == tuple(map(str, range(120)))
    assert class_names(["1.5", "-1", "1.25", "10", "0"]) == ("-1", "0", "1.25", "1.5", "10")
    assert class_names(["class10", "class9", "class1"]) == ("class1", "class9", "class10")


def test_natural_order_is_an_order() -> None:
    """Whatever the names, sorting has one result."""
    numbers = random.Random(0)
    names = {"".join(numbers.choices("ab01290.- ", k=numbers.randint(1, 6))) for _ in range(400)} | {"0", "00", "a1b"}
    ordered = sorted(names, key=natural_key)
    for _ in range(5):
        shuffled = numbers.sample(ordered, len(ordered))
        assert sorted(shuffled, key=natural_key) == ordered
    assert all(natural_key(a) < natural_key(b) for a, b in itertools.pairwise(ordered))


def test_files_are_read_in_natural_order(tmp_path: Path) -> None:
    for level, name in enumerate(["img1", "img2", "img10", "img010b", "img11"]):
        write(tmp_path / f"{name}.png", level)
    assert load_images(str(tmp_path)).images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


# ---- splits ----------------------------------------------------------------------------------------


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """Splits of which no two have the same classes."""
    for split, classes in (("train", "abd"), ("test", "bd"), ("val", "bc")):
        for letter in classes:
            write(tmp_path / "set" / split / letter / "1.png", 10 * ord(letter) % 256 + len(split))
    return tmp_path / "set"


@pytest.mark.parametrize(("split", "classes"), [("train", "abd"), ("test", "bd"), ("val", "bc")])
def test_a_split_has_its_pictures_and_the_classes_of_all(parted: Path, split: str, classes: str) -> None:
    data = load_images(str(parted), split)
    assert data.label_names == ("a", "b", "c", "d")
    assert labelled(data) == [(letter, 10 * ord(letter) % 256 + len(split)) for letter in classes]
    assert data.source == f"{parted}, {split} ({len(classes)} images)"
    if split == "train":
        assert labelled(load_images(str(parted))) == labelled(data)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "test"), ("train", "test")),
        (("Training", "Testing", "Validation"), ("train", "test", "val")),
        (("TRAIN", "valid"), ("train", "val")),
        (("train", "test", ".git", "__MACOSX"), ("train", "test")),
        (("train", "bus"), ()),  # vehicles
        (("train", "test", "cat"), ()),
        (("training_set", "test"), ()),
    ],
)
def test_which_folders_are_splits(tmp_path: Path, names: tuple[str, ...], splits: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path / name / "x" / "1.png", 5)
    for split in splits:
        assert load_images(str(tmp_path), split).label_names == ("x",)
    if not splits:
        assert set(load_images(str(tmp_path)).label_names) == set(names)
    with pytest.raises(InputError, match=rf"no split 'all'\. It has.* {', '.join(splits) or 'none'}\b"):
        load_images(str(tmp_path), "all")


def test_splits_that_cannot_be_read(tmp_path: Path, parted: Path) -> None:
    with pytest.raises(InputError, match=r"no split 'validation'\. It has: train, test, val"):
        load_images(str(parted), "validation")
    write(parted / "valid" / "b" / "1.png", 1)
    with pytest.raises(InputError, match="two folders of the split val: val and valid"):
        load_images(str(parted))
    write(tmp_path / "only" / "test" / "1.png", 1)
    with pytest.raises(InputError, match=r"no split 'train'\. It has: test"):
        load_images(str(tmp_path / "only"))


@pytest.mark.parametrize("stray", ["1.png", "train/1.png"])
def test_pictures_beside_the_folders_of_splits(parted: Path, stray: str) -> None:
    write(parted / stray, 1)
    with pytest.raises(InputError, match=r"both subfolders \(classes\) and images beside them, such as 1\.png"):
        load_images(str(parted))


def test_splits_without_classes(tmp_path: Path) -> None:
    write(tmp_path / "train" / "1.png", 1)
    write(tmp_path / "test" / "1.png", 2)
    for split, level in (("train", 1), ("test", 2)):
        data = load_images(str(tmp_path), split)
        assert (data.labels, data.label_names, data.images[0, 0, 0, 0]) == (None, (), level)


def test_what_is_left_out_of_a_split_is_its_own(parted: Path) -> None:
    for place in ("train/notes.txt", "test/notes.txt", "notes.txt"):
        (parted / place).touch()
    for place in ("docs", "test/a"):
        (parted / place).mkdir()
    assert load_images(str(parted)).notes == (
        "left out: 1 empty folder (docs), 2 files that are no pictures (notes.txt, train/notes.txt)",
    )
    assert "2 empty folders (docs, test/a)" in load_images(str(parted), "test").notes[0]


def test_evaluations_and_classifiers_take_the_split_test(parted: Path) -> None:
    train, test = load_train_and_test(str(parted))
    assert (labelled(train), labelled(test)) == (
        labelled(load_images(str(parted))),
        labelled(load_images(str(parted), "test")),
    )
    real = load_real(str(parted), None, None, (4, 5, 1))
    assert real.held_out
    assert labelled(real.reference) == labelled(test)
    assert labelled(real.train) == labelled(train)
    write(parted / "test" / "b" / "2.png", 3)
    assert not load_real(str(parted), "train", None, (4, 5, 1)).held_out


def test_old_rules_know_no_splits(parted: Path) -> None:
    rules = PictureRules(data_rules=1)
    everything = load_images(str(parted), data_rules=1)
    assert everything.label_names == ("test", "train", "val")
    train, test = load_train_and_test(str(parted), rules=rules)
    assert len(train.images) + len(test.images) == len(everything.images) == 7
    with pytest.raises(InputError, match="Only data sets of TensorFlow Datasets"):
        load_images(str(parted), "test", data_rules=1)
