"""Pairs, what is made of their sources, and what is got without learning."""

import builtins
import importlib.util
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfgan_suite.data.degradations import Degradation
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.looks import thick
from tfgan_suite.data.pairs import DegradedData, PairData, StoredPairs, degraded
from tfgan_suite.data.sources import load_images
from tfgan_suite.data.two_looks import in_two_looks
from tfgan_suite.errors import DivergenceError, InputError
from tfgan_suite.images import to_float
from tfgan_suite.metrics.absolute import l1_distance
from tfgan_suite.metrics.baselines import INPUT, MEAN, baselines
from tfgan_suite.metrics.catalogue import METRICS
from tfgan_suite.metrics.classes import label_accuracy
from tfgan_suite.metrics.extractors import Extractor, load_extractor
from tfgan_suite.metrics.kernel import kernel_distance
from tfgan_suite.metrics.peak_noise import psnr
from tfgan_suite.metrics.translation import (
    PAIR_METRICS,
    Translated,
    cannot,
    measure_pairs,
    pair_comparison,
    samples,
    translate_pairs,
)

needs_scikit_image = pytest.mark.skipif(
    importlib.util.find_spec("skimage") is None, reason="scikit-image is not installed: see the extra `restoration`"
)


@pytest.fixture(scope="module")
def few(small_digits: ImageData) -> ImageData:
    return small_digits.at(np.arange(130))


@pytest.fixture(scope="module")
def classifier() -> Extractor:
    return load_extractor("classifier", "digits")


def with_hole(data: ImageData, **settings: Any) -> DegradedData:
    return degraded(data, Degradation("mask", mask_kind="centre", mask_share=0.25, **settings))


def blank(source: np.ndarray, start: int) -> np.ndarray:
    return np.zeros((*source.shape[:3], 1), np.float32)


def targets_of(data: PairData) -> Any:
    """A translator that knows."""
    return lambda source, start: to_float(data.images[start : start + len(source)])


def test_sources_as_pictures(few: ImageData) -> None:
    """The mask becomes holes; what is left is the image, grey in the hole."""
    starts = []

    def translate(source: np.ndarray, start: int) -> np.ndarray:
        starts.append((start, source.shape))
        return blank(source, start)

    translated = translate_pairs(translate, with_hole(few))
    assert starts == [(0, (64, 8, 8, 2)), (64, (64, 8, 8, 2)), (128, (2, 8, 8, 2))]
    assert translated.holes is not None
    hole = np.zeros((8, 8), bool)
    hole[2:6, 2:6] = True
    assert (translated.holes == hole).all()
    assert (translated.sources[:, hole] == 128).all()
    np.testing.assert_array_equal(translated.sources[:, ~hole], few.images[:, ~hole])
    assert (translated.images == 128).all()


@pytest.mark.parametrize("kind", ["noise", "downscale"])
def test_sources_without_holes(kind: str, few: ImageData) -> None:
    data = degraded(few, Degradation(kind))
    translated = translate_pairs(lambda source, start: np.zeros((len(source), 8, 8, 1)), data)
    assert translated.holes is None
    np.testing.assert_array_equal(to_float(translated.sources), data.examples(130)[0])


def test_by_hand(few: ImageData) -> None:
    """One level of 16 is made wrong in the hole: inside 1/16 of the pixels, outside none."""
    data = with_hole(few)

    def almost(source: np.ndarray, start: int) -> np.ndarray:
        images = to_float(data.images[start : start + len(source)]).numpy()
        images[:, 3, 3] += np.where(images[:, 3, 3] > 0, -1, 1) * 51 / 127.5
        return images

    found = measure_pairs(almost, data, ["l1", "psnr"])
    expected = {"l1": 0.4 / 64, "l1_inside": 0.4 / 16, "l1_outside": 0.0}
    expected |= {"psnr": 10 * np.log10(25 * 64), "psnr_inside": 10 * np.log10(25 * 16), "psnr_outside": 100.0}
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_translator_that_knows_has_the_best_of_all(few: ImageData, classifier: Extractor) -> None:
    data = with_hole(few)
    found = measure_pairs(targets_of(data), data, ["psnr", "l1", "kernel_distance", "label_accuracy"], classifier)
    worse = measure_pairs(blank, data, ["psnr", "l1", "kernel_distance", "label_accuracy"], classifier)
    assert (found["psnr"], found["l1"], found["l1_inside"]) == (100.0, 0.0, 0.0)
    assert found["label_accuracy"] > 0.9 > 0.3 > worse["label_accuracy"]
    assert found["kernel_distance"] < 0.05 * worse["kernel_distance"]


@pytest.mark.parametrize("look", [("inverted",), ("rotated", "inverted"), ("coloured",), ("thick", "inverted")])
def test_a_classifier_reads_another_look_as_it_was_before(look: tuple[str, ...], classifier: Extractor) -> None:
    """What knows keeps all of the truth's accuracy, which is that of plain images, or of thick ones; both ways."""
    few = load_images("digits").at(np.arange(130))  # of 32x32, whose strokes are wider than a pixel
    pairs = in_two_looks(few, look, halves=False).pairs()
    plain = thick(few.images) if "thick" in look else few.images
    read = label_accuracy(classifier(plain).logits.argmax(-1), few.labels)
    names = ["label_accuracy", "label_accuracy_kept", "kernel_distance"]
    found = measure_pairs(targets_of(pairs), pairs, names, classifier)
    assert (found["label_accuracy"], found["label_accuracy_kept"]) == (read, 1.0) and read > 0.8
    assert found["kernel_distance"] == kernel_distance(*[classifier(plain).features] * 2, subset_size=65)[0]
    turned = pairs.turned()
    back = measure_pairs(targets_of(turned), turned, names, classifier)
    assert back["label_accuracy"] == label_accuracy(classifier(few.images).logits.argmax(-1), few.labels) > 0.95
    assert back["label_accuracy_kept"] == 1.0
    # Half of the digits made of others: as much is kept.
    wrong = np.where(np.arange(130) % 2, np.arange(130), (np.arange(130) + 7) % 130)
    made = to_float(pairs.images[wrong]).numpy()
    half = measure_pairs(lambda source, first: made[first : first + len(source)], pairs, names, classifier)
    assert half["label_accuracy_kept"] == pytest.approx(half["label_accuracy"] / read, rel=1e-12)
    assert 0.4 < half["label_accuracy_kept"] < 0.7


def test_features_alone_are_of_images_in_their_look(few: ImageData) -> None:
    """A network that reads no classes has not learned from the data: it is given what is there."""
    general, pairs = load_extractor("general"), in_two_looks(few.at(np.arange(4)), ("inverted",), halves=False).pairs()
    made = samples(pairs.images, pairs.labels, general, pairs.look)
    np.testing.assert_array_equal(made.features, general(255 - few.images[:4]).features)


def test_features_are_the_extractors(few: ImageData, classifier: Extractor) -> None:
    data = with_hole(few)
    found = measure_pairs(blank, data, ["kernel_distance"], classifier)
    made = np.full_like(few.images, 128)
    features = [classifier(images).features for images in (few.images, made)]
    assert found["kernel_distance"] == kernel_distance(*features, subset_size=65)[0]


def test_emoji_in_all_tones_count_once() -> None:
    images = np.zeros((4, 4, 4, 3), np.uint8)
    names = ("a/261d-1f3fb", "a/261d-1f3fc", "a/261d-1f3fd", "a/1f600")
    data = StoredPairs(images, None, (), "emoji", sources=images, names=names)
    errors = np.array([10, 20, 30, 100]) / 127.5

    def translate(source: np.ndarray, start: int) -> np.ndarray:
        return source + errors[:, None, None, None].astype(np.float32)

    assert measure_pairs(translate, data, ["l1"]) == pytest.approx({"l1": (20 + 100) / 2 / 127.5}, rel=1e-6)
    measured = METRICS["l1"].measure(pair_comparison(translate_pairs(translate, data), data, None))
    assert measured[0].protocol["groups"] == 2 and "each counted once" in measured[0].protocol["uncertainty"]


def test_metrics_that_cannot_be_measured(few: ImageData, classifier: Extractor) -> None:
    data = with_hole(few)
    unlabelled = with_hole(ImageData(few.images, None, (), "none"))
    for names, pairs, extractor, message in (
        ("ssim", data, None, "windows of 11x11 pixels. Received: images of 8x8"),
        ("kernel_distance", data, None, "kernel_distance needs an extractor"),
        ("frechet_distance", data, classifier, "needs 2,000 images on each side, and there are 130"),
        ("label_accuracy", unlabelled, classifier, "label_accuracy needs an extractor that reads the classes"),
        ("recall", data, classifier, "recall is not measured of pairs"),
        ("path_length", data, classifier, "path_length is not measured of pairs"),
    ):
        with pytest.raises(InputError, match=message):
            measure_pairs(blank, pairs, [names], extractor)


def test_pair_metrics_are_in_the_catalogue(few: ImageData, classifier: Extractor) -> None:
    comparison = pair_comparison(translate_pairs(blank, with_hole(few)), with_hole(few), classifier)
    assert {name for name in PAIR_METRICS if cannot(comparison, name) is None} == set(PAIR_METRICS) - {
        "cycle",
        "frechet_distance",
    }


def test_images_that_are_none(few: ImageData) -> None:
    with pytest.raises(InputError, match=r"must have the targets' shape \(64, 8, 8, 1\)"):
        translate_pairs(lambda source, start: source, with_hole(few))
    with pytest.raises(DivergenceError, match="not finite"):
        translate_pairs(lambda source, start: blank(source, start) * np.nan, with_hole(few))


# ---- without learning ---------------------------------------------------------------------------


def of_sources(sources: np.ndarray, shape: tuple[int, int, int], holes: np.ndarray | None = None) -> Translated:
    return Translated(np.zeros((len(sources), *shape), np.uint8), sources, holes)


@pytest.mark.parametrize(
    ("source", "channels", "expected"),
    [
        ([9], 1, [9]),
        ([9], 3, [9, 9, 9]),
        ([9], 4, [9, 9, 9, 255]),
        ([200, 0, 0], 1, [60]),  # 200 times .299
        ([10, 20, 30, 255], 3, [10, 20, 30]),
        ([10, 20, 30, 0], 3, [255, 255, 255]),  # on white, as pictures are read
    ],
)
def test_the_input_in_the_targets_channels(source: list[int], channels: int, expected: list[int]) -> None:
    sources = np.broadcast_to(np.array(source, np.uint8), (2, 4, 4, len(source)))
    train = np.zeros((1, 4, 4, channels), np.uint8)
    copied = baselines(of_sources(sources, (4, 4, channels)), train, None)[INPUT]
    assert (copied.dtype, copied.shape) == (np.uint8, (2, 4, 4, channels))
    assert (copied == expected).all()


def test_sources_of_channels_that_no_picture_has_are_not_copied() -> None:
    sources = np.zeros((2, 4, 4, 2), np.uint8)
    assert set(baselines(of_sources(sources, (4, 4, 1)), np.zeros((1, 4, 4, 1), np.uint8), None)) == {MEAN}


def test_the_mean_target() -> None:
    train = np.array([[[[0], [10]]], [[[1], [250]]], [[[4], [250]]]], np.uint8)
    found = baselines(of_sources(np.zeros((5, 1, 2, 1), np.uint8), (1, 2, 1)), train, None)
    assert found[MEAN].tolist() == [[[[2], [170]]]] * 5


def test_a_smaller_image(few: ImageData) -> None:
    data = degraded(few, Degradation("downscale"))
    translated = translate_pairs(lambda source, start: np.zeros((len(source), 8, 8, 1)), data)
    found = baselines(translated, few.images, data.degradation)
    assert set(found) == {INPUT, MEAN, "bicubic"}
    np.testing.assert_array_equal(found[INPUT], translated.sources.repeat(2, 1).repeat(2, 2))
    with Image.fromarray(translated.sources[3, ..., 0]) as image:
        np.testing.assert_array_equal(found["bicubic"][3, ..., 0], image.resize((8, 8), Image.Resampling.BICUBIC))


def test_bicubic_of_colours() -> None:
    """Each channel by itself, in four as well."""
    sources = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 4)).astype(np.uint8)
    found = baselines(of_sources(sources, (10, 12, 4)), np.zeros((1, 10, 12, 4), np.uint8), Degradation("downscale"))
    apart = [
        baselines(of_sources(sources[..., i : i + 1], (10, 12, 1)), np.zeros((1, 10, 12, 1), np.uint8),
                  Degradation("downscale"))["bicubic"]
        for i in range(4)
    ]  # fmt: skip
    np.testing.assert_array_equal(found["bicubic"], np.concatenate(apart, -1))


def test_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the nine around a pixel, and at a corner of four, of which one counts four times and two twice."""
    source = np.array([[1, 9, 2], [8, 3, 7], [4, 6, 5]], np.uint8)[None, ..., None]
    refuse_scikit_image(monkeypatch)
    found = baselines(of_sources(source, (3, 3, 1)), source, Degradation("noise"))["median"]
    assert (found[0, 1, 1, 0], found[0, 0, 0, 0]) == (5, 3)  # 1 1 1 1 (3) 8 8 9 9


def refuse_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def no_scikit_image(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("skimage"):
            raise ImportError(name)
        return real_import(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", no_scikit_image)


@pytest.mark.parametrize(("kind", "method"), [("noise", "non-local means"), ("mask", "biharmonic")])
def test_without_scikit_image_a_line_says_how_to_install_it(
    kind: str, method: str, few: ImageData, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = degraded(few, Degradation(kind))
    translated = translate_pairs(blank, data)
    refuse_scikit_image(monkeypatch)
    assert method not in baselines(translated, few.images, data.degradation)
    told = capsys.readouterr().err
    assert told.startswith(f"{method} is left out of what is compared with: it is scikit-image's. Install it: pip")
    assert told.count("\n") == 1


@needs_scikit_image
def test_classical_methods_are_better_than_the_input() -> None:
    """A smooth picture with little structure: all are better, and known pixels stay."""
    y, x = np.mgrid[:32, :32] / 32
    picture = np.rint(127.5 + 100 * np.sin(3 * x + 2) * np.cos(4 * y))[None, ..., None].astype(np.uint8)
    data = ImageData(np.concatenate([picture, 255 - picture]), None, (), "smooth")
    for degradation in (Degradation("noise"), Degradation("mask"), Degradation("downscale")):
        pairs = degraded(data, degradation)
        translated = translate_pairs(lambda source, start: np.zeros((len(source), 32, 32, 1)), pairs)
        found = baselines(translated, data.images, degradation)
        ratios = {name: psnr(images, data.images).mean() for name, images in found.items()}
        assert all(value > ratios[INPUT] + 3 for name, value in ratios.items() if name not in (INPUT, MEAN)), ratios
        if translated.holes is not None:
            assert l1_distance(found["biharmonic"], data.images, ~translated.holes).max() == 0
            assert ratios["biharmonic"] > 40


@needs_scikit_image
def test_holes_that_cannot_be_filled_or_need_it_not_stay() -> None:
    sources = np.full((2, 6, 6, 1), 128, np.uint8)
    holes = np.stack([np.ones((6, 6), bool), np.zeros((6, 6), bool)])
    found = baselines(of_sources(sources, (6, 6, 1), holes), sources, Degradation("mask"))
    np.testing.assert_array_equal(found["biharmonic"], sources)
