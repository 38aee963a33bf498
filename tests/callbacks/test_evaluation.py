"""Metrics in the history, and the best checkpoint by them."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest
from shrunk import SHAPE, batches, shrunk_model, tiny_data

from tfgan_suite.callbacks.evaluation import Evaluation
from tfgan_suite.errors import InputError
from tfgan_suite.metrics.catalogue import METRICS
from tfgan_suite.metrics.extractors import Extractor
from tfgan_suite.metrics.frechet import frechet_distance

COUNT = 120
OF_LATENTS = [
    name
    for name, metric in METRICS.items()
    if name != "frechet_distance_infinity" and not {"pairs", "both_ways"} & {*metric.needs}
]


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    """Features and logits without any training."""
    images = keras.Input(SHAPE)
    features = keras.layers.Flatten(name="features")(images)
    return Extractor(keras.Model(images, keras.layers.Dense(3)(features)), "flat", "0")


def evaluation(extractor: Extractor, *metrics: str, **more: object) -> Evaluation:
    data = tiny_data(COUNT)
    return Evaluation(data.images, extractor, metrics, labels=data.labels, **more)  # type: ignore[arg-type]


def test_history_and_csv_have_the_numbers(extractor: Extractor, tmp_path: Path) -> None:
    model = shrunk_model("mlp_gan")
    callback = evaluation(extractor, "frechet_distance", "precision_recall", every=2)
    logger = keras.callbacks.CSVLogger(str(tmp_path / "h.csv"))
    history = model.fit(batches(), epochs=4, verbose=0, callbacks=[callback, logger]).history
    logger.csv_file.close()
    assert [math.isnan(value) for value in history["frechet_distance"]] == [True, False, True, False]
    assert history["frechet_distance"][3] == callback.measure()["frechet_distance"]
    header, *rows = (tmp_path / "h.csv").read_text().splitlines()
    assert {"frechet_distance", "precision", "recall"} <= set(header.split(",")) and len(rows) == 4


def test_the_number_is_that_of_the_samples(extractor: Extractor) -> None:
    model = shrunk_model("cgan")
    callback = evaluation(extractor, "frechet_distance", seed=7)
    callback.set_model(model)
    images = np.rint((model.generate(COUNT, seed=7) + 1) * 127.5).astype(np.uint8)
    expected = frechet_distance(extractor(tiny_data(COUNT).images).features, extractor(images).features)
    assert callback.measure()["frechet_distance"] == pytest.approx(expected, rel=1e-9)


def test_model_checkpoint_keeps_the_best(extractor: Extractor, tmp_path: Path) -> None:
    model = shrunk_model("mlp_gan")
    best = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.keras"), monitor="frechet_distance", mode="min", save_best_only=True
    )
    callback = evaluation(extractor, "frechet_distance")
    history = model.fit(batches(), epochs=3, verbose=0, callbacks=[callback, best]).history["frechet_distance"]
    callback.set_model(keras.saving.load_model(tmp_path / "best.keras"))
    assert callback.measure()["frechet_distance"] == pytest.approx(min(history), rel=1e-6)


@pytest.mark.parametrize("preset", ["cgan", "mlp_gan"])
@pytest.mark.parametrize("name", OF_LATENTS)
def test_every_metric_gives_the_names_it_says(name: str, preset: str, extractor: Extractor) -> None:
    if preset == "mlp_gan" and "labels" in METRICS[name].needs:
        pytest.skip("of labels")
    callback = evaluation(extractor, name, train=255 - tiny_data(COUNT).images, validation=tiny_data(COUNT).images // 2)
    callback.set_model(shrunk_model(preset))
    measured = callback.measure()
    assert tuple(measured) == METRICS[name].gives
    assert all(math.isfinite(value) for value in measured.values())


def test_classes_are_those_that_are_read_where_nothing_else_says(extractor: Extractor) -> None:
    callback = Evaluation(tiny_data(COUNT).images, extractor, ["class_shares"])
    callback.set_model(shrunk_model("mlp_gan"))
    assert callback.measure()["class_entropy"] >= 0


@pytest.mark.parametrize(
    ("name", "lack"),
    [
        ("label_accuracy", "label_accuracy needs labelled samples"),
        ("frechet_distance_infinity", "takes at least"),
        ("psnr", "psnr needs a target for each image"),
    ],
)
def test_what_a_metric_lacks_is_said(name: str, lack: str, extractor: Extractor) -> None:
    """Before anything is trained."""
    callback = Evaluation(tiny_data(COUNT).images, extractor, [name])
    model = shrunk_model("cgan")
    with pytest.raises(InputError, match=lack):
        model.fit(batches(), verbose=0, callbacks=[callback])
    assert int(model.step.numpy()) == 0


def test_images_that_are_not_finite_have_no_number(extractor: Extractor) -> None:
    callback = evaluation(extractor, "frechet_distance", "precision_recall")
    model = shrunk_model("mlp_gan")
    model.sampling_generator.set_weights([weight * np.nan for weight in model.sampling_generator.get_weights()])
    callback.set_model(model)
    assert all(math.isnan(value) for value in callback.measure().values())


@pytest.mark.parametrize(
    ("choices", "named"),
    [({"metrics": ["fid"]}, "Unknown metric"), ({"metrics": ["parzen_log_likelihood"], "every": 0}, "every must")],
)
def test_bad_choices(choices: dict[str, object], named: str, extractor: Extractor) -> None:
    with pytest.raises(InputError, match=named):
        Evaluation(tiny_data(COUNT).images, extractor, **choices)  # type: ignore[arg-type]
