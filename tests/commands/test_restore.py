"""A hole in a picture, filled by a generator: from a run, a file and an export."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from lanes import slow
from PIL import Image
from shrunk import shrunk_config, shrunk_model

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.commands.restore import judged_by, read_photo, searched_at
from tfgan_suite.commands.train import train
from tfgan_suite.images import read_mark, save_png
from tfgan_suite.objectives.losses import per_sample_mean

SIDE = 32  # of the digits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a conditional model, its export, a photo and a mask."""
    folder = tmp_path_factory.mktemp("restore")
    small = {"steps_per_epoch": 1, "tensorboard": False, "sample_count": 10}
    train(shrunk_config("cgan", run_dir=str(folder / "run"), export_dir=str(folder / "out"), **small))
    save_png(folder / "photo.png", np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 1)).astype(np.uint8))
    save_png(folder / "mask.png", centre(SIDE))
    return folder


def centre(side: int) -> np.ndarray:
    mask = np.zeros((side, side, 1), np.uint8)
    mask[side // 4 : -(side // 4), side // 4 : -(side // 4)] = 255
    return mask


def restored(folder: Path, generator: str, *flags: str, photo: str = "photo.png", mask: str = "mask.png") -> np.ndarray:
    """The picture that the command writes."""
    arguments = [str(folder / generator), str(folder / photo), "--mask", str(folder / mask)]
    arguments += ["--output", str(folder / "whole.png"), "--steps", "2", "--starts", "2", *flags]
    assert run(COMMANDS["restore"], arguments, "restore.py") == 0
    with Image.open(folder / "whole.png") as image:
        return np.asarray(image).reshape(image.height, image.width, -1)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)[..., None]


@pytest.mark.parametrize(
    ("generator", "prior"),
    [
        slow("run", "prior: 0.003 times the generator's loss by its discriminator"),
        slow("run/checkpoints/step_00000001.keras", "prior: 0.003 times the generator's loss by its discriminator"),
        ("out", "prior: 0.003 times the mean square of z; an export has no discriminator to ask"),
    ],
)
def test_known_pixels_stay_and_it_says_what_was_done(
    generator: str, prior: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = restored(folder, generator)
    hole = centre(SIDE)[..., 0] == 255
    np.testing.assert_array_equal(whole[~hole], pixels(folder / "photo.png")[~hole])
    assert not np.array_equal(whole[hole], pixels(folder / "photo.png")[hole])
    said = capsys.readouterr().out
    assert prior in said and "each number kept in [-3, 3]" in said
    assert "the best of 10" in said and f"wrote: {folder / 'whole.png'}" in said
    mark = read_mark(folder / "whole.png")
    assert mark["restored"] == "256 of 1024 pixels" and mark["generator"].startswith("cgan trained on digits")
    assert (mark["steps"], mark["seed"]) == ("2", "0")


def test_a_label_that_is_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    restored(folder, "out", "--label", "7")
    assert "label: 7\n" in capsys.readouterr().out
    assert read_mark(folder / "whole.png")["label"] == "7"


def test_a_photo_of_another_size_and_kind(folder: Path) -> None:
    """Twice as large, in colours: it is brought to the generator's form, and its mask with it."""
    large = np.repeat(pixels(folder / "photo.png").repeat(2, 0).repeat(2, 1), 3, -1)
    Image.fromarray(large).save(folder / "large.png")
    Image.fromarray(centre(2 * SIDE)[..., 0]).save(folder / "large_mask.png")
    image, hole = read_photo(folder / "large.png", folder / "large_mask.png", searched_at(str(folder / "out")))
    assert (image.shape, image.dtype) == ((SIDE, SIDE, 1), np.uint8)
    missing = hole != (centre(SIDE)[..., 0] == 255)
    assert not missing[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4].any()
    assert missing.sum() <= 4 * (SIDE // 2 + 1)  # a pixel more at the edge, of which the hole had a part
    assert restored(folder, "out", photo="large.png", mask="large_mask.png").shape == (SIDE, SIDE, 1)


def test_a_photo_of_another_shape_is_fitted_as_those_of_training(folder: Path) -> None:
    """Cropped to its middle: what lies beside it is gone, of the photo and of the mask."""
    wide = np.zeros((SIDE, SIDE + 8), np.uint8)
    wide[:, 4:-4] = 200
    mask = np.zeros_like(wide)
    mask[:, :4] = mask[8:12, 10:20] = 255
    for name, picture in (("wide.png", wide), ("wide_mask.png", mask)):
        Image.fromarray(picture).save(folder / name)
    image, hole = read_photo(folder / "wide.png", folder / "wide_mask.png", searched_at(str(folder / "run")))
    assert (image == 200).all()
    assert hole.sum() == 40 and hole[8:12, 6:16].all()


@pytest.mark.parametrize(("loss", "pairs"), [("non_saturating", False), ("relativistic", True)])
def test_the_discriminators_term(loss: str, pairs: bool) -> None:
    model = shrunk_model("cgan", loss=loss)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype(np.float32)
    labels = np.array([0, 1, 2], np.int32)
    logits = model.discriminator([images, labels], training=False)
    expected = -per_sample_mean(logits) if pairs else np.log1p(np.exp(-np.asarray(logits)[:, 0]))
    np.testing.assert_allclose(judged_by(model)(None, images, labels), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--output": "whole.jpg"}, "--output must be NAME.png"),
        ({"--output": "nowhere/whole.png"}, "does not exist"),
        ({"--label": "10"}, "must be in 0..9"),
        ({"--label": "1,2"}, "--label must be one label. Received: 1,2"),
        ({"--steps": "0"}, "--steps must be at least 1"),
        ({"--seed": "-1"}, "seed must be"),
        ({"--mask": "small.png"}, "The mask small.png is 4x4 pixels, photo.png is 32x32. Expected the same size"),
        ({"--mask": "black.png"}, "The mask must have a hole, and pixels that are known. Received: 0 of 1,024"),
        ({"--mask": "run/config.json"}, "is damaged or no picture"),
        ({"generator": "translator.keras"}, "makes pictures of pictures, and has no latents to search"),
        ({"generator": "photo.png"}, "no SavedModel"),
        ({"generator": "missing.keras"}, "does not exist"),
    ],
)
def test_refusals_in_one_line(
    changed: dict[str, str], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    if changed.get("generator") == "translator.keras":
        shrunk_model("pix2pix").save("translator.keras")
    Image.new("L", (4, 4), 255).save("small.png")
    Image.new("L", (SIDE, SIDE), 0).save("black.png")
    flags = {"--mask": "mask.png", "--output": "w.png", "--steps": "1"} | changed
    arguments: Sequence[str] = [flags.pop("generator", "out"), "photo.png"]
    assert run(COMMANDS["restore"], [*arguments, *(part for pair in flags.items() for part in pair)], "restore.py") == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1, error
    assert not Path("w.png").exists()
