"""Pictures translated from the command line and from Python, by an export, a run and a file of Keras."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lanes import slow
from PIL import Image
from test_cli import call, refused

from tfgan_suite import Pix2Pix
from tfgan_suite.commands.translate import translate_to
from tfgan_suite.errors import InputError
from tfgan_suite.images import convert, mask_of, read_mark, to_float, to_uint8
from tfgan_suite.models.loading import load_model
from tfgan_suite.picture_rules import PictureRules
from tfgan_suite.runs import exporting
from tfgan_suite.runs.record import newest_of_run
from tfgan_suite.runs.translating import open_translator

# Weights are drawn so that what they make is not grey from the start.
TRAIN = (
    "--model", "pix2pix", "--degrade", "mask", "--dataset", "digits", "--image-size", "16", "--fit", "pad",
    "--background", "black", "--base-filters", "4", "--initializer-stddev", "0.2", "--epochs", "1",
    "--steps-per-epoch", "2", "--batch-size", "8", "--no-tensorboard",
)  # fmt: skip
SIDES = (30, 20)  # of the pictures here


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that fills holes, its export, and a run's file; and pictures, and a mask."""
    folder = tmp_path_factory.mktemp("trained")
    assert call("train", *TRAIN, "--run-dir", folder / "run", "--export-dir", folder / "out") == 0
    shutil.copy(newest_of_run(folder / "run"), folder / "model.keras")
    pictures = folder / "pictures"
    (pictures / "deeper").mkdir(parents=True)
    colours = np.random.default_rng(0).integers(0, 256, (*SIDES, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.rot90(colours))  # upright it is the first one
    Image.fromarray(colours).save(pictures / "a.png")
    lying.save(pictures / "deeper" / "turned.png", exif=exif)
    Image.fromarray(colours[..., 0]).save(pictures / "deeper" / "b.c.tiff")
    (pictures / "notes.txt").write_text("no picture, and passed over")
    hole = np.zeros(SIDES, np.uint8)
    hole[8:22, 5:15] = 255
    Image.fromarray(hole).save(folder / "mask.png")
    return folder


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def translated(folder: Path, *arguments: Any, of: str = "out") -> int:
    return call("translate", folder / of, *arguments, "--mask", folder / "mask.png")


def by_hand(folder: Path, picture: Path) -> np.ndarray:
    """What the run's model makes of a picture that is read as the run has read its own."""
    rules = PictureRules((16, 16), 1, "pad", "black")
    image = convert(Image.open(picture), rules).pixels[None]
    hole = mask_of(Image.open(folder / "mask.png"), rules)[None] / 255
    model = load_model(newest_of_run(folder / "run"), Pix2Pix)
    source = np.concatenate([to_float(image).numpy() * (1 - hole), hole], -1).astype(np.float32)
    return to_uint8(model(source))[0, ..., 0]


@pytest.mark.parametrize("of", ["out", slow("run")])
def test_a_folder_becomes_a_folder_of_the_same_names(of: str, trained: Path, tmp_path: Path) -> None:
    assert translated(trained, trained / "pictures", "--output", tmp_path / "made", of=of) == 0
    files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    assert files == ["made/a.png", "made/deeper/b.c.png", "made/deeper/turned.png"]
    expected = by_hand(trained, trained / "pictures" / "a.png")
    made = pixels(tmp_path / "made" / "a.png")
    assert made.shape == (16, 16) and expected.std() > 1
    assert np.abs(made.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(pixels(tmp_path / "made" / "deeper" / "turned.png"), made)
    assert read_mark(tmp_path / "made" / "a.png")["generator"].startswith("pix2pix trained on digits")


def test_files_become_files_and_one_alone_a_file(trained: Path, tmp_path: Path) -> None:
    a, b = trained / "pictures" / "a.png", trained / "pictures" / "deeper" / "b.c.tiff"
    assert translated(trained, a, b, "--output", tmp_path / "made") == 0
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["a.png", "b.c.png"]
    assert translated(trained, a, "--output", tmp_path / "one.png") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "one.png"), pixels(tmp_path / "made" / "a.png"))


@pytest.mark.slow
def test_the_best_checkpoint_and_a_file_of_keras(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file says nothing of how its run has read pictures: they are cropped, and that is said."""
    best = trained / "run" / "best"
    shutil.copytree(trained / "run" / "checkpoints", best)
    picture = trained / "pictures" / "a.png"
    assert translated(trained, picture, "--output", tmp_path / "best.png", of="run/best") == 0
    assert translated(trained, picture, "--output", tmp_path / "run.png", of="run") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "best.png"), pixels(tmp_path / "run.png"))
    shutil.rmtree(best)
    assert open_translator(trained / "model.keras").rules == PictureRules((16, 16), 1)
    assert open_translator(trained / "run").rules == PictureRules((16, 16), 1, "pad", "black")
    assert "pictures: " not in capsys.readouterr().out
    assert translated(trained, picture, "--output", tmp_path / "keras.png", of="model.keras") == 0
    assert capsys.readouterr().out.startswith("pictures: cropped, transparent ones on white: a file NAME.keras does ")
    assert np.abs(pixels(tmp_path / "keras.png").astype(int) - pixels(tmp_path / "run.png")).max() > 1


def test_dropout_is_keyed_by_the_seed_alone(trained: Path, tmp_path: Path) -> None:
    """A picture has one result for a seed, whatever is translated before it; without the flag it has but one."""
    folder = trained / "pictures"
    assert translated(trained, folder, "--test-dropout", "--seed", 1, "--output", tmp_path / "made", of="run") == 0
    first, same = (pixels(tmp_path / "made" / name).astype(int) for name in ("a.png", "deeper/turned.png"))
    np.testing.assert_array_equal(same, first)
    assert read_mark(tmp_path / "made" / "a.png")["seed"] == "1"
    others = []
    for seed in (None, 0, 1):
        translator = open_translator(trained / "run", seed)
        image = convert(Image.open(folder / "a.png"), translator.rules).pixels[None]
        hole = mask_of(Image.open(trained / "mask.png"), translator.rules)[None]
        others.append(translator.translate(image, hole)[0, ..., 0].astype(int))
    plain, other, again = others
    np.testing.assert_array_equal(again, first)
    assert min(np.abs(first - plain).max(), np.abs(other - first).max(), np.abs(other - plain).max()) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{pictures}/a.png",), "out takes a mask, white in the hole: give --mask."),
        (("{pictures}/notes.txt", "{mask}"), "notes.txt is damaged or no picture. Expected .png, .jpg or another"),
        (("{pictures}", "{pictures}/a.png", "{mask}"), "would both be written as a.png. Give one of them another name"),
        (("{empty}", "{mask}"), "empty has no pictures (.png, .jpg or another format that Pillow reads)."),
        (("nowhere.png", "{mask}"), "nowhere.png does not exist. Expected a picture, or a folder of pictures."),
        (("{mask-file}", "{other-mask}"), "must be as large as each picture. Received: a mask of 9x9 for"),
        (("{pictures}", "{mask}", "--output", "{made}.png"), "--output is NAME.png of one file alone"),
        (("{pictures}", "{mask}", "--output", "{pictures}"), "pictures is not empty. Choose another."),
        (
            ("{mask-file}", "{mask}", "--test-dropout"),
            "--test-dropout needs a run folder or a file NAME.keras: Drop",
        ),
        (("{mask-file}", "{mask}", "--seed", "3"), "--seed needs --test-dropout"),
        (("{mask-file}", "{mask}", "--test-dropout", "--seed", "-1"), "seed must be in 0..2**62"),
        (("{mask}",), "Expected TRANSLATOR PICTURES --output FOLDER"),
    ],
)
def test_what_is_refused_writes_nothing(
    arguments: tuple[str, ...], message: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "small.png")
    places = {
        "{mask}": f"--mask={trained / 'mask.png'}", "{other-mask}": f"--mask={tmp_path / 'small.png'}",
        "{mask-file}": trained / "mask.png", "{pictures}": trained / "pictures", "{empty}": tmp_path / "empty",
        "{made}": tmp_path / "made",
    }  # fmt: skip
    given = []
    for argument in arguments:
        for name, place in places.items():
            argument = argument.replace(name, str(place))
        given.append(argument)
    output = [] if "--output" in given else ["--output", tmp_path / "made"]
    assert message in refused(capsys, "translate", trained / "out", *given, *output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "small.png"]


def test_a_picture_that_fails_late_leaves_nothing(trained: Path, tmp_path: Path) -> None:
    """After 64 others, which had been written."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(65):
        Image.new("L", SIDES[::-1], number).save(folder / f"{number:02}.png")
    (folder / "65.png").write_bytes((folder / "00.png").read_bytes()[:40])
    with pytest.raises(InputError, match=r"65\.png is damaged or no picture"):
        translate_to(str(trained / "out"), [str(folder)], str(tmp_path / "made"), str(trained / "mask.png"))
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_generators_and_translators_are_told_apart(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = Path(__file__).parents[2] / "saved_models" / "pretrained" / "cgan_mnist"
    error = refused(capsys, "translate", generator, trained / "mask.png", "--output", tmp_path / "made")
    assert "makes images of latents, and no pictures of pictures: use generate.py." in error
    for of in ("out", "run"):
        error = refused(capsys, "generate", trained / of, "--output", tmp_path / "a.png")
        assert "makes no images of latents, but pictures of pictures: use translate.py." in error
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_is_not_taken_and_dropout_that_is_not_there(tmp_path: Path) -> None:
    model = Pix2Pix((8, 8, 3), (8, 8, 1), base_filters=2, dropout=0.0)
    model.compile()
    model.save(tmp_path / "model.keras")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    picture, out = [str(tmp_path / "a.png")], str(tmp_path / "made")
    with pytest.raises(InputError, match=r"model\.keras takes no mask: leave out mask\.$"):
        translate_to(str(tmp_path / "model.keras"), picture, out, mask=picture[0])
    with pytest.raises(InputError, match=r"^test_dropout=True: .* has no Dropout, so that a picture has one result\.$"):
        translate_to(str(tmp_path / "model.keras"), picture, out, test_dropout=True)


@pytest.mark.slow
def test_a_run_of_16_bits_answers_in_them(tmp_path: Path) -> None:
    """In the values of its data, with more than the 256 levels of an export."""
    y, x = np.mgrid[:16, :16]
    for number in range(24):
        for half in ("before", "after"):
            (tmp_path / "data" / half).mkdir(parents=True, exist_ok=True)
            values = 2000 + 1500 * np.sin(x / 5 + number) * np.cos(y / 7) * (1 if half == "before" else -1)
            Image.fromarray(values.astype(np.uint16)).save(tmp_path / "data" / half / f"{number:02}.png")
    data = ("--dataset", tmp_path / "data", "--source", "before", "--target", "after", "--levels", "0:4095")
    small = ("--base-filters", "4", "--initializer-stddev", "0.2", "--batch-size", "4", "--no-tensorboard")
    run = ("--run-dir", tmp_path / "run", "--export-dir", tmp_path / "out")
    assert call("train", "--model", "pix2pix", *data, *small, *run, "--epochs", "1", "--steps-per-epoch", "2") == 0
    picture = tmp_path / "data" / "before" / "03.png"
    for of in ("run", "out"):
        assert call("translate", tmp_path / of, picture, "--output", tmp_path / f"{of}.png") == 0
    deep, plain = pixels(tmp_path / "run.png").astype(int), pixels(tmp_path / "out.png").astype(int)
    source = np.asarray(Image.open(picture)).astype(np.float32) / 2047.5 - 1
    model = load_model(newest_of_run(tmp_path / "run"), Pix2Pix)
    expected = (np.asarray(model(source[None, ..., None]))[0, ..., 0] + 1) * 2047.5
    assert np.abs(deep - expected).max() <= 1
    assert len(np.unique(deep)) > len(np.unique(plain)) > 10
    assert np.abs(plain * 4095 / 255 - expected).max() < 4095 / 255 + 40  # whose source had 8 bits as well
    # A picture of 8 bits goes beside it.
    Image.fromarray(np.full((16, 16), 77, np.uint8)).save(tmp_path / "data" / "before" / "grey.png")
    assert call("translate", tmp_path / "run", tmp_path / "data" / "before", "--output", tmp_path / "all") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "all" / "03.png"), deep)
    level = np.full((1, 16, 16, 1), 77 / 127.5 - 1, np.float32)
    expected = (np.asarray(model(level))[0, ..., 0] + 1) * 2047.5
    assert np.abs(pixels(tmp_path / "all" / "grey.png").astype(int) - expected).max() <= 1


def test_max_pixels_comes_from_the_command_line_to_the_export(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(capsys, "export", trained / "run", "--format", "onnx", "--max-pixels", "5000")
    assert "--max-pixels does not go with --format onnx" in error
    given: dict[str, Any] = {}
    monkeypatch.setattr(exporting, "export_model", lambda *_, **settings: given.update(settings))
    assert call("export", trained / "run", "--export-dir", tmp_path / "out", "--max-pixels", "5000") == 0
    assert given["max_pixels"] == 5000
